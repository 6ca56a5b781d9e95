import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { get, Problem, request } from "../../api/client";
import type { components } from "../../api/schema.gen";
import { say } from "../../i18n";
import { dateTime } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Empty, Loaded, useProblemText } from "../../parts/states";
import { type Field, type FormDef, type FormRecord, useUsable, workKeys } from "./api";
import { AlarmsOfRecord } from "./AlarmLinks";
import { FieldValue, Values } from "./FieldValue";
import { sendable, useFilling } from "./filling";
import { FormFields, reveal } from "./FormFields";
import { PrintButton } from "./Paper";
import { problemsOf, summaryOf } from "./problems";
import "./work.css";

type Schemas = components["schemas"];
type Detail = Omit<Schemas["RecordDetail"], "def" | "record"> & { def: FormDef; record: FormRecord };

const key = (form: string, id: string) => ["record", form, id] as const;

/** RecordPage is one record: what it holds, how it came to that, and the flows on it. */
export function RecordPage() {
  const { form = "", id = "" } = useParams();
  const query = useQuery({
    queryKey: key(form, id),
    queryFn: () => get<Detail>(`/api/forms/${form}/records/${id}`),
  });
  return <Loaded query={query}>{(d) => <Sheet key={d.record.rev} form={form} d={d} />}</Loaded>;
}

function Sheet({ form, d }: { form: string; d: Detail }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const go = useNavigate();
  const client = useQueryClient();
  const words = useProblemText();
  const [editing, setEditing] = useState(false);
  const may = useUsable().data?.find((u) => u.key === form)?.actions ?? [];
  const { record: r, def } = d;
  const named = (def.summary ?? []).map((k) => r.doc[k]).find((v): v is string => typeof v === "string");
  const remove = () =>
    request("DELETE", `/api/forms/${form}/records/${r.id}?rev=${r.rev}`).then(
      () => {
        void client.invalidateQueries({ queryKey: workKeys.records(form) });
        void go(`/forms/${form}`);
      },
      (e: unknown) => void message.error(words(e)),
    );
  return (
    <Page
      title={named ?? say(def.title)}
      about={
        <>
          <Link to={`/forms/${form}`}>{say(def.title)}</Link> · {r.no} ·{" "}
          {t("lists.madeBy", { who: r.created_name, when: dateTime(r.created_at) })} ·{" "}
          {t("lists.version", { n: r.version })}
        </>
      }
      verbs={
        !editing && (
          <>
            <PrintButton
              title={def.title}
              record={r}
              fields={def.fields}
              due={def.roles?.due}
              flow={d.flows?.[0]?.instance}
            />
            {may.includes("edit") && (
              <Button id="edit-record" onClick={() => setEditing(true)}>
                {t("lists.edit")}
              </Button>
            )}
            {may.includes("delete") && (
              <Popconfirm title={t("lists.removeAsk", { n: 1 })} onConfirm={remove}>
                <Button danger>{t("lists.remove")}</Button>
              </Popconfirm>
            )}
          </>
        )
      }
    >
      <div className="work-split">
        <div className="work-main">
          {editing ? (
            <Edit form={form} d={d} close={() => setEditing(false)} />
          ) : (
            <section className="work-box">
              <Values
                fields={def.fields}
                doc={r.doc}
                shown={(f) => !(f.hidden && f.read_only)}
                due={def.roles?.due}
              />
            </section>
          )}
          <AlarmsOfRecord form={form} record={r.id} />
          <Log d={d} />
        </div>
        <aside className="work-box">
          <h2>{t("lists.flows")}</h2>
          {(d.flows ?? []).map((f) => (
            <p key={f.instance}>
              <Link to={`/flows/${f.instance}`}>{say(f.flow_title)}</Link> {t(`work.status.${f.status}`)}
              {(f.handlers ?? []).length > 0 &&
                ` · ${t("work.withWhom", { who: (f.handlers ?? []).map((h) => h.name).join("、") })}`}
            </p>
          ))}
          {(d.flows ?? []).length === 0 && <span className="quiet">—</span>}
        </aside>
      </div>
    </Page>
  );
}

