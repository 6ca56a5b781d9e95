import { useTranslation } from "react-i18next";
import { type Choice, type Field, idOf, useDict } from "../areas/work/api";
import { colour } from "../areas/work/names";
import { ScanField } from "../areas/work/ScanField";
import { say } from "../i18n";
import { instant, wall } from "../parts/format";
import { Media, Position, Signature } from "./Capture";
import { DevicePicker, LinkPicker, PeoplePicker, PlacePicker, TreePicker, UnitPicker } from "./Pickers";

export interface InputProps {
  field: Field;
  id: string;
  value: unknown;
  set: (v: unknown) => void;
  fill?: (patch: Record<string, unknown>) => void;
}

/** Input is the control of one field for a thumb; it gives back values as records hold them. */
export function Input(p: InputProps) {
  const { t } = useTranslation();
  const { field: f, id, value, set } = p;
  const typed = (type: string, mode?: "decimal" | "numeric") => (
    <input
      id={id}
      type={type}
      inputMode={mode}
      maxLength={f.max_length || undefined}
      value={(value as string | number | undefined) ?? ""}
      placeholder={say(f.placeholder)}
      onChange={(e) => set(e.target.value || null)}
    />
  );
  switch (f.type) {
    case "text":
      return f.scan ? <ScanField set={set}>{typed("text")}</ScanField> : typed("text");
    case "multiline":
    case "opinion":
      return <Long {...p} />;
    case "number":
      return (
        <input
          id={id}
          inputMode="decimal"
          type="number"
          step="any"
          min={f.min}
          max={f.max}
          value={(value as number | undefined) ?? ""}
          onChange={(e) => set(e.target.value === "" ? null : Number(e.target.value))}
        />
      );
    case "money":
      return typed("text", "decimal");
    case "date":
    case "time":
      return typed(f.type);
    case "datetime":
      return (
        <input
          id={id}
          type="datetime-local"
          value={value ? wall(value as string) : ""}
          onChange={(e) => set(e.target.value ? instant(e.target.value).toISOString() : null)}
        />
      );
    case "switch":
      return (
        <button
          type="button"
          id={id}
          className="p-choice"
          aria-pressed={value === true}
          onClick={() => set(value !== true)}
        >
          {t("work.yes")}
        </button>
      );
    case "rating":
      return <Stars n={f.max ?? 5} value={Number(value ?? 0)} set={set} />;
    case "option":
    case "options":
      return <Choose {...p} />;
    case "person":
    case "persons":
      return <PeoplePicker {...p} />;
    case "department":
    case "departments":
    case "post":
      return <UnitPicker {...p} />;
    case "place":
      return <PlacePicker {...p} />;
    case "cascade":
      return <TreePicker {...p} />;
    case "device":
      return <DevicePicker {...p} />;
    case "link":
      return <LinkPicker {...p} />;
    case "location":
      return <Position {...p} />;
    case "signature":
      return <Signature {...p} />;
    case "photo":
    case "video":
    case "media":
    case "file":
      return <Media {...p} />;
    case "serial":
      return <span className="p-quiet">{(value as string) || t("work.numbered")}</span>;
    case "formula":
      return <output id={id}>{value === undefined ? "—" : String(value)}</output>;
  }
  return null;
}

function Long({ field: f, id, value, set }: InputProps) {
  const text = typeof value === "string" ? value : ((value as { text?: string } | null)?.text ?? "");
  return (
    <>
      {(f.phrases ?? []).length > 0 && (
        <div className="p-chips">
          {(f.phrases ?? []).map((p) => (
            <button key={p.zh} type="button" onClick={() => set(text ? `${text}，${say(p)}` : say(p))}>
              {say(p)}
            </button>
          ))}
        </div>
      )}
      <textarea
        id={id}
        rows={3}
        maxLength={f.max_length || undefined}
        value={text}
        onChange={(e) => set(e.target.value || null)}
      />
    </>
  );
}

function Stars({ n, value, set }: { n: number; value: number; set: (v: unknown) => void }) {
  return (
    <div className="p-stars">
      {Array.from({ length: n }, (_, i) => (
        <button
          key={i}
          type="button"
          aria-label={String(i + 1)}
          aria-pressed={i < value}
          onClick={() => set(i + 1)}
        >
          {i < value ? "★" : "☆"}
        </button>
      ))}
    </div>
  );
}

const other = "other";

/** Choose shows every option as a button: one tap, no list to open. */
function Choose({ field: f, id, value, set }: InputProps) {
  const { t } = useTranslation();
  const dict = useDict(f.dict).data;
  const all: Choice[] = f.options ?? (dict?.items ?? []).map((i) => ({ ...i, id: i.code }));
  const many = f.type === "options";
  const have = many ? ((value as unknown[]) ?? []).map(idOf) : [idOf(value)];
  const options = all.filter((o) => !o.retired || have.includes(o.id));
  if (f.other) options.push({ id: other, label: { zh: t("work.other"), en: t("work.other") } });
  const tap = (o: string) => {
    if (!many) return set(have.includes(o) ? null : o === other ? { id: other, text: "" } : o);
    const next = have.includes(o) ? have.filter((x) => x !== o) : [...have, o];
    set(next.length > 0 ? next : null);
  };
  if (!many && options.length > 16)
    return (
      <select id={id} value={idOf(value)} onChange={(e) => set(e.target.value || null)}>
        <option value="">{t("phone.choose")}</option>
        {options.map((o) => (
          <option key={o.id} value={o.id}>
            {say(o.label)}
          </option>
        ))}
      </select>
    );
  return (
    <div className="p-choices" id={id} role="group">
      {options.map((o) => (
        <button
          key={o.id}
          type="button"
          className="p-choice"
          aria-pressed={have.includes(o.id)}
          style={o.color ? { borderLeft: `6px solid ${colour(o.color)}` } : undefined}
          onClick={() => tap(o.id)}
        >
          {say(o.label)}
        </button>
      ))}
      {f.other && have.includes(other) && !many && (
        <input
          aria-label={t("work.other")}
          value={(value as { text?: string }).text ?? ""}
          onChange={(e) => set({ id: other, text: e.target.value })}
        />
      )}
    </div>
  );
}
