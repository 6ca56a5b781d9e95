import { App, Button, Checkbox, Input, Select } from "antd";
import { useDeferredValue, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { useQueryClient } from "@tanstack/react-query";
import { request } from "../../api/client";
import { say } from "../../i18n";
import { dateTime } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Empty, Failed, Loaded, Loading, useProblemText } from "../../parts/states";
import { type Field, type FormDef, type FormRecord, useForm, useRecords, useUsable, workKeys } from "./api";
import { useCondFields } from "./condfields";
import { FieldValue } from "./FieldValue";
import { ImportDialog } from "./ImportDialog";
import { ListBar } from "./ListBar";
import { useListing } from "./listing";
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

/** shownFields are the columns of a list nobody has chosen columns for: what names a record, then what people sort their work by. */
function shownFields(def: FormDef): string[] {
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
  const there = wanted.filter((k, i) => wanted.indexOf(k) === i && def.fields.some((f) => f.key === k));
  const rest = def.fields.filter((f) => column(f) && !f.hidden && !there.includes(f.key)).map((f) => f.key);
  return (there.length > 0 ? there : rest).slice(0, 6);
}

/** column says if a field can be one: sub-forms and layout cannot. */
const column = (f: Field) => !["section", "divider", "description", "rows"].includes(f.type);

function List({ form, def }: { form: string; def: FormDef }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const listing = useListing();
  const [word, setWord] = useState(listing.search);
  const [importing, setImporting] = useState(false);
  const [chosen, setChosen] = useState<Map<string, FormRecord>>(new Map());
  const q = useDeferredValue(word.trim());
  const list = useRecords(form, listing.query(q));
  const may = useUsable().data?.find((u) => u.key === form)?.actions ?? [];
  const rows = (list.data?.pages ?? []).flatMap((p) => p.records ?? []);
  const fields = useCondFields(def.fields);
  const keys = listing.fields ?? shownFields(def);
  const columns = useMemo(
    () => keys.map((k) => def.fields.find((f) => f.key === k)).filter((f) => f !== undefined),
    [keys, def],
  );
  const exported = `/api/forms/${form}/export.xlsx?${listing.query(q).slice(1)}`;
  return (
    <Page
      title={say(def.title)}
      about={list.data && t("work.total", { n: list.data.pages[0]?.total ?? 0 })}
      verbs={
        <>
          {may.includes("import") && <Button onClick={() => setImporting(true)}>{t("lists.import")}</Button>}
          {may.includes("export") && (
            <Button id="export-records" href={exported} download>
              {t("lists.export")}
            </Button>
          )}
          {may.includes("create") && (
            <Button type="primary" id="new-record" onClick={() => void go(`/forms/${form}/new`)}>
              {t("work.report")}
            </Button>
          )}
        </>
      }
    >
      <ListBar
        form={form}
        def={def}
        fields={fields}
        listing={listing}
        keys={keys}
        standard={shownFields(def)}
        may={may}
      >
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
          value={listing.state}
          onChange={(v: string | undefined) => listing.set({ _state: v })}
          options={states.map((s) => ({ value: s, label: t(`work.states.${s}`) }))}
        />
      </ListBar>
      {list.data === undefined ? (
        list.error ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : (
          <Loading lines={8} />
        )
      ) : rows.length === 0 ? (
        <Empty>
          {t(
            listing.deleted ? "lists.noneDeleted" : listing.narrowed || q ? "work.noMatch" : "work.noRecords",
          )}
        </Empty>
      ) : (
        <Table
          {...{ form, rows, columns, listing, chosen, setChosen }}
          pick={may.includes("delete") || may.includes("export")}
        />
      )}
      {list.hasNextPage && (
        <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
          {t("work.more")}
        </Button>
      )}
      {chosen.size > 0 && (
        <Bulk
          form={form}
          chosen={chosen}
          clear={() => setChosen(new Map())}
          may={may}
          restore={listing.deleted}
        />
      )}
      {importing && <ImportDialog form={form} close={() => setImporting(false)} />}
    </Page>
  );
}

interface TableProps {
  form: string;
  rows: FormRecord[];
  columns: Field[];
  listing: ReturnType<typeof useListing>;
  chosen: Map<string, FormRecord>;
  setChosen: (m: Map<string, FormRecord>) => void;
  pick: boolean;
}

