import { holds } from "../../cond/evaluate";
import type { Env, Kind } from "../../cond/types";
import { zoneName } from "../../parts/format";
import type { Doc, Field } from "./api";

/** kinds is what conditions know the fields of each control as. */
export const kinds: Record<string, Kind> = {
  text: "text",
  multiline: "text",
  opinion: "text",
  serial: "text",
  time: "text",
  number: "number",
  rating: "number",
  formula: "number",
  money: "money",
  date: "date",
  datetime: "instant",
  switch: "bool",
  option: "option",
  post: "option",
  device: "option",
  link: "option",
  options: "options",
  person: "user",
  persons: "users",
  department: "dept",
  departments: "depts",
  place: "place",
  cascade: "place",
  rows: "rows",
};

/** envOf is what the conditions of a form are evaluated in, in the browser. */
export function envOf(fields: Field[], doc: Doc, me: string, now: number): Env {
  return {
    fields: (name) => doc[name],
    schema: (name) => {
      const [key, col] = name.split(".");
      const f = fields.find((x) => x.key === key);
      const g = col ? f?.fields?.find((x) => x.key === col) : f;
      return g && kinds[g.type];
    },
    now,
    zone: zoneName(),
    me: { id: me, dept: "", posts: [], roles: [], buildings: [] },
    under: (parent, dept) => parent === dept,
  };
}

/** seen says if a field is on the form now. */
export const seen = (f: Field, env: Env): boolean => !f.hidden && holds(f.visible, env);

/** asked says if a field must be filled in now. */
export const asked = (f: Field, env: Env): boolean =>
  f.required === true || (!!f.required_if && holds(f.required_if, env));
