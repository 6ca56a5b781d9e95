import { Button, Cascader, Checkbox, Input, InputNumber, Radio, Rate, Select, Switch } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import { floorName, instant, wall } from "../../parts/format";
import { useTree } from "../places/api";
import { MediaInput } from "./Media";
import { type Choice, type Doc, type Field, idOf, useDict, useDirectory } from "./api";

interface Props {
  field: Field;
  id: string;
  value: unknown;
  set: (v: unknown) => void;
}

/** FieldInput is the control of one field; it gives back values as records hold them. */
export function FieldInput(p: Props) {
  const { t } = useTranslation();
  const { field: f, id, value, set } = p;
  switch (f.type) {
    case "text":
      return (
        <Input
          id={id}
          value={(value as string) ?? ""}
          maxLength={f.max_length || 500}
          placeholder={say(f.placeholder)}
          onChange={(e) => set(e.target.value || null)}
        />
      );
    case "multiline":
    case "opinion":
      return <LongText {...p} />;
    case "number":
    case "money":
      return (
        <InputNumber
          id={id}
          style={{ width: "100%" }}
          stringMode={f.type === "money"}
          precision={f.type === "money" ? 2 : f.decimals}
          min={f.min}
          max={f.max}
          addonAfter={f.type === "money" ? "元" : f.unit}
          value={value as number}
          onChange={(v) => set(v)}
        />
      );
    case "date":
    case "time":
      return (
        <Input
          id={id}
          type={f.type}
          value={(value as string) ?? ""}
          onChange={(e) => set(e.target.value || null)}
        />
      );
    case "datetime":
      return (
        <Input
          id={id}
          type="datetime-local"
          value={value ? wall(value as string) : ""}
          onChange={(e) => set(e.target.value ? instant(e.target.value).toISOString() : null)}
        />
      );
    case "switch":
      return <Switch id={id} checked={value === true} onChange={set} />;
    case "rating":
      return <Rate count={f.max ?? 5} value={Number(value ?? 0)} onChange={(n) => set(n || null)} />;
    case "option":
    case "options":
      return <Choose {...p} />;
    case "person":
    case "persons":
      return <People {...p} />;
    case "department":
    case "departments":
      return <Departments {...p} />;
    case "place":
      return <PlaceInput {...p} />;
    case "photo":
    case "video":
    case "media":
      return <MediaInput {...p} />;
    case "rows":
      return <RowsInput {...p} />;
    default:
      return <span className="quiet">{t("work.notHere")}</span>;
  }
}

function LongText({ field: f, id, value, set }: Props) {
  const text = typeof value === "string" ? value : ((value as { text?: string } | null)?.text ?? "");
  return (
    <div className="work-long">
      <Input.TextArea
        id={id}
        autoSize={{ minRows: 2, maxRows: 8 }}
        maxLength={f.max_length || undefined}
        showCount={!!f.max_length}
        value={text}
        onChange={(e) => set(e.target.value || null)}
      />
      {(f.phrases ?? []).length > 0 && (
        <div className="work-phrases">
          {(f.phrases ?? []).map((p) => (
            <Button
              key={p.zh}
              size="small"
              type="dashed"
              onClick={() => set(text ? `${text}，${say(p)}` : say(p))}
            >
              {say(p)}
            </Button>
          ))}
        </div>
      )}
    </div>
  );
}

function useChoices(f: Field): Choice[] {
  const dict = useDict(f.dict).data;
  return useMemo(
    () => f.options ?? (dict?.items ?? []).map((i) => ({ ...i, id: i.code })),
    [f.options, dict],
  );
}

