import { Button, Checkbox, Input, InputNumber, Radio, Rate, Select, Switch } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import { instant, wall } from "../../parts/format";
import { type Choice, type Field, idOf, useDict } from "./api";
import { LocationInput, SignatureInput } from "./Capture";
import { FieldValue } from "./FieldValue";
import { MediaInput } from "./Media";
import { ScanField } from "./ScanField";
import { CascadeInput, DeviceInput, LinkInput, People, PlaceInput, Units } from "./Pickers";

export interface InputProps {
  field: Field;
  id: string;
  value: unknown;
  set: (v: unknown) => void;
  /** fills other fields of the form, for controls that bring more than their own value */
  fill?: (patch: Record<string, unknown>) => void;
}

/** FieldInput is the control of one field; it gives back values as records hold them. */
export function FieldInput(p: InputProps) {
  const { t } = useTranslation();
  const { field: f, id, value, set } = p;
  switch (f.type) {
    case "text":
      return <Line {...p} />;
    case "multiline":
    case "opinion":
      return <LongText {...p} />;
    case "number":
    case "money":
      return (
        <InputNumber
          id={id}
          style={{ width: "100%" }}
          inputMode="decimal"
          stringMode={f.type === "money"}
          precision={f.type === "money" ? 2 : f.decimals}
          min={f.min}
          max={f.max}
          suffix={f.type === "money" ? t("work.yuan") : f.unit}
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
    case "post":
      return <Units {...p} />;
    case "place":
      return <PlaceInput {...p} />;
    case "cascade":
      return <CascadeInput {...p} />;
    case "device":
      return <DeviceInput {...p} />;
    case "link":
      return <LinkInput {...p} />;
    case "location":
      return <LocationInput {...p} />;
    case "signature":
      return <SignatureInput {...p} />;
    case "photo":
    case "video":
    case "media":
    case "file":
      return <MediaInput {...p} />;
    case "serial":
      return <span className="quiet">{(value as string) || t("work.numbered")}</span>;
    case "formula":
      return (
        <output id={id} className="work-computed">
          <FieldValue field={f} value={value} />
        </output>
      );
    default:
      return null;
  }
}

function LongText({ field: f, id, value, set }: InputProps) {
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

const other = "other";

function Line({ field: f, id, value, set }: InputProps) {
  const input = (
    <Input
      id={id}
      value={(value as string) ?? ""}
      maxLength={f.max_length || 500}
      placeholder={say(f.placeholder)}
      onChange={(e) => set(e.target.value || null)}
    />
  );
  return f.scan ? <ScanField set={set}>{input}</ScanField> : input;
}

function Choose({ field: f, id, value, set }: InputProps) {
  const { t } = useTranslation();
  const options = useChoices(f)
    .filter((o) => !o.retired || o.id === idOf(value))
    .map((o) => ({ value: o.id, label: say(o.label) }));
  if (f.other) options.push({ value: other, label: t("work.other") });
  if (f.type === "options")
    return (
      <Checkbox.Group
        options={options}
        value={((value as unknown[]) ?? []).map(idOf)}
        onChange={(v) => set(v.length ? v : null)}
      />
    );
  const pick = (v: string | undefined) => set(v === other ? { id: other, text: "" } : (v ?? null));
  const buttons =
    f.style === "buttons" || (f.style !== "select" && options.length > 0 && options.length <= 4);
  return (
    <>
      {buttons ? (
        <Radio.Group
          id={id}
          optionType="button"
          buttonStyle="solid"
          options={options}
          value={idOf(value) || undefined}
          onChange={(e) => pick(e.target.value as string)}
        />
      ) : (
        <Select
          id={id}
          allowClear
          showSearch
          optionFilterProp="label"
          placeholder={t("work.choose")}
          options={options}
          value={idOf(value) || undefined}
          onChange={pick}
        />
      )}
      {f.other && idOf(value) === other && (
        <Input
          id={`${id}-other`}
          maxLength={200}
          aria-label={t("work.other")}
          value={(value as { text?: string }).text ?? ""}
          onChange={(e) => set({ id: other, text: e.target.value })}
        />
      )}
    </>
  );
}
