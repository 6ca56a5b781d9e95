import type { Text } from "../../api/types";
import type { Choice, Field, FormDef } from "../work/api";

/** Body is a form's document as it is drafted. */
export type Body = Omit<FormDef, "key" | "version">;

/** Spot is where a field stands: at an index of the form, or of one of its sub-forms. */
export interface Spot {
  rows: string; // key of the sub-form, "" for the form itself
  index: number;
}

/** groups is the palette: every control, by what people look for. */
export const groups: { name: string; types: string[] }[] = [
  { name: "words", types: ["text", "multiline", "opinion", "number", "money", "rating"] },
  { name: "choice", types: ["option", "dropdown", "options", "switch", "cascade"] },
  { name: "time", types: ["date", "datetime", "time"] },
  { name: "people", types: ["person", "persons", "department", "departments", "post"] },
  { name: "where", types: ["place", "location", "device"] },
  { name: "files", types: ["photo", "video", "media", "file", "signature"] },
  { name: "more", types: ["rows", "link", "formula", "serial"] },
  { name: "layout", types: ["section", "description", "divider"] },
];

const wide = new Set(["multiline", "opinion", "rows", "media", "photo", "video", "section", "description"]);

/** keyFor is a key no field has had yet: the type and a number. Keys never come back for another field. */
export function keyFor(type: string, taken: Set<string>): string {
  for (let n = 1; ; n++) if (!taken.has(`${type}${n}`)) return `${type}${n}`;
}

/** keysOf are all keys in use at one level. */
export const keysOf = (fields: Field[]): Set<string> => new Set(fields.map((f) => f.key));

/** fresh is a new field of a control of the palette, ready to be published as it is. */
export function fresh(control: string, label: Text, taken: Set<string>): Field {
  const type = control === "dropdown" ? "option" : control;
  const f: Field = { key: keyFor(type, taken), type: type as Field["type"], label };
  if (type === "option") f.style = control === "dropdown" ? "select" : "buttons";
  if (wide.has(type)) f.width = 2;
  if (type === "option" || type === "options") f.options = [choice([], 1), choice([choice([], 1)], 2)];
  if (type === "serial") f.serial = "{yyyyMMdd}{seq:4}";
  if (type === "formula") f.formula = "0";
  if (type === "rows") f.fields = [{ key: "text1", type: "text", label: { zh: "内容", en: "Content" } }];
  if (type === "description") f.text = { zh: "说明文字", en: "Description" };
  if (type === "datetime") f.default = { now: "0m" };
  return f;
}

/** choice is the n-th new option of a list. */
export function choice(others: Choice[], n: number): Choice {
  const ids = new Set(others.map((o) => o.id));
  let i = 1;
  while (ids.has(`o${i}`)) i++;
  return { id: `o${i}`, label: { zh: `选项${n}`, en: `Option ${n}` } };
}

const fieldsAt = (b: Body, rows: string): Field[] =>
  rows === "" ? b.fields : (b.fields.find((f) => f.key === rows)?.fields ?? []);

function withFields(b: Body, rows: string, fields: Field[]): Body {
  if (rows === "") return { ...b, fields };
  return { ...b, fields: b.fields.map((f) => (f.key === rows ? { ...f, fields } : f)) };
}

/** insert puts a field where it is dropped. */
export function insert(b: Body, at: Spot, f: Field): Body {
  const fields = fieldsAt(b, at.rows).slice();
  fields.splice(at.index, 0, f);
  return withFields(b, at.rows, fields);
}

/** move takes a field to another index of its level. */
export function move(b: Body, rows: string, from: number, to: number): Body {
  const fields = fieldsAt(b, rows).slice();
  const [f] = fields.splice(from, 1);
  if (!f || to < 0 || to > fields.length) return b;
  fields.splice(to, 0, f);
  return withFields(b, rows, fields);
}

/** update changes the field of a path, "key" or "rows.key". A property of undefined is taken away. */
export function update(b: Body, path: string, patch: Partial<Field>): Body {
  const [first = "", second] = path.split(".");
  const rows = second === undefined ? "" : first;
  const key = second ?? first;
  return withFields(
    b,
    rows,
    fieldsAt(b, rows).map((f) => (f.key === key ? clean({ ...f, ...patch }) : f)),
  );
}

/** clean drops what is not set, so that a definition says only what somebody chose. */
export function clean<T extends object>(o: T): T {
  return Object.fromEntries(
    Object.entries(o).filter(
      ([, v]) => v !== undefined && v !== null && v !== "" && !(Array.isArray(v) && v.length === 0),
    ),
  ) as T;
}

/** find is the field of a path. */
export function find(b: Body, path: string): Field | undefined {
  const [first = "", second] = path.split(".");
  const f = b.fields.find((x) => x.key === first);
  return second === undefined ? f : f?.fields?.find((x) => x.key === second);
}

/** remove takes a field off the form. One that has been published is hidden, so that what records hold stays. */
export function remove(b: Body, path: string, published: boolean): Body {
  if (published) return update(b, path, { hidden: true, required: undefined });
  const [first = "", second] = path.split(".");
  const rows = second === undefined ? "" : first;
  const key = second ?? first;
  return withFields(
    b,
    rows,
    fieldsAt(b, rows).filter((f) => f.key !== key),
  );
}

/** duplicate puts a copy after a field, under a key of its own; it returns the copy's path too. */
export function duplicate(b: Body, path: string): [Body, string] {
  const f = find(b, path);
  const [first = "", second] = path.split(".");
  const rows = second === undefined ? "" : first;
  if (!f) return [b, path];
  const level = fieldsAt(b, rows);
  const copy = { ...structuredClone(f), key: keyFor(f.type, keysOf(level)) };
  const at = level.findIndex((x) => x.key === f.key) + 1;
  return [insert(b, { rows, index: at }, copy), rows ? `${rows}.${copy.key}` : copy.key];
}

/** pathOf reads which field a problem is at: "fields[3].fields[0].label" of a body. */
export function pathOf(b: Body, problem: string): string | undefined {
  const m = /^fields\[(\d+)\](?:\.fields\[(\d+)\])?/.exec(problem);
  const f = m && b.fields[Number(m[1])];
  if (!f) return undefined;
  const g = m[2] === undefined ? undefined : f.fields?.[Number(m[2])];
  return g ? `${f.key}.${g.key}` : f.key;
}
