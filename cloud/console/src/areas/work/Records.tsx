import { Button, Input, Select } from "antd";
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { say } from "../../i18n";
import { dateTime } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Empty, Failed, Loaded, Loading } from "../../parts/states";
import { type FormDef, type FormRecord, useForm, useRecords, useUsable } from "./api";
import { FieldValue } from "./FieldValue";
import "./work.css";

/** Records is the list of a form's records that one may see. */
export function Records() {
  const { form = "" } = useParams();
  return <Loaded query={useForm(form)}>{(open) => <List key={form} form={form} def={open.def} />}</Loaded>;
}

const states = [
  "returned",
  "auditing",
  "planning",
  "repairing",
  "reviewing",
  "closed",
  "refused",
  "withdrawn",
];

/** conditionOf is the filter of the address, as the server takes it. */
function conditionOf(params: URLSearchParams): string {
  const args = ["_state", "level", "category"]
    .filter((f) => params.get(f))
    .map((f) => ({ op: "eq", l: { f }, r: { v: params.get(f) } }));
  if (args.length === 0) return "";
  return `&filter=${encodeURIComponent(JSON.stringify({ op: "and", args }))}`;
}

/** shown are the columns of a list: what names a record, then what people sort their work by. */
function shown(def: FormDef) {
  const wanted = [
    ...(def.summary ?? []),
    "level",
    "category",
    "place",
    "owner",
    "due_at",
    "point",
    "inspector",
  ];
  return wanted
    .map((k) => def.fields.find((f) => f.key === k))
    .filter((f) => f !== undefined)
    .slice(0, 6);
}

function List({ form, def }: { form: string; def: FormDef }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const [params, setParams] = useSearchParams();
  const [word, setWord] = useState(params.get("q") ?? "");
  const q = useDeferredValue(word.trim());
  const list = useRecords(form, conditionOf(params) + (q ? `&search=${encodeURIComponent(q)}` : ""));
  const may = useUsable().data?.find((u) => u.key === form)?.actions ?? [];
  const rows = (list.data?.pages ?? []).flatMap((p) => p.records ?? []);
  const columns = shown(def);
  const choose = (key: string, v: string | undefined) => {
    const p = new URLSearchParams(params);
    if (v) p.set(key, v);
    else p.delete(key);
    setParams(p, { replace: true });
  };
  const level = def.fields.find((f) => f.key === "level");
  const filtered = !!q || [...params.keys()].length > 0;
  return (
    <Page
      title={say(def.title)}
      about={list.data && t("work.total", { n: list.data.pages[0]?.total ?? 0 })}
      verbs={
        may.includes("create") && (
          <Button type="primary" id="new-record" onClick={() => void go(`/forms/${form}/new`)}>
            {t("work.report")}
          </Button>
        )
      }
    >
      <div className="work-filters">
        <Input.Search
          allowClear
          aria-label={t("work.search")}
          placeholder={t("work.search")}
          value={word}
          onChange={(e) => setWord(e.target.value)}
        />
        <Select
          allowClear
          placeholder={t("work.state")}
          value={params.get("_state") ?? undefined}
          onChange={(v: string | undefined) => choose("_state", v)}
          options={states.map((s) => ({ value: s, label: t(`work.states.${s}`) }))}
        />
        {level && (
          <Select
            allowClear
            placeholder={say(level.label)}
            value={params.get("level") ?? undefined}
            onChange={(v: string | undefined) => choose("level", v)}
            options={(level.options ?? []).map((o) => ({ value: o.id, label: say(o.label) }))}
          />
        )}
      </div>
      {list.data === undefined ? (
        list.error ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : (
          <Loading lines={8} />
        )
      ) : rows.length === 0 ? (
        <Empty>{t(filtered ? "work.noMatch" : "work.noRecords")}</Empty>
      ) : (
        <table className="work-table work-records" id="records">
          <thead>
            <tr>
              <th>{t("work.no")}</th>
              {columns.map((f) => (
                <th key={f.key}>{say(f.label)}</th>
              ))}
              <th>{t("work.state")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((r) => (
              <Row key={r.id} r={r} columns={columns} />
            ))}
          </tbody>
        </table>
      )}
      {list.hasNextPage && (
        <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
          {t("work.more")}
        </Button>
      )}
    </Page>
  );
}

function Row({ r, columns }: { r: FormRecord; columns: FormDef["fields"] }) {
  const { t } = useTranslation();
  const open = !["closed", "refused", "withdrawn"].includes(r.state ?? "");
  const late = open && r.due_at && Date.parse(r.due_at) < Date.now();
  return (
    <tr className={late ? "late" : ""}>
      <td className="work-no">{r.flow ? <Link to={`/flows/${r.flow}`}>{r.no || r.id}</Link> : r.no}</td>
      {columns.map((f) => (
        <td key={f.key}>
          <FieldValue field={f} value={r.doc[f.key]} />
        </td>
      ))}
      <td>
        {r.state ? t(`work.states.${r.state}`, { defaultValue: r.state }) : dateTime(r.created_at)}
        {late && <span className="work-late"> {t("work.overdue")}</span>}
      </td>
    </tr>
  );
}
