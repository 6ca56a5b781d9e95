import { Select } from "antd";
import { useTranslation } from "react-i18next";
import { say } from "../i18n";
import * as edit from "./edit";
import { type Field, find, leftsOf } from "./fields";
import { RightSide } from "./RightSide";
import { type Expr, type Op, ops, shape } from "./types";

interface Props {
  e: Expr;
  columns: Field[];
  inRows: boolean;
  disabled: boolean;
  wrong: boolean;
  onChange: (e: Expr) => void;
}

/** Comparison is one row: field, operator, value. */
export function Comparison({ e, columns, inRows, disabled, wrong, onChange }: Props) {
  const { t } = useTranslation();
  const lefts = leftsOf(columns, inRows);
  const l = e.l ?? { f: e.rows };
  const id =
    l.count !== undefined ? `count:${l.count}` : l.sum !== undefined ? `sum:${l.sum}` : `f:${l.f ?? ""}`;
  const left = lefts.find((x) => x.id === id);
  const status = wrong ? ("error" as const) : undefined;
  const named = (x: (typeof lefts)[number]) =>
    x.what === "f"
      ? say(x.label)
      : t(x.what === "count" ? "cond.countOf" : "cond.sumOf", { field: say(x.label) });
  const choose = (next: string) => {
    const to = lefts.find((x) => x.id === next);
    if (to) onChange(edit.blank(to.operand, to.kind, ops[to.kind].includes(e.op) ? e.op : undefined));
  };
  const side = (key: "r" | "lo" | "hi", name: string) =>
    left && (
      <RightSide
        key={key}
        name={name}
        o={e[key] ?? {}}
        op={e.op}
        kind={left.kind}
        field={left.what === "f" ? find(columns, left.operand.f ?? "") : undefined}
        columns={columns}
        disabled={disabled}
        status={status}
        onChange={(o) => onChange({ ...e, [key]: o })}
      />
    );
  const kind = shape(e.op);
  return (
    <span className="cond-parts">
      <Select
        aria-label={t("cond.field")}
        className="cond-field"
        showSearch={{ optionFilterProp: "label" }}
        disabled={disabled}
        status={status}
        placeholder={t("cond.chooseField")}
        value={left?.id ?? (l.f || undefined)}
        onChange={choose}
        options={lefts.map((x) => ({ value: x.id, label: named(x) }))}
      />
      <Select<Op>
        aria-label={t("cond.operator")}
        className="cond-op"
        disabled={disabled || !left}
        value={e.op}
        onChange={(op) => left && onChange(edit.withOp(e.l ? e : { ...e, l }, op, left.kind))}
        options={(left ? ops[left.kind] : [e.op]).map((op) => ({ value: op, label: t(`cond.op.${op}`) }))}
      />
      {kind === "range" && side("lo", t("cond.low"))}
      {kind === "range" && side("hi", t("cond.high"))}
      {(kind === "one" || kind === "many" || kind === "for") && side("r", t("cond.value"))}
    </span>
  );
}
