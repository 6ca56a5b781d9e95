import type { components } from "../api/schema.gen";
import type { Text } from "../api/types";
import type { Expr, Kind } from "../cond/types";

type Schemas = components["schemas"];

/** Doc is a record as it is filled in. */
export type Doc = Record<string, unknown>;

/** Choice is one option of a list. */
export interface Choice {
  id: string;
  label: Text;
  color?: string;
  retired?: boolean;
}

/** Field is one control. The conditions in it are trees the server's description cannot show. */
export type Field = Omit<
  Schemas["FormField"],
  "visible" | "required_if" | "read_only_if" | "fields" | "options"
> & {
  visible?: Expr | null;
  required_if?: Expr | null;
  read_only_if?: Expr | null;
  fields?: Field[];
  options?: Choice[] | null;
};

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
  photo: "file",
  video: "file",
  media: "file",
  file: "file",
  signature: "file",
  rows: "rows",
};
