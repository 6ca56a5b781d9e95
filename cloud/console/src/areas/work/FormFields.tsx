import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../../api/client";
import { say } from "../../i18n";
import { useSession } from "../../parts/session";
import type { Doc, Field } from "./api";
import { FieldInput } from "./FieldInput";
import { asked, envOf, seen } from "./visible";

/** problemsOf reads which fields the server complains of. */
export function problemsOf(error: unknown): Record<string, string> {
  const out: Record<string, string> = {};
  if (error instanceof Problem)
    for (const e of error.errors) {
      const m = /^body\.fields\.([a-z0-9_]+)/.exec(e.location ?? "");
      if (m?.[1]) out[m[1]] = e.message ?? "";
    }
  return out;
}

/** summaryOf says once what is said at the fields, or whatever else went wrong. */
export const summaryOf = (error: unknown, words: (e: unknown) => string): string =>
  error instanceof Problem && Object.keys(problemsOf(error)).length > 0 ? error.detail : words(error);

/** FormFields are the controls of those fields that may be written, as the conditions show them. */
export function FormFields({
  fields,
  write,
  doc,
  set,
  required = [],
  problems,
}: {
  fields: Field[];
  write: (f: Field) => boolean;
  doc: Doc;
  set: (key: string, v: unknown) => void;
  required?: string[];
  problems: Record<string, string>;
}) {
  const { t } = useTranslation();
  const { me } = useSession();
  const env = useMemo(() => envOf(fields, doc, me.id, Date.now()), [fields, doc, me.id]);
  return (
    <div className="work-form">
      {fields
        .filter((f) => f.type !== "section" && write(f) && seen(f, env))
        .map((f) => {
          const must = asked(f, env) || required.includes(f.key);
          return (
            <div
              key={f.key}
              className={f.width === 2 || f.type === "rows" ? "work-field wide" : "work-field"}
            >
              <label htmlFor={`f-${f.key}`}>
                {say(f.label)}
                {must && (
                  <span className="work-must" title={t("work.required")}>
                    *
                  </span>
                )}
              </label>
              <FieldInput field={f} id={`f-${f.key}`} value={doc[f.key]} set={(v) => set(f.key, v)} />
              {f.help?.zh && <p className="quiet">{say(f.help)}</p>}
              {problems[f.key] && (
                <p className="work-problem" role="alert">
                  {problems[f.key]}
                </p>
              )}
            </div>
          );
        })}
    </div>
  );
}
