import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { Field } from "../areas/work/api";
import { useWhere, Where } from "../areas/work/stamp";
import { useChecklist } from "../form/checklist";
import { cell, type Form } from "../form/form";
import { useView } from "../form/use";
import { say } from "../i18n";
import { Input } from "./Input";

/** Fields are the controls that may be written, one under the other. */
export function Fields({ form, write }: { form: Form; write: (f: Field) => boolean }) {
  const { fields } = form;
  const leads = (i: number) => {
    const rest = fields.slice(i + 1);
    const end = rest.findIndex((f) => f.type === "section");
    return (end < 0 ? rest : rest.slice(0, end)).some(
      (f) => !["description", "divider"].includes(f.type) && write(f),
    );
  };
  const where = useWhere(form);
  return (
    <Where.Provider value={where}>
      {fields.map((f, i) =>
        f.type === "section" ? (
          leads(i) && <Heading key={f.key} form={form} field={f} />
        ) : f.type !== "divider" && write(f) ? (
          <Control key={f.key} form={form} field={f} />
        ) : null,
      )}
    </Where.Provider>
  );
}

function Heading({ form, field: f }: { form: Form; field: Field }) {
  return useView(form, f.key).seen ? <h2>{say(f.label)}</h2> : null;
}

/** reveal moves to the first of some controls. */
export function reveal(paths: string[]) {
  const key = paths[0]?.split(/[/[]/)[0];
  document.querySelector(`[data-control="${key}"]`)?.scrollIntoView({ block: "center", behavior: "smooth" });
}

const Control = memo(function Control({ form, field: f }: { form: Form; field: Field }) {
  const v = useView(form, f.key);
  if (!v.seen) return null;
  if (f.type === "description") return <p className="p-about">{say(f.text)}</p>;
  return (
    <section className={v.problem ? "p-field bad" : "p-field"} data-control={f.key}>
      <label htmlFor={`f-${f.key}`}>
        {say(f.label)} {v.must && <b>*</b>}
      </label>
      {f.type === "rows" ? (
        <Rows form={form} field={f} />
      ) : (
        <Input
          field={f}
          id={`f-${f.key}`}
          value={v.value}
          set={(x) => form.set(f.key, x)}
          fill={(patch) => form.fill(patch)}
        />
      )}
      {say(f.help) && <p className="p-about">{say(f.help)}</p>}
      {v.problem && (
        <p className="p-wrong" role="alert">
          {v.problem}
        </p>
      )}
    </section>
  );
});

/** Rows is a sub-form as cards. */
function Rows({ form, field: f }: { form: Form; field: Field }) {
  const { t } = useTranslation();
  useView(form, f.key);
  const other = useChecklist(form, f);
  return (
    <div className="p-rows">
      {other && (
        <button type="button" className="p-button" onClick={other.load}>
          {t("phone.otherChecklist", { name: other.title })}
        </button>
      )}
      {form.rowIDs(f.key).map((id, i) => (
        <div key={id} className="p-row" data-row={i + 1}>
          <header>
            <strong>{i + 1}</strong>
            <button type="button" onClick={() => form.removeRow(f.key, id)}>
              {t("phone.remove")}
            </button>
          </header>
          {(f.fields ?? []).map((g) => (
            <Cell
              key={g.key}
              form={form}
              path={cell(f.key, id, g.key)}
              field={g}
              id={`f-${g.key}-${i + 1}`}
            />
          ))}
        </div>
      ))}
      <button type="button" className="p-button" id={`f-${f.key}`} onClick={() => form.addRow(f.key)}>
        {t("phone.addRow")}
      </button>
    </div>
  );
}

const Cell = memo(function Cell({
  form,
  path,
  field: g,
  id,
}: {
  form: Form;
  path: string;
  field: Field;
  id: string;
}) {
  const v = useView(form, path);
  if (!v.seen) return null;
  return (
    <div className="p-cell">
      <label htmlFor={id}>
        {say(g.label)} {v.must && <b>*</b>}
      </label>
      {v.locked && g.type === "text" ? (
        <p className="p-about">{String(v.value ?? "—")}</p>
      ) : (
        <Input field={g} id={id} value={v.value} set={(x) => form.set(path, x)} />
      )}
      {v.problem && <p className="p-wrong">{v.problem}</p>}
    </div>
  );
});
