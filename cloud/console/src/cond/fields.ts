import type { Text } from "../api/types";
import type { Names } from "./sentence";
import { isList, type Kind, type Operand, type Schema } from "./types";

/** Field is a field as the editor offers it. */
export interface Field {
  key: string;
  kind: Kind;
  label: Text;
  /** the choices of options, people, departments, places */
  options?: { id: string; label: Text }[];
  /** the columns of a sub-form */
  columns?: Field[];
}

export function schemaOf(fields: Field[]): Schema {
  const all = new Map<string, Kind>();
  for (const f of fields) {
    all.set(f.key, f.kind);
    for (const c of f.columns ?? []) all.set(`${f.key}.${c.key}`, c.kind);
  }
  return (name) => all.get(name);
}

export function find(fields: Field[], name: string): Field | undefined {
  const [key, column] = name.split(".");
  const f = fields.find((x) => x.key === key);
  return column === undefined ? f : f?.columns?.find((c) => c.key === column);
}

const text = (t: Text | undefined, lang: "zh-CN" | "en") => (lang === "en" && t?.en) || t?.zh || "";

/** namesOf lets the sentence speak in the labels of the form. */
export function namesOf(fields: Field[]): Names {
  return {
    field: (name, lang) => text(find(fields, name)?.label, lang),
    value: (name, v, lang) => text(find(fields, name)?.options?.find((o) => o.id === v)?.label, lang),
  };
}

/** Left is a left side the editor offers: a field, a count, or a sum. */
export interface Left {
  id: string;
  what: "f" | "count" | "sum";
  label: Text;
  operand: Operand;
  kind: Kind;
}

/** leftsOf are the left sides of a record, or of the rows of a sub-form. */
export function leftsOf(fields: Field[], inRows: boolean): Left[] {
  const out: Left[] = [];
  for (const f of fields) {
    if (inRows && f.kind === "rows") continue;
    out.push({ id: `f:${f.key}`, what: "f", label: f.label, operand: { f: f.key }, kind: f.kind });
    if (f.kind === "rows" || isList(f.kind))
      out.push({
        id: `count:${f.key}`,
        what: "count",
        label: f.label,
        operand: { count: f.key },
        kind: "number",
      });
    for (const c of f.columns ?? []) {
      if (inRows || (c.kind !== "number" && c.kind !== "money")) continue;
      const name = `${f.key}.${c.key}`;
      const label = {
        zh: `${f.label.zh} · ${c.label.zh}`,
        en: `${f.label.en || f.label.zh} · ${c.label.en || c.label.zh}`,
      };
      out.push({ id: `sum:${name}`, what: "sum", label, operand: { sum: name }, kind: c.kind });
    }
  }
  return out;
}
