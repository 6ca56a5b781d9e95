import { useQueries } from "@tanstack/react-query";
import { Button, Segmented, Select } from "antd";
import { lazy, Suspense, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { get, post } from "../../api/client";
import { say } from "../../i18n";
import { Empty, Failed, Loading } from "../../parts/states";
import type { FormDef, FormOpen } from "./api";
import type { Drilled, Listing } from "./listing";
import { useGroupNames } from "./statnames";
import {
  type Axis,
  axisOf,
  buckets,
  type Cell,
  type Chart,
  charts,
  csv,
  type Dimension,
  dimensionsOf,
  grid,
  keyOf,
  measurable,
} from "./stats";
import { StatTable } from "./StatTable";
import "./stats.css";

const StatChart = lazy(() => import("./StatChart"));

/** most is how many groups of a dimension are drawn; the table has all. */
const most = 30;

interface Props {
  form: string;
  def: FormDef;
  listing: Listing;
  word: string;
  may: string[];
}

/** useDimensions also reads the definitions of linked forms; those one may not see are not offered. */
function useDimensions(def: FormDef): Dimension[] | undefined {
  const { t } = useTranslation();
  const forms = [
    ...new Set(def.fields.flatMap((f) => (f.type === "link" && !f.many && f.form ? [f.form] : []))),
  ].sort();
  const loaded = useQueries({
    queries: forms.map((f) => ({
      queryKey: ["form", f],
      queryFn: () => get<FormOpen>(`/api/forms/${f}`),
      retry: false,
      staleTime: 60_000,
    })),
  });
  const ready = loaded.every((l) => !l.isPending);
  const linked = new Map(forms.flatMap((f, i) => (loaded[i]?.data ? [[f, loaded[i].data.def]] : [])));
  if (!ready) return undefined;
  return dimensionsOf(
    def,
    linked as Map<string, FormDef>,
    {
      _created_at: t("lists.stats.createdAt"),
      _state: t("work.state"),
      _building: t("lists.stats.building"),
      _created_by: t("lists.stats.createdBy"),
    },
    say,
  );
}

/** Stats counts and measures the records of the list as it is filtered. */
export function Stats(props: Props) {
  const all = useDimensions(props.def);
  if (!all) return <Loading lines={8} />;
  const asked = props.listing.chart;
  const by = (asked?.by ?? []).filter((g) => all.some((d) => d.key === g.field)).slice(0, 2);
  const first = all.find((d) => d.type === "option") ?? all[0];
  const chart: Chart = {
    by: by.length > 0 ? by : first ? [{ field: first.key, bucket: first.dated ? "month" : undefined }] : [],
    measure: asked?.measure ?? { fn: "count" },
    kind: asked?.kind ?? "bar",
  };
  return (
    <div className="work-stats" id="stats">
      <Choose {...props} all={all} chart={chart} />
      <Result {...props} all={all} chart={chart} />
    </div>
  );
}

type Inner = Props & { all: Dimension[]; chart: Chart };

function Choose({ def, listing, all, chart }: Inner) {
  const { t } = useTranslation();
  const set = (patch: Partial<Chart>) => {
    const next = { ...chart, ...patch };
    if (next.kind === "heat" && next.by.length < 2) next.kind = "bar";
    if (next.kind === "pie" && next.by.length > 1) next.kind = "bar";
    listing.set({ chart: JSON.stringify(next) });
  };
  const put = (i: number, field: string | undefined) => {
    const by = [...chart.by];
    if (!field) by.splice(i, 1);
    else by[i] = { field, bucket: all.find((d) => d.key === field)?.dated ? "month" : undefined };
    set({ by });
  };
  const measures = [
    { value: "count", label: t("lists.stats.count") },
    ...measurable(def).flatMap((f) =>
      (["sum", "avg", "min", "max"] as const).map((fn) => ({
        value: `${fn} ${f.key}`,
        label: t(`lists.stats.${fn}`, { field: say(f.label) }),
      })),
    ),
  ];
  const dimension = (i: number) => {
    const g = chart.by[i];
    const dated = all.find((d) => d.key === g?.field)?.dated;
    return (
      <>
        <Select
          id={`stat-by-${i}`}
          allowClear={i > 0}
          showSearch={{ optionFilterProp: "label" }}
          placeholder={t("lists.stats.second")}
          value={g?.field}
          onChange={(v: string | undefined) => put(i, v)}
          options={all
            .filter((d) => d.key === g?.field || !chart.by.some((x) => x.field === d.key))
            .map((d) => ({ value: d.key, label: d.name }))}
        />
        {dated && (
          <Segmented
            value={g?.bucket ?? "day"}
            options={buckets.map((b) => ({ value: b, label: t(`lists.stats.bucket.${b}`) }))}
            onChange={(bucket) => set({ by: chart.by.map((x, n) => (n === i ? { ...x, bucket } : x)) })}
          />
        )}
      </>
    );
  };
  return (
    <div className="work-stat-bar">
      <span className="quiet">{t("lists.stats.by")}</span>
      {dimension(0)}
      {dimension(1)}
      <Select
        id="stat-measure"
        aria-label={t("lists.stats.measure")}
        value={chart.measure.field ? `${chart.measure.fn} ${chart.measure.field}` : "count"}
        onChange={(v: string) => {
          const [fn, field] = v.split(" ");
          set({ measure: { fn: fn as Chart["measure"]["fn"], field } });
        }}
        options={measures}
      />
      <Segmented
        id="stat-kind"
        value={chart.kind}
        options={charts.map((k) => ({
          value: k,
          label: t(`lists.stats.kind.${k}`),
          disabled: (k === "heat" && chart.by.length < 2) || (k === "pie" && chart.by.length > 1),
        }))}
        onChange={(kind) => set({ kind })}
      />
    </div>
  );
}

/** sums are what a table needs: the groups, each dimension by itself, and everything. */
const sums = (chart: Chart) => [
  chart.by,
  ...(chart.by.length > 1 ? chart.by.map((g) => [g]) : []),
  [] as Chart["by"],
];

function Result({ form, def, listing, word, may, all, chart }: Inner) {
  const { t } = useTranslation();
  const name = useGroupNames(all, t);
  const query = listing.query(word);
  const asked = useQueries({
    queries: sums(chart).map((by) => ({
      queryKey: ["aggregate", form, query, by, chart.measure],
      queryFn: () =>
        post<Cell[]>(`/api/forms/${form}/aggregate?${query.slice(1)}`, { by, measures: [chart.measure] }),
      staleTime: 10_000,
    })),
  });
  const failed = asked.find((q) => q.error);
  const money = def.fields.find((f) => f.key === chart.measure.field);
  const scale = money?.type === "money" || money?.result === "money" ? 100 : 1;
  const cells = useMemo(
    () =>
      asked.map((q) =>
        (q.data ?? []).map((c) => ({ ...c, values: c.values.map((v) => (v === null ? v : v / scale)) })),
      ),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the data are what changes
    [scale, ...asked.map((q) => q.data)],
  );
  if (failed) return <Failed error={failed.error} retry={() => asked.forEach((q) => void q.refetch())} />;
  if (asked.some((q) => q.isPending)) return <Loading lines={8} />;
  const groups = cells[0] ?? [];
  if (groups.length === 0) return <Empty>{t("lists.stats.none")}</Empty>;
  const dims = chart.by.map((g) => all.find((d) => d.key === g.field) as Dimension);
  const rows = axisOf(groups, 0, dims[0]?.dated ?? false);
  const columns = dims[1] && axisOf(groups, 1, dims[1].dated);
  const values = grid(groups, rows, columns);
  const words = (i: number, axis: Axis) =>
    axis.keys.map((k) => name(dims[i] as Dimension, chart.by[i]?.bucket, k.key, k.hidden));
  const rowNames = words(0, rows);
  const columnNames = columns ? words(1, columns) : [""];
  const total = (of: Cell[] | undefined, axis: Axis) =>
    axis.keys.map((k) => (of ?? []).find((c) => keyOf(c.keys[0], c.hidden?.[0]) === k.id)?.values[0] ?? null);
  const drill = (r: number | undefined, c: number | undefined) => {
    const one = (i: number, axis: Axis | undefined, n: number | undefined): Drilled[] => {
      const k = n === undefined ? undefined : axis?.keys[n];
      const g = chart.by[i];
      if (!k || !g) return [];
      const label = `${dims[i]?.name}：${(i === 0 ? rowNames : columnNames)[n ?? 0]}`;
      return [{ ...g, key: k.hidden ? null : k.key, hidden: k.hidden || undefined, label }];
    };
    listing.set({
      drill: JSON.stringify([...listing.drilled, ...one(0, rows, r), ...one(1, columns, c)].slice(-4)),
      tab: undefined,
    });
  };
  const field = money ? say(money.label) : "";
  const label = t(`lists.stats.${chart.measure.fn}`, { field });
  const totals = {
    rows: columns ? total(cells[1], rows) : undefined,
    columns: columns ? total(cells[2], columns) : undefined,
    all: cells.at(-1)?.[0]?.values[0] ?? null,
  };
  const save = () => {
    const head = [dims.map((d) => d.name).join(" / "), ...(columns ? columnNames : [label])];
    const table = [
      [...head, ...(columns ? [t("lists.stats.total")] : [])],
      ...values.map((r, i) => [rowNames[i] ?? "", ...r, ...(totals.rows ? [totals.rows[i] ?? null] : [])]),
      [t("lists.stats.total"), ...(totals.columns ?? []), totals.all],
    ];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv;charset=utf-8" }));
    link.download = `anlan-${form}-stats.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <>
      <section className="work-box">
        <h2>{label}</h2>
        <Suspense fallback={<Loading lines={6} />}>
          <StatChart
            kind={chart.kind}
            rows={rowNames.slice(0, most)}
            columns={columnNames.slice(0, most)}
            values={values.slice(0, most).map((r) => r.slice(0, most))}
            label={label}
            onPick={(r, c) => drill(r, columns ? c : undefined)}
          />
        </Suspense>
        {Math.max(rowNames.length, columnNames.length) > most && (
          <p className="quiet">{t("lists.stats.most", { n: most })}</p>
        )}
      </section>
      <StatTable
        head={dims[0]?.name ?? ""}
        label={label}
        rows={rowNames}
        columns={columns ? columnNames : undefined}
        values={values}
        totals={totals}
        shares={!columns && (chart.measure.fn === "count" || chart.measure.fn === "sum")}
        drill={drill}
      />
      {may.includes("export") && (
        <Button id="export-stats" onClick={save}>
          {t("lists.stats.csv")}
        </Button>
      )}
    </>
  );
}
