import { Rate } from "antd";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { say } from "../../i18n";
import { deadline, minute } from "../../parts/format";
import { useTree } from "../places/api";
import { FileLink, Pictures } from "./Media";
import { type Choice, type Doc, type Field, idOf, useDict } from "./api";
import { cascadeName, colour, named, placeWords } from "./names";

/** FieldValue shows what a field holds. */
export function FieldValue({
  field: f,
  value,
  due,
  none,
}: {
  field: Field;
  value: unknown;
  due?: boolean;
  /** said of a field nobody filled in, where the usual words are too many */
  none?: string;
}) {
  const { t } = useTranslation();
  const dict = useDict(f.dict).data;
  if (value === undefined || value === null || value === "")
    return <span className="quiet">{none ?? t("work.empty")}</span>;
  const choices: Choice[] = f.options ?? (dict?.items ?? []).map((i) => ({ ...i, id: i.code }));
  switch (f.type) {
    case "datetime":
      return <>{due ? deadline(value as string) : minute(value as string)}</>;
    case "money":
      return <>{`¥ ${String(value)}`}</>;
    case "switch":
      return <>{value === true ? t("work.yes") : "—"}</>;
    case "option":
      return <Tag choice={choices.find((c) => c.id === idOf(value))} value={value} />;
    case "options":
      return (
        <>
          {(value as unknown[]).map((v) => (
            <Tag key={idOf(v)} choice={choices.find((c) => c.id === idOf(v))} value={v} />
          ))}
        </>
      );
    case "place":
      return <PlaceName path={String(value)} />;
    case "photo":
    case "video":
    case "media":
      return <Pictures value={value} />;
    case "signature":
      return <Pictures value={value} />;
    case "file":
      return (
        <>
          {(value as unknown[]).map((v) => (
            <FileLink key={idOf(v)} id={idOf(v)} />
          ))}
        </>
      );
    case "location":
      return (
        <Position
          value={value as { lat: number; lng: number; accuracy?: number; system: string; manual?: boolean }}
        />
      );
    case "link":
      return <Linked field={f} value={value} />;
    case "cascade":
      return <>{cascadeName(dict?.items ?? [], idOf(value))}</>;
    case "rating":
      return <Rate disabled count={f.max ?? 5} value={Number(value)} />;
    case "rows":
      return <RowsTable field={f} rows={value as Doc[]} />;
    case "number":
    case "formula":
      if (f.result === "money") return <>{`¥ ${String(value)}`}</>;
      return <>{`${String(value)}${f.unit ? ` ${f.unit}` : ""}`}</>;
  }
  return <span className="work-text">{named(value)}</span>;
}

function Position({
  value: p,
}: {
  value: { lat: number; lng: number; accuracy?: number; system: string; manual?: boolean };
}) {
  const { t } = useTranslation();
  return (
    <span className="work-no">
      {p.lat}, {p.lng}{" "}
      <small className="quiet">
        {p.system === "gcj02" ? "GCJ-02" : "WGS-84"}{" "}
        {p.accuracy !== undefined && t("work.gps.accuracy", { n: p.accuracy })}{" "}
        {p.manual && t("work.gps.manual")}
      </small>
    </span>
  );
}

/** Linked shows what a link kept of its record, and leads to it. */
function Linked({ field: f, value }: { field: Field; value: unknown }) {
  return (
    <>
      {[value].flat().map((v) => {
        const snap = (v as { snap?: Doc }).snap ?? {};
        const words = Object.values(snap).map(named).filter(Boolean).join(" · ");
        return (
          <Link key={idOf(v)} to={`/forms/${f.form}/records/${idOf(v)}`}>
            {words || idOf(v)}
          </Link>
        );
      })}
    </>
  );
}

function Tag({ choice, value }: { choice: Choice | undefined; value: unknown }) {
  const text = (value as { text?: string } | null)?.text;
  const label = choice ? say(choice.label) : (text ?? idOf(value));
  return (
    <span className="work-tag" style={choice?.color ? { borderLeftColor: colour(choice.color) } : undefined}>
      {label}
    </span>
  );
}

/** PlaceName says a place's path in words, and nothing while the names are on their way. */
export function PlaceName({ path }: { path: string }) {
  const tree = useTree();
  return <>{tree.isPending ? "" : placeWords(tree.data, path)}</>;
}

function RowsTable({ field: f, rows }: { field: Field; rows: Doc[] }) {
  const columns = (f.fields ?? []).filter((g) => !g.hidden);
  return (
    <table className="work-table">
      <thead>
        <tr>
          {columns.map((g) => (
            <th key={g.key}>{say(g.label)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((r, i) => (
          <tr key={(r._id as string) ?? i}>
            {columns.map((g) => (
              <td key={g.key}>
                <FieldValue field={g} value={r[g.key]} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Fields shows the fields of a record in their sections; what may not be read is not there. */
export function Values({
  fields,
  doc,
  shown,
  due,
}: {
  fields: Field[];
  doc: Doc;
  shown: (f: Field) => boolean;
  /** the field that says until when */
  due?: string;
}) {
  const some = fields.filter((f) => f.type !== "divider" && f.type !== "description" && shown(f));
  const filled = (f: Field) => doc[f.key] !== undefined && doc[f.key] !== null;
  return (
    <dl className="work-values">
      {some.map((f, i) => {
        if (f.type === "section") {
          const next = some.slice(i + 1);
          const end = next.findIndex((x) => x.type === "section");
          if (!(end < 0 ? next : next.slice(0, end)).some(filled)) return null;
          return (
            <dt key={f.key} className="work-section">
              {say(f.label)}
            </dt>
          );
        }
        if (!filled(f)) return null;
        return (
          <Fragment key={f.key}>
            <dt>{say(f.label)}</dt>
            <dd>
              <FieldValue field={f} value={doc[f.key]} due={f.key === due} />
            </dd>
          </Fragment>
        );
      })}
    </dl>
  );
}
