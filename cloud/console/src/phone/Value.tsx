import { useTranslation } from "react-i18next";
import { useTree } from "../areas/places/api";
import { type Choice, type Doc, type Field, idOf, useDict } from "../areas/work/api";
import { cascadeName, colour, named, placeWords } from "../areas/work/names";
import { say } from "../i18n";
import { deadline, minute } from "../parts/format";

const pictures = new Set(["photo", "video", "media", "signature"]);
export const isPicture = (f: Field) => pictures.has(f.type);

/** Value shows what a field holds. */
export function Value({ field: f, value, due }: { field: Field; value: unknown; due?: boolean }) {
  const { t } = useTranslation();
  const dict = useDict(f.dict).data;
  const tree = useTree();
  const choices: Choice[] = f.options ?? (dict?.items ?? []).map((i) => ({ ...i, id: i.code }));
  const choice = (v: unknown) => {
    const c = choices.find((x) => x.id === idOf(v));
    const text = (v as { text?: string } | null)?.text;
    return (
      <span
        key={idOf(v)}
        className="p-tag"
        style={c?.color ? { borderLeftColor: colour(c.color) } : undefined}
      >
        {c ? say(c.label) : (text ?? idOf(v))}
      </span>
    );
  };
  if (pictures.has(f.type)) return <Pictures ids={[value].flat().map(idOf)} />;
  switch (f.type) {
    case "datetime":
      return <>{due ? deadline(value as string) : minute(value as string)}</>;
    case "option":
    case "options":
      return <>{[value].flat().map(choice)}</>;
    case "place":
      return <>{tree.isPending ? "" : placeWords(tree.data, String(value))}</>;
    case "cascade":
      return <>{cascadeName((dict?.items ?? []) as never, idOf(value))}</>;
    case "switch":
      return <>{value === true ? t("work.yes") : "—"}</>;
    case "money":
      return <>¥ {String(value)}</>;
    case "location": {
      const p = value as { lat: number; lng: number; accuracy?: number };
      return (
        <>
          {p.lat}, {p.lng} {p.accuracy !== undefined && t("work.gps.accuracy", { n: p.accuracy })}
        </>
      );
    }
    case "file":
      return (
        <>
          {[value].flat().map((v) => (
            <a key={idOf(v)} href={`/api/attachments/${idOf(v)}?download=true`}>
              {t("phone.file")}{" "}
            </a>
          ))}
        </>
      );
    case "link":
      return (
        <>
          {[value].flat().map(
            (v) =>
              Object.values((v as { snap?: Doc }).snap ?? {})
                .map(named)
                .join(" · ") || idOf(v),
          )}
        </>
      );
    case "rows":
      return (
        <>
          {(value as Doc[]).map((r, i) => (
            <div key={i} className="p-row">
              <Values fields={f.fields ?? []} doc={r} />
            </div>
          ))}
        </>
      );
  }
  return <span className="p-text">{`${named(value)}${f.unit ? ` ${f.unit}` : ""}`}</span>;
}

/** Pictures are thumbnails; a tap opens one in full. */
export function Pictures({ ids }: { ids: string[] }) {
  return (
    <span className="p-pictures">
      {ids.map((a) => (
        <a key={a} href={`/api/attachments/${a}`} target="_blank" rel="noreferrer">
          <img src={`/api/attachments/${a}/thumb?size=160`} alt="" loading="lazy" />
        </a>
      ))}
    </span>
  );
}

/** Values are the filled-in fields of a record; due is the one that says until when. */
export function Values({ fields, doc, due }: { fields: Field[]; doc: Doc; due?: string }) {
  const there = (f: Field) =>
    doc[f.key] !== undefined &&
    doc[f.key] !== null &&
    !["section", "divider", "description"].includes(f.type);
  return (
    <dl className="p-values">
      {fields.filter(there).map((f) => (
        <div key={f.key}>
          <dt>{say(f.label)}</dt>
          <dd>
            <Value field={f} value={doc[f.key]} due={f.key === due} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
