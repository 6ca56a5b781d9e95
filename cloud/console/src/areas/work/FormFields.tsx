import { type ComponentType, lazy, memo, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { Form } from "../../form/form";
import { useView } from "../../form/use";
import { say } from "../../i18n";
import type { Field } from "./api";
import { FieldInput } from "./FieldInput";
import { Rows } from "./Rows";
import { useWhere, Where } from "./stamp";

/** derived is what shows a value that the server makes of others, while those are being chosen. */
const derived: Record<string, ComponentType<{ form: Form }>> = {
  "risk.grade": lazy(async () => ({ default: (await import("../risks/Live")).Live })),
};

/** made says if a field's value is the server's own. */
const made = (f: Field) => !!f.derive && !f.propose;

function Derived({ form, field: f }: { form: Form; field: Field }) {
  const Live = derived[f.derive ?? ""];
  return (
    Live && (
      <Suspense>
        <Live form={form} />
      </Suspense>
    )
  );
}

/** FormFields are the controls of those fields that may be written, as the conditions show them. */
export function FormFields({ form, write }: { form: Form; write: (f: Field) => boolean }) {
  const { fields } = form;
  const inSection = (i: number) => {
    const rest = fields.slice(i + 1);
    const end = rest.findIndex((f) => f.type === "section");
    return (end < 0 ? rest : rest.slice(0, end)).some((f) => data(f) && write(f));
  };
  const where = useWhere(form);
  return (
    <Where.Provider value={where}>
      <div className="work-form">
        {fields.map((f, i) =>
          f.type === "section" || f.type === "description" || f.type === "divider" ? (
            (f.type === "section" ? inSection(i) : write(f)) && <Words key={f.key} form={form} field={f} />
          ) : made(f) ? (
            <Derived key={f.key} form={form} field={f} />
          ) : write(f) ? (
            <Control key={f.key} form={form} field={f} />
          ) : null,
        )}
      </div>
    </Where.Provider>
  );
}

const data = (f: Field) => !["section", "description", "divider"].includes(f.type);

function Words({ form, field: f }: { form: Form; field: Field }) {
  if (!useView(form, f.key).seen) return null;
  if (f.type === "divider") return <hr className="work-wide" />;
  if (f.type === "description") return <p className="quiet work-wide">{say(f.text)}</p>;
  return <h3 className="work-wide work-heading">{say(f.label)}</h3>;
}

/** reveal moves to the first of some controls, so that nobody has to look for it. */
export function reveal(paths: string[]) {
  const key = paths[0]?.split(/[/[]/)[0];
  const there = key && document.getElementById(`f-${key}`)?.closest(".work-field");
  if (!(there instanceof HTMLElement)) return;
  there.scrollIntoView({ block: "center" });
  there.querySelector<HTMLElement>("input, textarea, button")?.focus({ preventScroll: true });
}

const Control = memo(function Control({ form, field: f }: { form: Form; field: Field }) {
  const { t } = useTranslation();
  const v = useView(form, f.key);
  if (!v.seen) return null;
  return (
    <div
      className={f.width === 2 || f.type === "rows" ? "work-field wide" : "work-field"}
      data-control={f.key}
    >
      <label htmlFor={`f-${f.key}`}>
        {say(f.label)}
        {v.must && (
          <span className="work-must" title={t("work.required")}>
            *
          </span>
        )}
      </label>
      {f.type === "rows" ? (
        <Rows form={form} field={f} />
      ) : (
        <FieldInput
          field={f}
          id={`f-${f.key}`}
          value={v.value}
          set={(x) => form.set(f.key, x)}
          fill={(patch) => form.fill(patch)}
        />
      )}
      {say(f.help) && <p className="quiet">{say(f.help)}</p>}
      {v.problem && (
        <p className="work-problem" role="alert">
          {v.problem}
        </p>
      )}
    </div>
  );
});
