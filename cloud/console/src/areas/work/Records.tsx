import { Button, Checkbox, Input, Segmented, Select } from "antd";
import { lazy, Suspense, useDeferredValue, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { say } from "../../i18n";
import { minute } from "../../parts/format";
import { Page } from "../../parts/Page";
import { useSpelled } from "../../parts/pinyin";
import { Empty, Failed, Loaded, Loading } from "../../parts/states";
import {
  type Field,
  type FormOpen,
  type FormRecord,
  type FormDef,
  type Standing,
  useDirectory,
  useForm,
  useRecords,
  useUsable,
} from "./api";
import { Bulk } from "./Bulk";
import { useCondFields } from "./condfields";
import { FieldValue } from "./FieldValue";
import { ImportDialog } from "./ImportDialog";
import { ListBar } from "./ListBar";
import { useListing } from "./listing";
import { StandingValue, standingFields } from "./Standing";
import "./work.css";

const Stats = lazy(async () => ({ default: (await import("./Stats")).Stats }));

/** Records is the list of a form's records that one may see. */
export function Records() {
  const { form = "" } = useParams();
  return <Loaded query={useForm(form)}>{(open) => <List key={form} form={form} open={open} />}</Loaded>;
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

function List({ form, open: { def, nodes } }: { form: string; open: FormOpen }) {
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
  const extra = standingFields(t, nodes);
  const fits = useSpelled();
  const people = useDirectory().data?.people ?? [];
  const columns = useMemo(
    () => keys.map((k) => [...def.fields, ...extra].find((f) => f.key === k)).filter((f) => f !== undefined),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the extra columns follow the form
    [keys, def],
  );
  const standing = Object.assign({}, ...(list.data?.pages ?? []).map((p) => p.standing)) as Record<
    string,
    Standing
  >;
  const told = columns.some((f) => f.key.startsWith("_"));
  const exported = `/api/forms/${form}/export.xlsx?${listing.query(q).slice(1)}${told ? "&fields=_standing" : ""}`;
  return (
    <Page
      title={say(def.title)}
      about={list.data && t("work.total", { n: list.data.pages[0]?.total ?? 0 })}
      verbs={
        <>
          {!listing.deleted && (
            <Segmented
              id="list-or-stats"
              value={listing.stats ? "stats" : "list"}
              onChange={(v) => listing.set({ tab: v === "stats" ? v : undefined })}
              options={(["list", "stats"] as const).map((v) => ({ value: v, label: t(`lists.tab.${v}`) }))}
            />
          )}
          {may.includes("import") && <Button onClick={() => setImporting(true)}>{t("lists.import")}</Button>}
          {may.includes("export") && (
            <Button id="export-records" href={exported} download>
              {t("lists.export")}
            </Button>
          )}
          {may.includes("create") && (
            <Button type="primary" id="new-record" onClick={() => void go(`/forms/${form}/new`)}>
              {t(extra.length > 0 ? "work.report" : "lists.add")}
            </Button>
          )}
        </>
      }
    >
      <ListBar
        form={form}
        def={def}
        extra={extra}
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
        {extra.length > 0 && (
          <>
            <Select
              allowClear
              placeholder={t("work.state")}
              value={listing.state}
              onChange={(v: string | undefined) => listing.set({ _state: v })}
              options={states.map((s) => ({ value: s, label: t(`work.states.${s}`) }))}
            />
            <Select
              allowClear
              id="at-node"
              placeholder={t("lists.at")}
              value={listing.node}
              onChange={(v: string | undefined) => listing.set({ node: v })}
              options={(nodes ?? []).map((n) => ({ value: n.node, label: say(n.name) }))}
            />
            <Select
              allowClear
              showSearch={{ filterOption: (w, o) => fits(o?.label ?? "", w) }}
              id="with-person"
              placeholder={t("lists.withWhom")}
              value={listing.handler}
              onChange={(v: string | undefined) => listing.set({ handler: v })}
              options={people.map((p) => ({ value: p.id, label: p.name }))}
            />
          </>
        )}
      </ListBar>
      {listing.stats ? (
        <Suspense fallback={<Loading lines={8} />}>
          <Stats form={form} def={def} listing={listing} word={q} may={may} />
        </Suspense>
      ) : list.data === undefined ? (
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
          due={def.roles?.due}
          flows={extra.length > 0}
          {...{ form, rows, columns, standing, listing, chosen, setChosen }}
          pick={may.includes("delete") || may.includes("export")}
        />
      )}
      {list.hasNextPage && !listing.stats && (
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
  /** the field that says until when */
  due?: string;
  /** flows run on the records */
  flows: boolean;
  rows: FormRecord[];
  columns: Field[];
  standing: Record<string, Standing>;
  listing: ReturnType<typeof useListing>;
  chosen: Map<string, FormRecord>;
  setChosen: (m: Map<string, FormRecord>) => void;
  pick: boolean;
}

function Table({ form, due, flows, rows, columns, standing, listing, chosen, setChosen, pick }: TableProps) {
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
            <th key={f.key}>{f.key.startsWith("_") ? say(f.label) : sortable(f.key, say(f.label))}</th>
          ))}
          <th>{flows ? sortable("_state", t("work.state")) : t("lists.created")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((r) => (
          <Row
            key={r.id}
            form={form}
            r={r}
            columns={columns}
            due={due}
            at={standing[r.flow ?? ""]}
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
  due,
  r,
  columns,
  at,
  pick,
  chosen,
  toggle,
}: {
  form: string;
  due: string | undefined;
  r: FormRecord;
  columns: Field[];
  at: Standing | undefined;
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
          {f.key.startsWith("_") ? (
            <StandingValue column={f.key} at={at} />
          ) : (
            <FieldValue field={f} value={r.doc[f.key]} due={f.key === due} none="—" />
          )}
        </td>
      ))}
      <td>
        {r.state ? t(`work.states.${r.state}`, { defaultValue: r.state }) : minute(r.created_at)}
        {late && <span className="work-late"> {t("work.overdue")}</span>}
      </td>
    </tr>
  );
}
