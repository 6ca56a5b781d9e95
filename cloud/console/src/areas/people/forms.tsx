import { App, Button, Input, Modal } from "antd";
import type { FormInstance } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../../api/client";
import { useProblemText } from "../../parts/states";

/** useSubmit runs an act once at a time; what is wrong with a field lands at the field, the rest in a message. */
export function useSubmit(form?: FormInstance) {
  const { message } = App.useApp();
  const text = useProblemText();
  const [busy, setBusy] = useState(false);
  const submit = async (act: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    try {
      await act();
      return true;
    } catch (e) {
      const at = e instanceof Problem ? e.errors.filter((x) => x.location?.startsWith("body.")) : [];
      const known = at.filter((x) => form?.getFieldInstance(fieldOf(x.location)) !== undefined);
      form?.setFields(known.map((x) => ({ name: fieldOf(x.location), errors: [x.message ?? ""] })));
      if (known.length === 0) void message.error(text(e));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, submit };
}

/** fieldOf turns body.name.zh into the form's own path. */
function fieldOf(location = ""): (string | number)[] {
  return location
    .slice("body.".length)
    .split(/[.[\]]/)
    .filter(Boolean);
}

/** ShownOnce shows a secret that cannot be seen again. */
export function ShownOnce({
  title,
  lines,
  about,
  close,
}: {
  title: string;
  lines: string[];
  about?: string;
  close: () => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const copy = async () => {
    await navigator.clipboard?.writeText(lines.join("\n"));
    void message.success(t("people.copied"));
  };
  return (
    <Modal
      open
      title={title}
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      footer={[
        <Button key="copy" onClick={() => void copy()}>
          {t("people.copy")}
        </Button>,
        <Button key="done" type="primary" onClick={close}>
          {t("people.done")}
        </Button>,
      ]}
    >
      <p className="once-about">
        <strong>{t("people.once.title")}</strong> {about ?? t("people.once.about")}
      </p>
      <Input.TextArea className="once" readOnly autoSize value={lines.join("\n")} />
    </Modal>
  );
}
