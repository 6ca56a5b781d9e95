import { useQueryClient } from "@tanstack/react-query";
import { App, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Problem, request } from "../../api/client";
import { say } from "../../i18n";
import { useProblemText } from "../../parts/states";
import { useDict } from "../work/api";
import { IconChoice } from "./AppIcon";
import { newItem } from "./checklist";
import { type Head, type Kind, keys, places, putInApp, saveApp, unused } from "./api";

/** begun is what a new document has beside its name. */
const begun = (kind: "form" | "dict" | "checklist", item: string) =>
  ({
    form: { fields: [] },
    dict: { items: [{ code: "c1", label: { zh: item } }] },
    checklist: { items: [newItem("i1", item)] },
  })[kind];

/** NewDocument begins a form, a dictionary, a checklist or an app: a name is all it takes. */
export function NewDocument({
  kind,
  heads,
  app,
  close,
}: {
  kind: Exclude<Kind, "flow" | "calendar">;
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
  const [icon, setIcon] = useState("office");
  const [about, setAbout] = useState("");
  const [busy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    const title = { zh: name.trim() };
    try {
      if (kind === "app")
        await saveApp(
          key,
          { title, ...(about.trim() && { description: { zh: about.trim() } }), icon, documents: [] },
          0,
        );
      else {
        const body = { title, ...begun(kind, t("design.newItem")) };
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
        {kind === "checklist" && (
          <Category
            taken={heads.map((h) => h.key)}
            choose={(code, label) => {
              setKey(code);
              setName(label);
            }}
          />
        )}
        <Input
          id="document-name"
          autoFocus
          maxLength={100}
          placeholder={t(`design.nameOf.${kind}`)}
          value={name}
          onChange={(e) => setName(e.target.value)}
          onPressEnter={() => name.trim() && void make()}
        />
        {kind === "app" && (
          <>
            <Input
              id="app-about"
              maxLength={500}
              placeholder={t("design.appAbout")}
              value={about}
              onChange={(e) => setAbout(e.target.value)}
            />
            <IconChoice value={icon} set={setIcon} />
          </>
        )}
        <details>
          <summary className="quiet">{t("design.code")}</summary>
          <Input value={key} maxLength={24} onChange={(e) => setKey(e.target.value)} />
          <p className="quiet">{t("design.codeAbout")}</p>
        </details>
      </div>
    </Modal>
  );
}

/** Category chooses what a new checklist is for: categories of hazards that have none yet. */
function Category({ taken, choose }: { taken: string[]; choose: (code: string, label: string) => void }) {
  const { t } = useTranslation();
  const { data } = useDict("hazard_category");
  const left = (data?.items ?? []).filter((i) => !i.retired && !taken.includes(i.code));
  return (
    <Select
      id="checklist-category"
      placeholder={t("design.checklistFor")}
      notFoundContent={t("design.checklistAll")}
      options={left.map((i) => ({ value: i.code, label: say(i.label) }))}
      onChange={(code: string, o) => choose(code, String((o as { label: string }).label))}
    />
  );
}
