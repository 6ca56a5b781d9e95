import {
  closestCenter,
  type CollisionDetection,
  DndContext,
  type DragEndEvent,
  DragOverlay,
  KeyboardSensor,
  MouseSensor,
  pointerWithin,
  TouchSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { sortableKeyboardCoordinates } from "@dnd-kit/sortable";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Empty as Nothing, Segmented, Select, Tabs } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { language, say } from "../../i18n";
import { Loaded } from "../../parts/states";
import "../work/work.css";
import { type Detail, keys as queries, useDocument } from "./api";
import { Canvas } from "./Canvas";
import "./design.css";
import { DraftBar } from "./DraftBar";
import { FieldProps } from "./FieldProps";
import * as edit from "./formedit";
import { Grants } from "./Grants";
import { Row, Words } from "./inputs";
import { Palette } from "./Palette";
import { Preview } from "./Preview";
import { Help } from "./Help";
import { NewFlow } from "./NewFlow";
import { type Change, useDraft } from "./useDraft";

/** FormDesigner builds a form by drag, keyboard or touch. */
export function FormDesigner() {
  const { id = "" } = useParams();
  const query = useDocument<edit.Body>("form", id);
  const client = useQueryClient();
  const [opened, setOpened] = useState(0);
  const reopen = () =>
    void client.refetchQueries({ queryKey: queries.one("form", id) }).then(() => setOpened((n) => n + 1));
  return (
    <Loaded query={query} lines={10}>
      {(d) => <Designer key={`${id}-${opened}`} id={id} detail={d} reopen={reopen} />}
    </Loaded>
  );
}

/** What is under the pointer wins; by keyboard, what is nearest. */
const collide: CollisionDetection = (args) => {
  const under = pointerWithin(args);
  if (under.length === 0) return closestCenter(args);
  // a field in a sub-form lies in its sub-form and in the canvas: the innermost is meant
  return under.sort((a, b) => rank(String(b.id)) - rank(String(a.id)));
};
const rank = (id: string) => (id === "drop:" ? 0 : id.startsWith("drop:") ? 2 : id.includes(".") ? 3 : 1);

function Designer({ id, detail, reopen }: { id: string; detail: Detail<edit.Body>; reopen: () => void }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const draft = useDraft<edit.Body>("form", id, detail);
  const [selected, setSelected] = useState<string>();
  const [view, setView] = useState<"edit" | "preview" | "grants">(
    useSearchParams()[0].get("view") === "grants" ? "grants" : "edit",
  );
  const [flow, setFlow] = useState(false);
  const { body } = draft;
  const wrong = useMemo(
    () => new Set(draft.problems.map((p) => edit.pathOf(body, p.path)).filter((x) => x !== undefined)),
    [draft.problems, body],
  );
  const goTo = (path: string) => {
    const used = /^flows\.(.+)$/.exec(path); // a flow that would miss a field
    if (used) return void go(`/workbench/flows/${used[1]}`);
    setView("edit");
    setSelected(edit.pathOf(body, path));
  };
  return (
    <main className="page design">
      <header className="page-head">
        <div>
          <p className="quiet">
            <Link to="/workbench">{t("design.title")}</Link> / {t("design.form")}
          </p>
          <h1>{say(body.title)}</h1>
        </div>
        <div className="verbs">
          <Help at={typeOf(selected ? edit.find(body, selected) : undefined)} />
          <Segmented
            value={view}
            onChange={setView}
            options={(["edit", "preview", "grants"] as const).map((v) => ({
              value: v,
              label: t(`design.views.${v}`),
            }))}
          />
          <Button disabled={!detail.current} id="new-flow" onClick={() => setFlow(true)}>
            {t("design.flowFromForm")}
          </Button>
        </div>
      </header>
      <DraftBar kind="form" id={id} detail={detail} draft={draft} goTo={goTo} reopen={reopen} />
      {view === "edit" && (
        <Edit
          body={body}
          change={draft.change}
          published={published(detail)}
          {...{ selected, setSelected, wrong }}
        />
      )}
      {view === "preview" && <Preview body={body} />}
      {view === "grants" && <Grants form={id} fields={body.fields} published={!!detail.current} />}
      {flow && <NewFlow form={id} title={body.title} close={() => setFlow(false)} />}
    </main>
  );
}

