import { Button } from "antd";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useChecklist } from "../../form/checklist";
import { cell, type Form } from "../../form/form";
import { useView } from "../../form/use";
import { say } from "../../i18n";
import type { Field } from "./api";
import { FieldInput } from "./FieldInput";

/** Rows is a sub-form: a grid on a desk, cards on a phone. Each cell follows only itself. */
export const Rows = memo(function Rows({ form, field: f }: { form: Form; field: Field }) {
  const { t } = useTranslation();
  useView(form, f.key); // its value is the list of its rows
  const rows = form.rowIDs(f.key);
  const columns = (f.fields ?? []).filter((g) => !g.hidden);
  const other = useChecklist(form, f);
  const full = f.max_count ? rows.length >= f.max_count : rows.length >= 500;
  return (
    <div className="work-rows" data-rows={f.key}>
      {other && (
        <Button size="small" className="work-other-list" onClick={other.load}>
          {t("work.otherChecklist", { name: other.title })}
        </Button>
      )}
      {rows.map((id, i) => (
        <Row key={id} form={form} rows={f.key} id={id} n={i + 1} columns={columns} />
      ))}
      <Button id={`f-${f.key}`} disabled={full} onClick={() => form.addRow(f.key, beginning(columns))}>
        {t("work.addRow")}
      </Button>
      {rows.length > 0 && <span className="quiet"> {t("work.rowCount", { n: rows.length })}</span>}
    </div>
  );
});

const beginning = (columns: Field[]) =>
  Object.fromEntries(
    columns.flatMap((g) => (g.default?.value === undefined ? [] : [[g.key, g.default.value]])),
  );

const Row = memo(function Row({
  form,
  rows,
  id,
  n,
  columns,
}: {
  form: Form;
  rows: string;
  id: string;
  n: number;
  columns: Field[];
}) {
  const { t } = useTranslation();
  return (
    <div className="work-row" data-row={n}>
      <span className="work-row-n">{n}</span>
      {columns.map((g) => (
        <Cell key={g.key} form={form} path={cell(rows, id, g.key)} field={g} n={n} />
      ))}
      <span className="work-row-verbs">
        <Button size="small" type="text" onClick={() => form.copyRow(rows, id)}>
          {t("work.copyRow")}
        </Button>
        <Button
          size="small"
          type="text"
          aria-label={t("work.removeRow")}
          title={t("work.removeRow")}
          onClick={() => form.removeRow(rows, id)}
        >
          ✕
        </Button>
      </span>
    </div>
  );
});

const Cell = memo(function Cell({
  form,
  path,
  field: g,
  n,
}: {
  form: Form;
  path: string;
  field: Field;
  n: number;
}) {
  const v = useView(form, path);
  if (!v.seen) return <span className="work-cell" />;
  return (
    <label className="work-cell">
      <span className="quiet">
        {say(g.label)}
        {v.must && <span className="work-must">*</span>}
      </span>
      {v.locked && g.type === "text" ? (
        <span className="work-given">{String(v.value ?? "—")}</span>
      ) : (
        <FieldInput field={g} id={`f-${g.key}-${n}`} value={v.value} set={(x) => form.set(path, x)} />
      )}
      {v.problem && (
        <span className="work-problem" role="alert">
          {v.problem}
        </span>
      )}
    </label>
  );
});
