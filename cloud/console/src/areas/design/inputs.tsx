import { Button, Input, Modal, Select, Switch } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Text } from "../../api/types";
import { ConditionEditor } from "../../cond/ConditionEditor";
import { type Field as CondField, namesOf } from "../../cond/fields";
import { sentence } from "../../cond/sentence";
import type { Expr } from "../../cond/types";
import { language } from "../../i18n";

/** Row is one property: its name and what sets it. */
export function Row({ name, about, children }: { name: string; about?: string; children: ReactNode }) {
  return (
    <div className="design-row">
      <span className="design-row-name">{name}</span>
      {children}
      {about && <p className="quiet">{about}</p>}
    </div>
  );
}

/** Toggle is a property that is on or off. */
export function Toggle({
  name,
  value,
  set,
  id,
}: {
  name: string;
  value: boolean | undefined;
  set: (v: true | undefined) => void;
  id?: string;
}) {
  return (
    <label className="design-toggle">
      <Switch id={id} size="small" checked={!!value} onChange={(v) => set(v || undefined)} /> {name}
    </label>
  );
}

/** Words sets a text in Chinese and, where somebody wants it, in English. */
export function Words({
  id,
  value,
  set,
  long = false,
  label,
}: {
  id: string;
  value: Text | undefined;
  set: (v: Text | undefined) => void;
  long?: boolean;
  label?: string;
}) {
  const { t } = useTranslation();
  const [english, setEnglish] = useState(language() === "en");
  const put = (patch: Partial<Text>) => {
    const next = { zh: value?.zh ?? "", ...value, ...patch };
    if (!next.en) delete (next as Partial<Text>).en;
    set(next.zh || next.en ? (next as Text) : undefined);
  };
  const Box = long ? Input.TextArea : Input;
  return (
    <div className="design-words">
      <Box
        id={id}
        aria-label={label}
        value={value?.zh ?? ""}
        maxLength={long ? 1000 : 200}
        onChange={(e) => put({ zh: e.target.value })}
      />
      {english ? (
        <Box
          id={`${id}-en`}
          aria-label={t("design.english")}
          placeholder={t("design.english")}
          value={value?.en ?? ""}
          maxLength={long ? 2000 : 400}
          onChange={(e) => put({ en: e.target.value })}
        />
      ) : (
        <Button size="small" type="text" onClick={() => setEnglish(true)} title={t("design.english")}>
          EN
        </Button>
      )}
    </div>
  );
}

/** When is a condition: a sentence, and the editor behind it. */
export function When({
  id,
  value,
  set,
  fields,
  none,
}: {
  id: string;
  value: Expr | null | undefined;
  set: (e: Expr | undefined) => void;
  fields: CondField[];
  none: string;
}) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState<Expr | null>();
  return (
    <div className="design-when">
      <Button id={id} onClick={() => setEditing(value ?? null)}>
        {value ? sentence(value, language(), namesOf(fields)) : none}
      </Button>
      {value && (
        <Button
          size="small"
          type="text"
          aria-label={t("design.clear")}
          title={t("design.clear")}
          onClick={() => set(undefined)}
        >
          ✕
        </Button>
      )}
      <Modal
        open={editing !== undefined}
        title={t("cond.label")}
        width={760}
        destroyOnHidden
        okButtonProps={{ id: `${id}-ok` }}
        onCancel={() => setEditing(undefined)}
        onOk={() => {
          set(editing ?? undefined);
          setEditing(undefined);
        }}
      >
        <ConditionEditor value={editing} onChange={setEditing} fields={fields} />
      </Modal>
    </div>
  );
}

const units = ["m", "h", "d"] as const;

/** Span is a length of time as definitions write it: "30m", "24h", "7d"; with a sign, before or after. */
export function Span({
  id,
  value,
  set,
  label,
}: {
  id: string;
  value: string | undefined;
  set: (v: string | undefined) => void;
  label: string;
}) {
  const { t } = useTranslation();
  const m = /^(-?\d+)([mhd])$/.exec(value ?? "");
  const n = m?.[1] ?? "";
  const unit = m?.[2] ?? "h";
  const put = (count: string, u: string) => set(/^-?\d+$/.test(count) ? `${Number(count)}${u}` : undefined);
  return (
    <span className="design-span">
      <Input
        id={id}
        aria-label={label}
        inputMode="numeric"
        style={{ width: 72 }}
        value={n}
        onChange={(e) => put(e.target.value, unit)}
      />
      <Select
        aria-label={t("design.unit")}
        value={unit}
        onChange={(u) => put(n, u)}
        options={units.map((u) => ({ value: u, label: t(`design.units.${u}`) }))}
      />
    </span>
  );
}
