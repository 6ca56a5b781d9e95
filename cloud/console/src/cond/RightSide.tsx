import { DatePicker, Input, InputNumber, Select, Space } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import { say } from "../i18n";
import * as edit from "./edit";
import type { Field } from "./fields";
import { isId, isList, type Kind, type Op, type Operand, type Scalar, shape } from "./types";
import { type Duration, parseDuration } from "./when";

interface Props {
  name: string;
  o: Operand;
  op: Op;
  kind: Kind;
  /** the field on the left, whose choices are offered */
  field: Field | undefined;
  columns: Field[];
  disabled: boolean;
  status: "error" | undefined;
  onChange: (o: Operand) => void;
}

/** RightSide is the value a field is compared with: entered, now, of the person, or another field. */
export function RightSide(p: Props) {
  const { t } = useTranslation();
  const { o, op, kind, columns, onChange, disabled, status } = p;
  const others = columns.filter((f) => f.key !== p.field?.key && edit.fitsRight(op, kind, f.kind));
  const mine = edit.minesOf(op, kind);
  const sources = edit.sourcesOf(op, kind).filter((s) => s !== "f" || others.length > 0);
  const source = (["now", "me", "f"] as const).find((s) => o[s] !== undefined) ?? "v";
  const turn = (s: edit.Source) => {
    if (s === "now") onChange({ now: "" });
    else if (s === "me") onChange({ me: mine[0] });
    else if (s === "f") onChange({ f: others[0]?.key });
    else onChange(shape(op) === "many" ? { v: [] } : {});
  };
  return (
    <Space.Compact className="cond-right">
      {sources.length > 1 && (
        <Select<edit.Source>
          aria-label={t("cond.source")}
          className="cond-source"
          disabled={disabled}
          value={source}
          onChange={turn}
          options={sources.map((s) => ({ value: s, label: t(`cond.from.${s}`) }))}
        />
      )}
      {source === "now" && <Shift {...p} />}
      {source === "me" && (
        <Select
          aria-label={p.name}
          {...{ disabled, status }}
          value={o.me}
          onChange={(me) => onChange({ me })}
          options={mine.map((m) => ({ value: m, label: t(`cond.me.${m}`) }))}
        />
      )}
      {source === "f" && (
        <Select
          aria-label={p.name}
          {...{ disabled, status }}
          value={o.f}
          onChange={(f) => onChange({ f })}
          options={others.map((f) => ({ value: f.key, label: say(f.label) }))}
        />
      )}
      {source === "v" && (shape(op) === "for" ? <Lasting {...p} /> : <Entered {...p} />)}
    </Space.Compact>
  );
}

const units = ["m", "h", "d", "w"] as const;

function Units({ d, disabled, put }: { d: Duration; disabled: boolean; put: (d: Duration) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <InputNumber
        aria-label={t("cond.value")}
        min={0}
        max={99999}
        precision={0}
        disabled={disabled}
        value={Math.abs(d.n)}
        onChange={(n) => put({ ...d, n: n ?? 0 })}
      />
      <Select
        aria-label={t("cond.unit.d")}
        disabled={disabled}
        value={d.unit || "d"}
        onChange={(unit) => put({ ...d, n: Math.abs(d.n), unit })}
        options={units.map((u) => ({ value: u, label: t(`cond.unit.${u}`) }))}
      />
    </>
  );
}

/** Lasting is how long: of within_last and within_next. */
function Lasting({ o, disabled, onChange }: Props) {
  const d = parseDuration(o.v, false) ?? { n: 7, unit: "d" as const };
  return <Units d={d} disabled={disabled} put={(x) => onChange({ v: `${x.n}${x.unit || "d"}` })} />;
}

/** Shift is now, so long before, or so long after. */
function Shift({ o, disabled, onChange }: Props) {
  const { t } = useTranslation();
  const d = parseDuration(o.now, true) ?? { n: 0, unit: "" as const };
  const way = d.unit === "" ? "now" : (o.now ?? "").startsWith("-") ? "before" : "after";
  const put = (w: string, x: Duration) =>
    onChange({ now: w === "now" ? "" : `${w === "before" ? "-" : "+"}${Math.abs(x.n)}${x.unit || "d"}` });
  return (
    <>
      {way !== "now" && <Units d={d} disabled={disabled} put={(x) => put(way, x)} />}
      <Select
        aria-label={t("cond.from.now")}
        disabled={disabled}
        value={way}
        onChange={(w) => put(w, d.unit === "" ? { n: 1, unit: "d" } : d)}
        options={["now", "before", "after"].map((w) => ({ value: w, label: t(`cond.shift.${w}`) }))}
      />
    </>
  );
}

/** Entered is the control that fits the kind. */
function Entered(p: Props) {
  const { t } = useTranslation();
  const { o, op, kind, onChange, disabled, status } = p;
  const common = { "aria-label": p.name, disabled, status, className: "cond-value" };
  const many = shape(op) === "many";
  const choices = p.field?.options?.map((x) => ({ value: x.id, label: say(x.label) }));
  const put = (v: Scalar | Scalar[] | null | undefined) =>
    onChange(v === null || v === undefined || v === "" ? {} : { v });
  if (many) {
    const list = o.v === undefined ? [] : Array.isArray(o.v) ? o.v : [o.v];
    return (
      <Select
        {...common}
        mode={choices ? "multiple" : "tags"}
        placeholder={t("cond.choose")}
        showSearch={{ optionFilterProp: "label" }}
        value={list.map(String)}
        onChange={(v: string[]) =>
          onChange({ v: kind === "number" ? v.map((x) => (Number.isNaN(Number(x)) ? x : Number(x))) : v })
        }
        options={choices}
      />
    );
  }
  const one = Array.isArray(o.v) ? o.v[0] : o.v;
  if (choices && (isId(kind) || isList(kind)))
    return (
      <Select
        {...common}
        placeholder={t("cond.choose")}
        showSearch={{ optionFilterProp: "label" }}
        value={one}
        onChange={put}
        options={choices}
      />
    );
  switch (kind) {
    case "bool":
      return (
        <Select
          {...common}
          value={one}
          onChange={put}
          options={[true, false].map((b) => ({ value: b, label: t(b ? "cond.yes" : "cond.no") }))}
        />
      );
    case "number":
      return <InputNumber {...common} value={typeof one === "number" ? one : null} onChange={put} />;
    case "money":
      return (
        <InputNumber<string>
          {...common}
          stringMode
          precision={2}
          prefix="¥"
          value={one === undefined ? null : String(one)}
          onChange={put}
        />
      );
    case "date":
    case "instant":
      return <Day {...p} one={one} />;
  }
  return (
    <Input {...common} value={one === undefined ? "" : String(one)} onChange={(x) => put(x.target.value)} />
  );
}

function Day({ o, kind, name, disabled, status, onChange, one }: Props & { one: Scalar | undefined }) {
  const at = one === undefined ? null : dayjs(one as string | number);
  const whole = kind === "date" || (typeof one === "string" && one.length === 10);
  return (
    <DatePicker
      aria-label={name}
      disabled={disabled}
      status={status}
      showTime={kind === "instant" && o.v !== undefined && !whole}
      value={at?.isValid() ? at : null}
      onChange={(x) =>
        onChange(x ? { v: whole || one === undefined ? x.format("YYYY-MM-DD") : x.toISOString() } : {})
      }
    />
  );
}