function Table({ form, rows, columns, listing, chosen, setChosen, pick }: TableProps) {
  const { t } = useTranslation();
  const every = rows.every((r) => chosen.has(r.id));
  const toggle = (r: FormRecord) => {
    const next = new Map(chosen);
    if (!next.delete(r.id)) next.set(r.id, r);
    setChosen(next);
  };
  const sortable = (key: string, name: string) => {
    const now = listing.sort === key ? "↑" : listing.sort === `-${key}` ? "↓" : "";
    return (
      <button
        type="button"
        className="work-sort"
        aria-label={`${name} ${now}`}
        onClick={() => listing.set({ sort: now === "↓" ? key : now === "↑" ? undefined : `-${key}` })}
      >
        {name} {now}
      </button>
    );
  };
  return (
    <table className="work-table work-records" id="records">
      <thead>
        <tr>
          {pick && (
            <th>
              <Checkbox
                aria-label={t("lists.all")}
                checked={every}
                indeterminate={!every && chosen.size > 0}
                onChange={() => setChosen(every ? new Map() : new Map(rows.map((r) => [r.id, r])))}
              />
            </th>
          )}
          <th>{t("work.no")}</th>
          {columns.map((f) => (
            <th key={f.key}>{sortable(f.key, say(f.label))}</th>
          ))}
          <th>{sortable("_state", t("work.state"))}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((r) => (
          <Row
            key={r.id}
            form={form}
            r={r}
            columns={columns}
            pick={pick}
            chosen={chosen.has(r.id)}
            toggle={toggle}
          />
        ))}
      </tbody>
    </table>
  );
}

function Row({
  form,
  r,
  columns,
  pick,
  chosen,
  toggle,
}: {
  form: string;
  r: FormRecord;
  columns: Field[];
  pick: boolean;
  chosen: boolean;
  toggle: (r: FormRecord) => void;
}) {
  const { t } = useTranslation();
  const open = !["closed", "refused", "withdrawn"].includes(r.state ?? "");
  const late = open && r.due_at && Date.parse(r.due_at) < Date.now();
  const to = r.flow && !r.deleted_at ? `/flows/${r.flow}` : `/forms/${form}/records/${r.id}`;
  return (
    <tr className={late ? "late" : ""}>
      {pick && (
        <td>
          <Checkbox aria-label={r.no || r.id} checked={chosen} onChange={() => toggle(r)} />
        </td>
      )}
      <td className="work-no">
        <Link to={to}>{r.no || r.id.slice(0, 8)}</Link>
        {r.flow && (
          <Link className="work-record-link" to={`/forms/${form}/records/${r.id}`}>
            {t("lists.record")}
          </Link>
        )}
      </td>
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

/** Bulk is what can be done with the chosen records; a deletion can be taken back at once. */
function Bulk({
  form,
  chosen,
  clear,
  may,
  restore,
}: {
  form: string;
  chosen: Map<string, FormRecord>;
  clear: () => void;
  may: string[];
  restore: boolean;
}) {
  const { t } = useTranslation();
  const { message, modal } = App.useApp();
  const client = useQueryClient();
  const words = useProblemText();
  const [busy, setBusy] = useState(false);
  const path = `/api/forms/${form}/records`;
  /** each does something to every record, and says how many it could not be done to. */
  const each = async (records: FormRecord[], one: (r: FormRecord) => Promise<FormRecord>) => {
    setBusy(true);
    const done: FormRecord[] = [];
    let why: unknown;
    for (const r of records)
      try {
        done.push(await one(r));
      } catch (e) {
        why = e;
      }
    setBusy(false);
    await client.invalidateQueries({ queryKey: workKeys.records(form) });
    if (why)
      void message.error(t("lists.failedSome", { n: records.length - done.length, why: words(why) }), 8);
    return done;
  };
  const bringBack = (records: FormRecord[]) =>
    each(records, (r) => request<FormRecord>("POST", `${path}/${r.id}/restore?rev=${r.rev}`)).then(
      (done) => done.length > 0 && void message.success(t("lists.restored")),
    );
  const remove = () =>
    modal.confirm({
      title: t("lists.removeAsk", { n: chosen.size }),
      okText: t("lists.remove"),
      okButtonProps: { danger: true, id: "remove-now" },
      cancelText: t("lists.cancel"),
      onOk: async () => {
        const done = await each([...chosen.values()], (r) =>
          request<FormRecord>("DELETE", `${path}/${r.id}?rev=${r.rev}`),
        );
        clear();
        if (done.length === 0) return;
        void message.success(
          <>
            {t("lists.removed", { n: done.length })}{" "}
            <Button size="small" id="undo-remove" onClick={() => void bringBack(done)}>
              {t("lists.undo")}
            </Button>
          </>,
          10,
        );
      },
    });
  const ids = { op: "in", l: { f: "_id" }, r: { v: [...chosen.keys()] } };
  return (
    <div className="work-bulk" role="toolbar">
      <strong>{t("lists.selected", { n: chosen.size })}</strong>
      {may.includes("export") && !restore && (
        <Button
          href={`/api/forms/${form}/export.xlsx?filter=${encodeURIComponent(JSON.stringify(ids))}`}
          download
        >
          {t("lists.exportSelected")}
        </Button>
      )}
      {may.includes("delete") &&
        (restore ? (
          <Button loading={busy} onClick={() => void bringBack([...chosen.values()]).then(clear)}>
            {t("lists.restore")}
          </Button>
        ) : (
          <Button danger id="remove-chosen" loading={busy} onClick={remove}>
            {t("lists.remove")}
          </Button>
        ))}
      <Button type="text" onClick={clear}>
        {t("lists.clear")}
      </Button>
    </div>
  );
}
