import { Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useIncidentVerbs } from "./verbs";

/** NoteDialog asks for a reason before an act that is hard to take back. */
export function NoteDialog(props: {
  id: string;
  path: string;
  title: string;
  label: string;
  onEnd: () => void;
}) {
  const { t } = useTranslation();
  const verb = useIncidentVerbs(props.id);
  const [note, setNote] = useState("");
  return (
    <Modal
      open
      title={props.title}
      okText={t("common.ok")}
      cancelText={t("common.cancel")}
      confirmLoading={verb.isPending}
      okButtonProps={{ disabled: note.trim() === "" }}
      onCancel={props.onEnd}
      onOk={() => verb.mutate({ path: props.path, body: { note: note.trim() } }, { onSettled: props.onEnd })}
    >
      <Input.TextArea
        autoFocus
        maxLength={500}
        placeholder={props.label}
        value={note}
        onChange={(e) => setNote(e.target.value)}
      />
    </Modal>
  );
}