/** typeOf is the topic of help about a field. */
const typeOf = (f: edit.Body["fields"][number] | undefined) =>
  f && `control:${f.type === "option" && f.style === "select" ? "dropdown" : f.type}`;

/** published are the paths of the fields that records may hold something in. */
function published(d: Detail<edit.Body>): Set<string> {
  return new Set(
    (d.current?.body.fields ?? []).flatMap((f) => [
      f.key,
      ...(f.fields ?? []).map((g) => `${f.key}.${g.key}`),
    ]),
  );
}

interface EditProps {
  body: edit.Body;
  change: Change<edit.Body>;
  published: Set<string>;
  selected: string | undefined;
  setSelected: (path: string | undefined) => void;
  wrong: Set<string>;
}

function Edit({ body, change, published, selected, setSelected, wrong }: EditProps) {
  const { t } = useTranslation();
  const [dragged, setDragged] = useState<string>();
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 5 } }),
    // a finger that moves at once scrolls the list of controls; one that rests takes hold
    useSensor(TouchSensor, { activationConstraint: { delay: 200, tolerance: 8 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const rowsOf = (path: string | undefined) => (path?.includes(".") ? (path.split(".")[0] ?? "") : "");
  const level = (rows: string) => (rows ? (edit.find(body, rows)?.fields ?? []) : body.fields);
  const indexIn = (path: string) => level(rowsOf(path)).findIndex((f) => f.key === path.split(".").at(-1));
  const add = (type: string, at: edit.Spot) => {
    const rows = type === "rows" || type === "serial" ? "" : at.rows;
    const taken = edit.keysOf(level(rows));
    for (const k of published) if (rowsOf(k) === rows) taken.add(k.split(".").at(-1) ?? "");
    const words = {
      zh: t(`design.types.${type}`, { lng: "zh-CN" }),
      en: language() === "en" ? t(`design.types.${type}`) : "",
    };
    const f = edit.fresh(type, words, taken);
    change((b) => edit.insert(b, rows === at.rows ? at : { rows, index: b.fields.length }, f));
    setSelected(rows ? `${rows}.${f.key}` : f.key);
  };
  const drop = ({ active, over }: DragEndEvent) => {
    setDragged(undefined);
    const from = String(active.id);
    if (!over) return;
    const to = String(over.id);
    const rows = to.startsWith("drop:") ? to.slice(5) : rowsOf(to);
    const index = to.startsWith("drop:") ? level(rows).length : indexIn(to);
    if (from.startsWith("new:")) {
      // dropped on the lower half of a field: after it
      const at = active.rect.current.translated;
      const under =
        !to.startsWith("drop:") && at && at.top + at.height / 2 > over.rect.top + over.rect.height / 2;
      return add(from.slice(4), { rows, index: under ? index + 1 : index });
    }
    if (rowsOf(from) === rows)
      change((b) => edit.move(b, rows, indexIn(from), Math.min(index, level(rows).length - 1)));
  };
  const act = (verb: "up" | "down" | "copy" | "remove", path: string) => {
    const i = indexIn(path);
    if (verb === "up" || verb === "down")
      return change((b) => edit.move(b, rowsOf(path), i, verb === "up" ? i - 1 : i + 1));
    if (verb === "remove") {
      setSelected(undefined);
      return change((b) => edit.remove(b, path, published.has(path)));
    }
    const [next, copy] = edit.duplicate(body, path);
    change(() => next);
    setSelected(copy);
  };
  const chosen = selected ? edit.find(body, selected) : undefined;
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={collide}
      onDragStart={(e) => setDragged(String(e.active.id))}
      onDragCancel={() => setDragged(undefined)}
      onDragEnd={drop}
    >
      <div className="design-split">
        <Palette
          inRows={chosen?.type === "rows" || !!rowsOf(selected)}
          add={(type) => {
            const rows = chosen?.type === "rows" ? (selected ?? "") : rowsOf(selected);
            const after =
              chosen && chosen.type !== "rows" && selected ? indexIn(selected) + 1 : level(rows).length;
            add(type, { rows, index: after });
          }}
        />
        <section className="design-middle" onClick={() => setSelected(undefined)}>
          <Canvas body={body} selected={selected} wrong={wrong} select={setSelected} act={act} />
          <HiddenFields body={body} change={change} />
        </section>
        <aside className="design-side" aria-label={t("design.properties")}>
          {chosen && selected ? (
            <FieldProps
              key={selected}
              f={chosen}
              body={body}
              path={selected}
              patch={(p, tag) => change((b) => edit.update(b, selected, p), tag)}
            />
          ) : (
            <FormProps body={body} change={change} />
          )}
        </aside>
      </div>
      <DragOverlay dropAnimation={null}>
        {dragged && (
          <div className="design-control dragging">
            {dragged.startsWith("new:")
              ? t(`design.types.${dragged.slice(4)}`)
              : say(edit.find(body, dragged)?.label)}
          </div>
        )}
      </DragOverlay>
    </DndContext>
  );
}

/** HiddenFields are those taken off the form: what records hold in them stays, and they can come back. */
function HiddenFields({ body, change }: Pick<EditProps, "body" | "change">) {
  const { t } = useTranslation();
  const hidden = body.fields.filter((f) => f.hidden);
  if (hidden.length === 0) return null;
  return (
    <section className="design-hidden">
      <h3>{t("design.hidden")}</h3>
      {hidden.map((f) => (
        <Button
          key={f.key}
          size="small"
          onClick={() => change((b) => edit.update(b, f.key, { hidden: undefined }))}
        >
          ↩ {say(f.label)}
        </Button>
      ))}
    </section>
  );
}

/** FormProps sets what holds for the whole form. */
function FormProps({ body, change }: Pick<EditProps, "body" | "change">) {
  const { t } = useTranslation();
  const put = (patch: Partial<edit.Body>, tag?: string) => change((b) => edit.clean({ ...b, ...patch }), tag);
  const of = (...types: string[]) =>
    body.fields.filter((f) => types.includes(f.type)).map((f) => ({ value: f.key, label: say(f.label) }));
  const role = (name: "owner" | "dept" | "due" | "place", ...types: string[]) => (
    <Row key={name} name={t(`design.roles.${name}`)}>
      <Select
        allowClear
        value={body.roles?.[name]}
        options={of(...types)}
        onChange={(v?: string) => put({ roles: edit.clean({ ...body.roles, [name]: v }) })}
      />
    </Row>
  );
  return (
    <div className="design-props">
      <p className="quiet">{t("design.formProps")}</p>
      <Row name={t("design.formTitle")}>
        <Words
          id="form-title"
          value={body.title}
          set={(v) => put({ title: v ?? { zh: "", en: "" } }, "title")}
        />
      </Row>
      <Row name={t("design.help")}>
        <Words
          id="form-about"
          long
          value={body.description}
          set={(v) => put({ description: v }, "description")}
        />
      </Row>
      <Row name={t("design.summary")} about={t("design.summaryAbout")}>
        <Select
          id="form-summary"
          mode="multiple"
          value={body.summary ?? []}
          options={of("text", "multiline", "serial", "place", "option", "person", "link", "datetime", "date")}
          onChange={(v) => put({ summary: v })}
        />
      </Row>
      <Tabs
        items={[
          {
            key: "roles",
            label: t("design.rolesOf"),
            children: [
              role("owner", "person"),
              role("dept", "department"),
              role("due", "date", "datetime"),
              role("place", "place"),
            ],
          },
        ]}
      />
      {body.fields.length === 0 && <Nothing description={t("design.emptyForm")} />}
    </div>
  );
}
