/** The condition language, twin of the server's package cond: its README tells the rules. */

export const kinds = [
  "text",
  "number",
  "money",
  "date",
  "instant",
  "bool",
  "option",
  "options",
  "user",
  "users",
  "dept",
  "depts",
  "place",
  "file",
  "rows",
] as const;
export type Kind = (typeof kinds)[number];

export type Op =
  | "and"
  | "or"
  | "not"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "between"
  | "in"
  | "not_in"
  | "contains"
  | "starts_with"
  | "empty"
  | "not_empty"
  | "before"
  | "after"
  | "same_day"
  | "within_last"
  | "within_next"
  | "self_or_sub"
  | "has_any"
  | "has_all"
  | "has_none"
  | "any_row"
  | "all_rows"
  | "no_row";

export type Scalar = string | number | boolean;
export type Me = "id" | "dept" | "posts" | "roles" | "buildings";

/** Operand is one side of a comparison: exactly one of the keys. */
export interface Operand {
  f?: string;
  v?: Scalar | Scalar[];
  now?: string;
  me?: Me;
  count?: string;
  sum?: string;
}

/** Expr is one condition; null stands for no condition, which always holds. */
export interface Expr {
  op: Op;
  args?: Expr[];
  l?: Operand;
  r?: Operand;
  lo?: Operand;
  hi?: Operand;
  rows?: string;
  where?: Expr;
}

/** Schema tells the kind of a field; a column of a sub-form is "rows.column". */
export type Schema = (field: string) => Kind | undefined;

export interface Person {
  id: string;
  dept: string;
  posts: string[];
  roles: string[];
  buildings: string[];
}

export interface Env {
  fields: (name: string) => unknown;
  schema: Schema;
  /** epoch milliseconds */
  now: number;
  /** IANA name */
  zone: string;
  me: Person;
  under: (parent: string, dept: string) => boolean;
}

export const maxDepth = 16;
export const maxNodes = 500;

const time: Op[] = [
  "before",
  "after",
  "same_day",
  "between",
  "within_last",
  "within_next",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "empty",
  "not_empty",
];
const amount: Op[] = ["eq", "ne", "lt", "le", "gt", "ge", "between", "in", "not_in", "empty", "not_empty"];
const id: Op[] = ["eq", "ne", "in", "not_in", "empty", "not_empty"];
const many: Op[] = ["has_any", "has_all", "has_none", "empty", "not_empty"];

/** ops are the operators a field of a kind may stand on the left of, as the server has them. */
export const ops: Record<Kind, Op[]> = {
  text: ["eq", "ne", "contains", "starts_with", "in", "not_in", "empty", "not_empty"],
  number: amount,
  money: amount,
  date: time,
  instant: time,
  bool: ["eq", "ne", "empty", "not_empty"],
  option: id,
  options: many,
  user: id,
  users: many,
  dept: ["self_or_sub", ...id],
  depts: many,
  place: ["self_or_sub", ...id],
  file: ["empty", "not_empty"],
  rows: ["any_row", "all_rows", "no_row", "empty", "not_empty"],
};

export const isId = (k: Kind) =>
  k === "text" || k === "option" || k === "user" || k === "dept" || k === "place";
export const isList = (k: Kind) => k === "options" || k === "users" || k === "depts" || k === "file";
export const isWhen = (k: Kind) => k === "date" || k === "instant";

/** single is the kind of one member of a list kind. */
export function single(k: Kind): Kind {
  return k === "options" ? "option" : k === "users" ? "user" : k === "depts" ? "dept" : k;
}

export type Shape = "group" | "not" | "one" | "many" | "range" | "none" | "for" | "rows";

/** shape is what an operator has besides its left side. */
export function shape(op: Op): Shape {
  switch (op) {
    case "and":
    case "or":
      return "group";
    case "not":
      return "not";
    case "in":
    case "not_in":
    case "has_any":
    case "has_all":
    case "has_none":
    case "self_or_sub":
      return "many";
    case "between":
      return "range";
    case "empty":
    case "not_empty":
      return "none";
    case "within_last":
    case "within_next":
      return "for";
    case "any_row":
    case "all_rows":
    case "no_row":
      return "rows";
  }
  return "one";
}

export const join = (rows: string, name: string) => (rows === "" ? name : `${rows}.${name}`);