function Edit({ form: id, d, close }: { form: string; d: Detail; close: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const words = useProblemText();
  const form = useFilling(d.def.fields, () => d.record.doc);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const write = (f: Field) => !f.read_only && f.type !== "serial" && f.type !== "formula";
  const save = async () => {
    setBusy(true);
    setError(undefined);
    const now = sendable(d.def.fields, form.doc);
    const was = sendable(d.def.fields, d.record.doc);
    const fields = Object.fromEntries(
      [...new Set([...Object.keys(now), ...Object.keys(was)])]
        .filter((k) => JSON.stringify(now[k]) !== JSON.stringify(was[k]))
        .map((k) => [k, now[k] ?? null]),
    );
    try {
      await request("PATCH", `/api/forms/${id}/records/${d.record.id}`, { rev: d.record.rev, fields });
      void message.success(t("lists.saved"));
      await client.invalidateQueries({ queryKey: key(id, d.record.id) });
      void client.invalidateQueries({ queryKey: workKeys.records(id) });
      close();
    } catch (e) {
      setError(e);
      form.complain(problemsOf(e));
      reveal(Object.keys(problemsOf(e)));
    } finally {
      setBusy(false);
    }
  };
  const stale = error instanceof Problem && error.status === 409;
  return (
    <section className="work-sheet">
      <FormFields form={form} write={write} />
      {error !== undefined && (
        <p className="work-problem" role="alert">
          {stale ? t("lists.changedElsewhere") : summaryOf(error, words)}{" "}
          {stale && (
            <Button
              size="small"
              onClick={() => void client.invalidateQueries({ queryKey: key(id, d.record.id) })}
            >
              {t("lists.reload")}
            </Button>
          )}
        </p>
      )}
      <div className="work-verdict">
        <Button type="primary" id="save-record" loading={busy} onClick={() => void save()}>
          {t("lists.save")}
        </Button>
        <Button onClick={close}>{t("lists.cancel")}</Button>
      </div>
    </section>
  );
}

/** Log is everything that was changed, by whom and when, from what to what. */
function Log({ d }: { d: Detail }) {
  const { t } = useTranslation();
  const lines = (d.log ?? []).slice().reverse();
  const field = (path: string) => d.def.fields.find((f) => f.key === path.split(/[.[]/)[0]);
  const value = (path: string, v: unknown) => {
    const f = field(path);
    if (v === undefined || v === null || v === "") return <span className="quiet">{t("lists.nothing")}</span>;
    if (path === "_state") return <>{t(`work.states.${String(v)}`, { defaultValue: short(v) })}</>;
    if (!f || path !== f.key) return <span className="work-text">{short(v)}</span>;
    if (Array.isArray(v) && ["photo", "video", "media", "file", "signature"].includes(f.type))
      return <>{t("lists.files", { n: v.length })}</>;
    if (f.type === "rows") return <>{t("lists.list", { n: Array.isArray(v) ? v.length : 0 })}</>;
    return <FieldValue field={f} value={v} />;
  };
  return (
    <section className="work-box" id="record-log">
      <h2>{t("lists.log")}</h2>
      {lines.length === 0 && <Empty>{t("lists.noLog")}</Empty>}
      <ol className="work-timeline">
        {lines.map((l) => (
          <li key={l.rev}>
            <time>{dateTime(l.at)}</time>
            <div>
              <strong>{t(`lists.actions.${l.action}`, { defaultValue: l.action })}</strong> ·{" "}
              {l.actor === "" ? t("lists.system") : l.actor_name}
              {l.action !== "create" && (
                <ul className="work-changes">
                  {(l.changes ?? [])
                    .filter((c) => c.path !== "_flow")
                    .map((c) => (
                      <li key={c.path}>
                        {say(field(c.path)?.label) || t(`work.${c.path.slice(1)}`, { defaultValue: c.path })}
                        ：{value(c.path, c.old)} → {value(c.path, c.new)}
                      </li>
                    ))}
                </ul>
              )}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

function short(v: unknown): string {
  const s = typeof v === "string" ? v : JSON.stringify(v);
  return s.length > 80 ? `${s.slice(0, 80)}…` : s;
}
