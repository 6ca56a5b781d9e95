import { useQueryClient } from "@tanstack/react-query";
import { App, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { get, request } from "../../api/client";
import type { Text } from "../../api/types";
import { say } from "../../i18n";
import { useProblemText } from "../../parts/states";
import { type AppBody, type Detail, type Head, keys, putInApp, unused, useDocuments } from "./api";

/** NewFlow begins a flow on a form's records. */
export function NewFlow({
  form,
  title,
  app,
  close,
}: {
  form?: string;
  title?: Text;
  app?: string;
  close: () => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const go = useNavigate();
  const client = useQueryClient();
  const flows = useDocuments("flow").data;
  const forms = (useDocuments("form").data ?? []).filter((f) => f.current > 0);
  const [name, setName] = useState(title ? t("design.flowOf", { form: say(title) }) : "");
  const [on, setOn] = useState(form);
  const [busy, setBusy] = useState(false);
  const make = async () => {
    if (!on || !flows) return;
    setBusy(true);
    const key = unused(flows, "flow");
    const start = { id: "start", type: "start", name: { zh: "发起", en: "Start" }, fields: { "*": "w" } };
    try {
      await request("PUT", `/api/documents/flow/${key}/draft`, {
        rev: 0,
        body: { title: { zh: name.trim() }, form: on, nodes: [start] },
      });
      const home = app ?? (await appOf(on));
      if (home) await putInApp(home, { kind: "flow", key });
      await client.invalidateQueries({ queryKey: keys.all });
      void go(`/workbench/flows/${key}`);
    } catch (e) {
      void message.error(words(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t("design.newFlow")}
      onCancel={close}
      onOk={() => void make()}
      okButtonProps={{ loading: busy, disabled: !name.trim() || !on, id: "make-flow" }}
    >
      <div className="design-props">
        <Input
          id="flow-name"
          autoFocus
          maxLength={100}
          placeholder={t("design.flowName")}
          value={name}
          onChange={(e) => setName(e.target.value)}
          onPressEnter={() => void make()}
        />
        <Select
          placeholder={t("design.flowForm")}
          disabled={!!form}
          value={on}
          onChange={setOn}
          options={forms.map((f) => ({ value: f.key, label: say(f.title) || f.key }))}
        />
      </div>
    </Modal>
  );
}

/** appOf is the app a form is in: its flow belongs there too. */
async function appOf(form: string): Promise<string | undefined> {
  for (const h of await get<Head[]>("/api/documents?kind=app")) {
    const d = await get<Detail<AppBody>>(`/api/documents/app/${h.key}`);
    if (d.current?.body.documents.some((x) => x.kind === "form" && x.key === form)) return h.key;
  }
  return undefined;
}
