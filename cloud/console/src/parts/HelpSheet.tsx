import { Modal } from "antd";
import { useTranslation } from "react-i18next";

const lines = [
  ["↑ ↓ / J K", "move"],
  ["A", "ack"],
  ["1 – 9", "phrase"],
  ["F", "false"],
  ["P P", "plan"],
  ["C", "claim"],
  ["S", "shelve"],
  ["O", "out"],
  ["Space", "mute"],
  ["Enter", "open"],
  ["/", "search"],
  ["[ ]", "lists"],
  ["B", "buildings"],
  ["Esc", "back"],
  ["?", "help"],
] as const;

/** HelpSheet is every key of the desk, on "?". */
export function HelpSheet({ open, close }: { open: boolean; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal open={open} onCancel={close} footer={null} title={t("desk.keys.title")} width={560}>
      <div className="sheet" id="help">
        {lines.map(([key, what]) => (
          <div key={what} style={{ display: "contents" }}>
            <span>
              <kbd>{key}</kbd>
            </span>
            <span>{t(`desk.keys.${what}`)}</span>
          </div>
        ))}
      </div>
    </Modal>
  );
}
