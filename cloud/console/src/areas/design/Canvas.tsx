import { useDroppable } from "@dnd-kit/core";
import { rectSortingStrategy, SortableContext, useSortable } from "@dnd-kit/sortable";
import { Button } from "antd";
import type { KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import type { Field } from "../work/api";
import { FieldInput } from "../work/FieldInput";
import type { Body } from "./formedit";

export interface CanvasProps {
  body: Body;
  selected: string | undefined;
  wrong: Set<string>;
  select: (path: string) => void;
  act: (verb: "up" | "down" | "copy" | "remove", path: string) => void;
}

const nothing = () => undefined;

/** Canvas is the form as it will be, each field in the place where it can be taken and moved. */
export function Canvas(p: CanvasProps) {
  const { t } = useTranslation();
  const shown = p.body.fields.filter((f) => !f.hidden);
  const { setNodeRef, isOver } = useDroppable({ id: "drop:" });
  return (
    <div
      ref={setNodeRef}
      className={isOver ? "design-canvas over" : "design-canvas"}
      id="canvas"
      aria-label={t("design.canvas")}
    >
      <SortableContext items={shown.map((f) => f.key)} strategy={rectSortingStrategy}>
        {shown.map((f) => (
          <Card key={f.key} {...p} f={f} path={f.key} />
        ))}
      </SortableContext>
      {shown.length === 0 && <p className="design-empty">{t("design.emptyForm")}</p>}
    </div>
  );
}

function Card(p: CanvasProps & { f: Field; path: string }) {
  const { t } = useTranslation();
  const { f, path, selected, select, act } = p;
  const s = useSortable({ id: path });
  const keys = (e: KeyboardEvent) => {
    const verb = e.altKey
      ? ({ ArrowUp: "up", ArrowDown: "down", Delete: "remove", d: "copy" } as const)[e.key]
      : undefined;
    if (e.target !== e.currentTarget) return;
    if (verb) {
      e.preventDefault();
      act(verb, path);
    } else if (e.key === "Enter" || e.key === " ") {
      e.preventDefault();
      select(path);
    }
  };
  const half = f.width !== 2 && !["section", "divider", "description", "rows"].includes(f.type);
  const shift = s.transform ? `translate3d(${s.transform.x}px, ${s.transform.y}px, 0)` : undefined;
  return (
    <div
      ref={s.setNodeRef}
      style={{ transform: shift, transition: s.transition }}
      className={[
        "design-card",
        half ? "" : "wide",
        selected === path ? "selected" : "",
        p.wrong.has(path) ? "wrong" : "",
        s.isDragging ? "dragged" : "",
      ].join(" ")}
      data-field={path}
      data-type={f.type}
      tabIndex={0}
      role="group"
      aria-label={`${say(f.label)} · ${t(`design.types.${f.type}`)}`}
      title={t("design.cardKeys")}
      onKeyDown={keys}
      onClick={(e) => {
        e.stopPropagation();
        select(path);
      }}
    >
      <header>
        <span
          ref={s.setActivatorNodeRef}
          className="design-grip"
          {...s.listeners}
          {...s.attributes}
          aria-label={t("design.drag")}
        >
          ⠿
        </span>
        <strong>
          {say(f.label) || t(`design.types.${f.type}`)}
          {f.required && <span className="work-must">*</span>}
        </strong>
        <span className="design-marks">
          {f.visible && <em>{t("design.conditional")}</em>}
          {f.unique && <em>{t("design.unique")}</em>}
          {f.read_only && <em>{t("design.readOnly")}</em>}
        </span>
        {selected === path && <CardVerbs path={path} act={act} />}
      </header>
      {f.type === "rows" ? <Sub {...p} /> : <Look f={f} />}
    </div>
  );
}

function CardVerbs({ path, act }: Pick<CanvasProps, "act"> & { path: string }) {
  const { t } = useTranslation();
  const verb = (v: "up" | "down" | "copy" | "remove", mark: string) => (
    <Button
      key={v}
      size="small"
      type="text"
      aria-label={t(`design.${v}`)}
      title={t(`design.${v}`)}
      onClick={(e) => {
        e.stopPropagation();
        act(v, path);
      }}
    >
      {mark}
    </Button>
  );
  return (
    <span className="design-card-verbs">
      {verb("up", "↑")}
      {verb("down", "↓")}
      {verb("copy", t("design.copy"))}
      {verb("remove", "✕")}
    </span>
  );
}

/** Look is the control as people will see it; it cannot be used here. */
function Look({ f }: { f: Field }) {
  const { t } = useTranslation();
  if (f.type === "section") return null;
  if (f.type === "divider") return <hr />;
  if (f.type === "description") return <p className="quiet">{say(f.text)}</p>;
  if (f.type === "serial" || f.type === "formula")
    return <span className="quiet">{t(`design.given.${f.type}`)}</span>;
  return (
    <div inert className="design-look">
      <FieldInput field={f} id={`look-${f.key}`} value={undefined} set={nothing} />
    </div>
  );
}

/** Sub is a sub-form: its columns can be taken and moved like the fields of the form. */
function Sub(p: CanvasProps & { f: Field }) {
  const { t } = useTranslation();
  const columns = (p.f.fields ?? []).filter((g) => !g.hidden);
  const { setNodeRef, isOver } = useDroppable({ id: `drop:${p.f.key}` });
  return (
    <div ref={setNodeRef} className={isOver ? "design-sub over" : "design-sub"}>
      <SortableContext items={columns.map((g) => `${p.f.key}.${g.key}`)} strategy={rectSortingStrategy}>
        {columns.map((g) => (
          <Card key={g.key} {...p} f={g} path={`${p.f.key}.${g.key}`} />
        ))}
      </SortableContext>
      <p className="quiet">{t("design.dropColumn")}</p>
    </div>
  );
}
