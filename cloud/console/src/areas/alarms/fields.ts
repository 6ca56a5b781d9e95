import type { FormInstance } from "antd";
import { Problem } from "../../api/client";

/** showProblems puts the server's objections at their fields; it answers whether every one found its place. */
export function showProblems(form: FormInstance, error: unknown): boolean {
  if (!(error instanceof Problem) || error.errors.length === 0) return false;
  const fields = error.errors.map((e) => ({
    name: pathOf(e.location ?? ""),
    errors: [e.message ?? ""],
  }));
  form.setFields(fields);
  return fields.every((f) => form.getFieldInstance(f.name) !== undefined);
}

/** pathOf turns body.suppressed_by[0].rule into a form's path. */
export const pathOf = (location: string): (string | number)[] =>
  location
    .replace(/^body\./, "")
    .split(/[.[\]]+/)
    .filter(Boolean)
    .map((p) => (/^\d+$/.test(p) ? Number(p) : p));
