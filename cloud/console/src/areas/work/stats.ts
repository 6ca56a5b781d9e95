import type { Text } from "../../api/types";
import type { Field, FormDef } from "./api";

export interface Group {
  field: string;
  bucket?: string;
}

export interface Measure {
  fn: "count" | "sum" | "avg" | "min" | "max";
  field?: string;
}

export const charts = ["bar", "line", "pie", "heat"] as const;

/** Chart is how records are counted, measured and drawn. */
export interface Chart {
  by: Group[];
  measure: Measure;
  kind: (typeof charts)[number];
}

export interface Cell {
  keys: unknown[];
  values: (number | null)[];
  hidden?: boolean[] | null;
}

/** Dimension is what records can be grouped by; field is the one it reads, none for a record's own columns. */
export interface Dimension {
  key: string;
  name: string;
  type: string;
  field?: Field;
  dated: boolean;
}

export const buckets = ["day", "week", "month", "year"] as const;

const groupable = new Set([
  "option",
  "cascade",
  "switch",
  "rating",
  "person",
  "department",
  "post",
  "device",
  "date",
  "datetime",
]);

/** Words are what the record's own columns are called. */
export type Words = Record<"_created_at" | "_state" | "_building" | "_created_by", string>;

/** dimensionsOf lists what records of a form can be grouped by, the fields of the records they link to included. */
export function dimensionsOf(
  def: FormDef,
  linked: Map<string, FormDef>,
  words: Words,
  say: (t: Text | undefined) => string,
): Dimension[] {
  const own = (d: FormDef, through?: Field): Dimension[] =>
    d.fields
      .filter(
        (f) =>
          !f.hidden &&
          (groupable.has(f.type) || (through && f.type === "text" && (d.summary ?? []).includes(f.key))),
      )
      .map((f) => ({
        key: through ? `${through.key}.${f.key}` : f.key,
        name: through ? `${say(through.label)} › ${say(f.label)}` : say(f.label),
        type: f.type,
        field: f,
        dated: f.type === "date" || f.type === "datetime",
      }));
  const system = (through?: Field): Dimension[] =>
    (["_created_at", "_state", "_building", "_created_by"] as const)
      .filter((k) => !through || k === "_building")
      .map((k) => ({
        key: through ? `${through.key}.${k}` : k,
        name: through ? `${say(through.label)} › ${words[k]}` : words[k],
        type: k,
        dated: k === "_created_at",
      }));
  return [
    ...own(def),
    ...system(),
    ...def.fields
      .filter((f) => f.type === "link" && !f.many && !f.hidden)
      .flatMap((f) => {
        const there = linked.get(f.form ?? "");
        return there ? [...own(there, f), ...system(f)] : [];
      }),
  ];
}

/** measurable are the fields whose numbers can be added up. */
export const measurable = (def: FormDef) =>
  def.fields.filter((f) => !f.hidden && ["number", "money", "formula", "rating"].includes(f.type));

/** nameOf is one key for all groups that are the same. */
export const keyOf = (key: unknown, hidden: boolean | undefined) =>
  hidden ? "hidden" : key === null ? "none" : `k${String(key)}`;

/** Axis is the groups of one dimension in the order they are shown. */
export interface Axis {
  keys: { id: string; key: unknown; hidden: boolean }[];
  at: Map<string, number>;
}

/** axisOf puts dates in their order, everything else with the most first; what is empty or not visible comes last. */
export function axisOf(cells: Cell[], i: number, dated: boolean): Axis {
  const sums = new Map<string, { id: string; key: unknown; hidden: boolean; n: number }>();
  for (const c of cells) {
    const hidden = c.hidden?.[i] ?? false;
    const id = keyOf(c.keys[i], hidden);
    const had = sums.get(id) ?? { id, key: c.keys[i], hidden, n: 0 };
    had.n += c.values[0] ?? 0;
    sums.set(id, had);
  }
  const last = (x: { id: string }) => (x.id === "hidden" ? 2 : x.id === "none" ? 1 : 0);
  const keys = [...sums.values()].sort(
    (a, b) => last(a) - last(b) || (dated ? (String(a.key) < String(b.key) ? -1 : 1) : b.n - a.n),
  );
  return { keys, at: new Map(keys.map((k, n) => [k.id, n])) };
}

/** grid is the numbers of two axes, rows by columns. */
export function grid(cells: Cell[], rows: Axis, columns: Axis | undefined): (number | null)[][] {
  const out = rows.keys.map(() =>
    Array.from({ length: columns?.keys.length ?? 1 }, () => null as number | null),
  );
  for (const c of cells) {
    const r = rows.at.get(keyOf(c.keys[0], c.hidden?.[0])) ?? 0;
    const k = columns ? (columns.at.get(keyOf(c.keys[1], c.hidden?.[1])) ?? 0) : 0;
    const row = out[r];
    if (row) row[k] = c.values[0] ?? null;
  }
  return out;
}

/** csv is a table as a spreadsheet reads it; no text of it is ever a formula. */
export function csv(rows: (string | number | null)[][]): string {
  const cell = (v: string | number | null) => {
    if (v === null) return "";
    if (typeof v === "number") return String(v);
    return `"${(/^[=+\-@\t\r]/.test(v) ? `'${v}` : v).replaceAll('"', '""')}"`;
  };
  return `\ufeff${rows.map((r) => r.map(cell).join(",")).join("\r\n")}\r\n`;
}
