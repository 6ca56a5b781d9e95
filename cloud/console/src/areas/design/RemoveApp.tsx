import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { get, post } from "../../api/client";
import type { components } from "../../api/schema.gen";
import { language, say } from "../../i18n";
import { dateTime } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Loaded, useProblemText } from "../../parts/states";
import "./design.css";
import "./templates.css";
import "./templatewords";

export type Standing = components["schemas"]["WorkAppStanding"];

export const useStanding = (app: string) =>
  useQuery({
    queryKey: ["documents", "app", app, "standing"],
    queryFn: () => get<Standing>(`/api/apps/${app}/standing`),
    gcTime: 0,
    retry: false,
  });

const named = (parts: Standing["retire"]) =>
  (parts ?? []).map((p) => `“${say(p.title) || p.key}”`).join(language() === "en" ? ", " : "、");

/** RemoveApp says what removing an app does, and does it once its name is typed. */
export function RemoveApp({ app }: { app: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button danger id="remove-app" onClick={() => setOpen(true)}>
        {t("templates.remove")}
      </Button>
      {open && <Dialog app={app} close={() => setOpen(false)} />}
    </>
  );
}

function Dialog({ app, close }: { app: string; close: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const client = useQueryClient();
  const go = useNavigate();
  const query = useStanding(app);
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const s = query.data;
  const name = say(s?.title);
  const may = !!s && !s.shipped && s.open === 0;
  const remove = async () => {
    setBusy(true);
    try {
      await post(`/api/apps/${app}/remove`, { name: typed.trim() });
      void message.success(t("templates.removed", { name }));
      await client.invalidateQueries();
      void go("/workbench");
    } catch (e) {
      void message.error(words(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t("templates.removeOf", { name })}
      onCancel={close}
      onOk={() => void remove()}
      okText={t("templates.removeNow")}
      okButtonProps={{
        danger: true,
        id: "remove-now",
        loading: busy,
        disabled: !may || typed.trim() !== name,
      }}
    >
      <Loaded query={query}>{(x) => <Will s={x} />}</Loaded>
      {may && (
        <label>
          {t("templates.typeName", { name })}
          <Input
            id="type-name"
            autoComplete="off"
            value={typed}
            maxLength={200}
            onChange={(e) => setTyped(e.target.value)}
          />
        </label>
      )}
    </Modal>
  );
}

/** Will is what removing does, or why it cannot be done. */
function Will({ s }: { s: Standing }) {
  const { t } = useTranslation();
  if (s.shipped) return <p role="alert">{t("templates.shipped")}</p>;
  if (s.open > 0)
    return (
      <div role="alert" id="app-running">
        <p>{t("templates.blocked", { n: s.open })}</p>
        <ul className="template-list">
          {(s.running ?? []).map((x) => (
            <li key={x.instance}>
              <Link to={`/flows/${x.instance}`}>
                {say(x.flow_title)} · {x.summary || x.initiator.name}
              </Link>{" "}
              <span className="quiet">{dateTime(x.at)}</span>
            </li>
          ))}
        </ul>
      </div>
    );
  const forms = (s.retire ?? []).filter((p) => p.kind === "form");
  return (
    <>
      <p>{t("templates.removeWill")}</p>
      <ul className="template-list">
        <li>{t("templates.willRetire", { what: named(s.retire) })}</li>
        <li>{t("templates.willGrants", { n: s.grants })}</li>
        <li>{t("templates.willRecords", { n: s.records })}</li>
        {(s.stay ?? []).length > 0 && <li>{t("templates.willStay", { what: named(s.stay) })}</li>}
        <li>{t("templates.willBack")}</li>
      </ul>
      {s.records > 0 && (
        <p>
          {t("templates.exportFirst")}{" "}
          {forms.map((f) => (
            <Link key={f.key} to={`/forms/${f.key}`} className="template-standing">
              {say(f.title)}
            </Link>
          ))}
        </p>
      )}
    </>
  );
}

/** RemovedApp is the page of an app that was removed: what is left of it, and the way back. */
export function RemovedApp({ s }: { s: Standing }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const client = useQueryClient();
  const go = useNavigate();
  const [busy, setBusy] = useState(false);
  const restore = async () => {
    setBusy(true);
    try {
      await post(`/api/apps/${s.key}/restore`, {});
      await client.invalidateQueries();
      void message.success(t("templates.restored", { name: say(s.title) }));
      const form = (s.retire ?? []).filter((p) => p.kind === "form").at(-1);
      if (form) void go(`/workbench/forms/${form.key}?view=grants`);
    } catch (e) {
      void message.error(words(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Page
      title={
        <>
          <Link to="/workbench">{t("design.title")}</Link> / {say(s.title)}
        </>
      }
    >
      <div className="work-box" id="removed-app">
        <p>
          {t("templates.removedAt", { at: dateTime(s.removed ?? ""), what: named(s.retire), n: s.records })}
        </p>
        <p className="quiet">{t("templates.restoreAbout")}</p>
        <Button type="primary" id="restore-app" loading={busy} onClick={() => void restore()}>
          {t("templates.restore")}
        </Button>
      </div>
    </Page>
  );
}
