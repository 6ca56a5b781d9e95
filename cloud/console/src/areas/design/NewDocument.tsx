import { useQueryClient } from "@tanstack/react-query";
import { App, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Problem, request } from "../../api/client";
import { useProblemText } from "../../parts/states";
import { type Head, type Kind, keys, places, putInApp, saveApp, unused } from "./api";

/** NewDocument begins a form, a dictionary or an app: a name is all it takes. */
export function NewDocument({
  kind,
  heads,
  app,
  close,
}: {
  kind: Exclude<Kind, "flow">;
  heads: Head[];
  app?: string;
  close: () => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const go = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [key, setKey] = useState(unused(heads, kind));
  const [busy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    const title = { zh: name.trim() };
    try {
      if (kind === "app") await saveApp(key, { title, documents: [] }, 0);
      else {
        const body =
          kind === "form"
            ? { title, fields: [] }
            : { title, items: [{ code: "c1", label: { zh: t("design.newItem") } }] };
        await request("PUT", `/api/documents/${kind}/${key}/draft`, { rev: 0, body });
        if (app) await putInApp(app, { kind, key });
      }
      await client.invalidateQueries({ queryKey: keys.all });
      void go(`/workbench/${places[kind]}/${key}`);
    } catch (e) {
      void message.error(e instanceof Problem && e.status === 409 ? t("design.keyTaken") : words(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t(`design.new.${kind}`)}
      onCancel={close}
      onOk={() => void make()}
      okButtonProps={{ loading: busy, disabled: !name.trim(), id: "make-document" }}
    >
      <div className="design-props">
        <Input
          id="document-name"
          autoFocus
          maxLength={100}
          placeholder={t(`design.nameOf.${kind}`)}
          value={name}
          onChange={(e) => setName(e.target.value)}
          onPressEnter={() => name.trim() && void make()}
        />
        <details>
          <summary className="quiet">{t("design.code")}</summary>
          <Input value={key} maxLength={24} onChange={(e) => setKey(e.target.value)} />
          <p className="quiet">{t("design.codeAbout")}</p>
        </details>
      </div>
    </Modal>
  );
}