function Choose({ field: f, id, value, set }: Props) {
  const { t } = useTranslation();
  const options = useChoices(f)
    .filter((o) => !o.retired || o.id === idOf(value))
    .map((o) => ({ value: o.id, label: say(o.label) }));
  if (f.type === "options")
    return (
      <Checkbox.Group
        options={options}
        value={((value as unknown[]) ?? []).map(idOf)}
        onChange={(v) => set(v.length ? v : null)}
      />
    );
  if (f.style === "buttons" || (f.style !== "select" && options.length > 0 && options.length <= 4))
    return (
      <Radio.Group
        id={id}
        optionType="button"
        buttonStyle="solid"
        options={options}
        value={idOf(value) || undefined}
        onChange={(e) => set(e.target.value)}
      />
    );
  return (
    <Select
      id={id}
      allowClear
      showSearch
      optionFilterProp="label"
      placeholder={t("work.choose")}
      options={options}
      value={idOf(value) || undefined}
      onChange={(v) => set(v ?? null)}
    />
  );
}

function People({ field: f, id, value, set }: Props) {
  const { t } = useTranslation();
  const all = useDirectory().data?.people ?? [];
  const roles = f.in_roles ?? [];
  const options = all
    .filter((p) => roles.length === 0 || p.roles.some((r) => roles.includes(r)))
    .map((p) => ({ value: p.id, label: p.name }));
  const many = f.type === "persons";
  return (
    <Select
      id={id}
      mode={many ? "multiple" : undefined}
      allowClear
      showSearch
      optionFilterProp="label"
      placeholder={t("work.choose")}
      options={options}
      value={(many ? ((value as unknown[]) ?? []).map(idOf) : idOf(value) || undefined) as string}
      onChange={(v) => set(v && v.length ? v : null)}
    />
  );
}

function Departments({ field: f, id, value, set }: Props) {
  const { t } = useTranslation();
  const units = (useDirectory().data?.units ?? []).filter((u) => u.kind !== "post");
  const many = f.type === "departments";
  return (
    <Select
      id={id}
      mode={many ? "multiple" : undefined}
      allowClear
      showSearch
      optionFilterProp="label"
      placeholder={t("work.choose")}
      options={units.map((u) => ({ value: u.id, label: say(u.name) }))}
      value={(many ? ((value as unknown[]) ?? []).map(idOf) : idOf(value) || undefined) as string}
      onChange={(v) => set(v && v.length ? v : null)}
    />
  );
}

interface Spot {
  value: string;
  label: string;
  children?: Spot[];
}

function PlaceInput({ id, value, set }: Props) {
  const { t } = useTranslation();
  const tree = useTree().data;
  const options = useMemo<Spot[]>(
    () =>
      (tree?.communities ?? []).map((c) => ({
        value: c.id,
        label: say(c.name),
        children: (tree?.buildings ?? [])
          .filter((b) => b.community === c.id && !b.archived)
          .map((b) => ({
            value: b.id,
            label: say(b.name),
            children: (tree?.floors ?? [])
              .filter((x) => x.building === b.id && !x.archived)
              .map((x) => ({ value: String(x.number), label: say(x.name) || floorName(x.number) })),
          })),
      })),
    [tree],
  );
  return (
    <Cascader
      id={id}
      changeOnSelect
      showSearch
      placeholder={t("work.choose")}
      options={options}
      value={typeof value === "string" && value ? value.split("/") : undefined}
      onChange={(v) => set(v?.length ? v.join("/") : null)}
    />
  );
}

function RowsInput({ field: f, id, value, set }: Props) {
  const { t } = useTranslation();
  const rows = (value as Doc[] | undefined) ?? [];
  const columns = (f.fields ?? []).filter((g) => !g.hidden && g.type !== "formula");
  return (
    <div className="work-rows">
      {rows.map((r, i) => (
        <div key={(r._id as string) ?? i} className="work-row">
          {columns.map((g) => (
            <label key={g.key}>
              <span className="quiet">{say(g.label)}</span>
              <FieldInput
                field={g}
                id={`${id}-${i}-${g.key}`}
                value={r[g.key]}
                set={(v) => set(rows.map((o, j) => (j === i ? { ...o, [g.key]: v } : o)))}
              />
            </label>
          ))}
          <Button
            size="small"
            aria-label={t("work.removeRow")}
            onClick={() => set(rows.filter((_, j) => j !== i))}
          >
            ✕
          </Button>
        </div>
      ))}
      <Button size="small" onClick={() => set([...rows, {}])}>
        {t("work.addRow")}
      </Button>
    </div>
  );
}
