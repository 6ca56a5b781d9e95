import { useQueryClient } from "@tanstack/react-query";
import { Button, Checkbox, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { say } from "../../i18n";
import { Loaded } from "../../parts/states";
import { useCatalogue } from "../hazards/api";
import { colour } from "../work/names";
import "../work/work.css";
import { type Detail, keys as queries, useDocument } from "./api";
import { type Checklist, type Item, moved, newItem, unusedID } from "./checklist";
import "./design.css";
import { DraftBar } from "./DraftBar";
import { Row, Words } from "./inputs";
import { useDraft } from "./useDraft";

const methods = ["look", "test", "measure", "record"] as const;

/** ChecklistEditor edits the standard items of a category: what is checked, what is normal, and what that rests on. */
export function ChecklistEditor() {
  const { id = "" } = useParams();
  const query = useDocument<Checklist>("checklist", id);
  const client = useQueryClient();
  const [opened, setOpened] = useState(0);
  const reopen = () =>
    void client
      .refetchQueries({ queryKey: queries.one("checklist", id) })
      .then(() => client.invalidateQueries({ queryKey: ["hazard-catalogue"] }))
      .then(() => setOpened((n) => n + 1));
  return (
    <Loaded query={query} lines={12}>
      {(d) => <Editor key={`${id}-${opened}`} id={id} detail={d} reopen={reopen} />}
    </Loaded>
  );
}

function Editor({ id, detail, reopen }: { id: string; detail: Detail<Checklist>; reopen: () => void }) {
  const { t } = useTranslation();
  const draft = useDraft<Checklist>("checklist", id, detail);
  const { body, change } = draft;
  const set = (items: Item[], tag?: string) => change((b) => ({ ...b, items }), tag);
  const goTo = (path: string) => {
    const n = /^items\[(\d+)\]/.exec(path)?.[1];
    if (n !== undefined) document.getElementById(`check-${n}`)?.scrollIntoView({ block: "center" });
  };
  return (
    <main className="page design">
      <header className="page-head">
        <div>
          <p className="quiet">
            <Link to="/workbench">{t("design.title")}</Link> / {t("design.checklist")}
          </p>
          <h1>{say(body.title)}</h1>
          <p className="quiet">{t("design.checklistAbout")}</p>
        </div>
      </header>
      <DraftBar kind="checklist" id={id} detail={detail} draft={draft} goTo={goTo} reopen={reopen} />
      <div className="work-box design-props">
        <Row name={t("design.formTitle")}>
          <Words
            id="checklist-title"
            value={body.title}
            set={(v) => change((b) => ({ ...b, title: v ?? { zh: "", en: "" } }), "title")}
          />
        </Row>
        <ol className="design-checks">
          {body.items.map((x, i) => (
            <Check
              key={x.id}
              n={i}
              of={body.items.length}
              item={x}
              put={(patch, tag) =>
                set(
                  body.items.map((y, j) => (i === j ? { ...y, ...patch } : y)),
                  tag && `${x.id}.${tag}`,
                )
              }
              move={(to) => set(moved(body.items, i, to))}
              remove={() => set(body.items.filter((_, j) => j !== i))}
            />
          ))}
        </ol>
        <Button
          type="dashed"
          id="add-check"
          onClick={() =>
            set([
              ...body.items,
              { ...newItem(unusedID(body.items), ""), text: { zh: "" }, normal: { zh: "" } },
            ])
          }
        >
          {t("design.addCheck")}
        </Button>
      </div>
    </main>
  );
}

function Check({
  n,
  of,
  item: x,
  put,
  move,
  remove,
}: {
  n: number;
  of: number;
  item: Item;
  put: (patch: Partial<Item>, tag?: string) => void;
  move: (to: number) => void;
  remove: () => void;
}) {
  const { t } = useTranslation();
  const { data } = useCatalogue();
  const standards = data?.standards ?? [];
  const own = standards.some((s) => s.id === x.standard) || !x.standard;
  return (
    <li id={`check-${n}`} className="design-check" data-check={x.id}>
      <span className="design-check-n">{n + 1}</span>
      <div className="design-check-words">
        <Words
          id={`check-text-${n}`}
          label={t("design.checkText")}
          value={x.text}
          set={(v) => put({ text: v ?? { zh: "" } }, "text")}
        />
        <Words
          id={`check-normal-${n}`}
          label={t("design.checkNormal")}
          value={x.normal}
          set={(v) => put({ normal: v ?? { zh: "" } }, "normal")}
        />
      </div>
      <div className="design-check-how">
        <Select
          aria-label={t("design.checkMethod")}
          value={x.method}
          options={methods.map((m) => ({ value: m, label: t(`design.methods.${m}`) }))}
          onChange={(method: Item["method"]) => put({ method })}
        />
        <Select
          aria-label={t("design.checkLevel")}
          value={x.level || null}
          placeholder={t("design.checkLevel")}
          options={(data?.levels?.items ?? [])
            .filter((l) => !l.retired || l.code === x.level)
            .map((l) => ({
              value: l.code,
              label: (
                <>
                  <i className="design-dot" style={l.color ? { background: colour(l.color) } : undefined} />{" "}
                  {say(l.label)}
                </>
              ),
            }))}
          onChange={(level: string) => put({ level })}
        />
      </div>
      <div className="design-check-source">
        <Select
          showSearch
          optionFilterProp="label"
          aria-label={t("design.checkSource")}
          value={x.standard || null}
          placeholder={t("design.checkSource")}
          options={[
            ...(own ? [] : [{ value: x.standard, label: x.standard }]),
            ...standards.map((s) => ({ value: s.id, label: say(s.title) })),
          ]}
          onChange={(standard: string) => put({ standard, verified: false })}
        />
        <Input
          aria-label={t("design.checkClause")}
          placeholder={t("design.checkClause")}
          maxLength={60}
          value={x.clause ?? ""}
          onChange={(e) => put({ clause: e.target.value || undefined, verified: false }, "clause")}
        />
        <Checkbox checked={x.verified} onChange={(e) => put({ verified: e.target.checked })}>
          {t("design.checkVerified")}
        </Checkbox>
      </div>
      <span className="design-check-verbs">
        <Button
          size="small"
          type="text"
          aria-label={t("design.up")}
          disabled={n === 0}
          onClick={() => move(n - 1)}
        >
          ↑
        </Button>
        <Button
          size="small"
          type="text"
          aria-label={t("design.down")}
          disabled={n === of - 1}
          onClick={() => move(n + 1)}
        >
          ↓
        </Button>
        <Button size="small" type="text" aria-label={t("design.remove")} onClick={remove}>
          ✕
        </Button>
      </span>
    </li>
  );
}
