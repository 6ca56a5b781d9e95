import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Dropdown, Select } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { get } from "../../api/client";
import { namesOf } from "../../cond/fields";
import { sentence } from "../../cond/sentence";
import { language, say } from "../../i18n";
import { Loaded } from "../../parts/states";
import type { Field, Node } from "../work/api";
import { FlowTree, type Hands, type Spot } from "../work/FlowTree";
import "../work/work.css";
import { type Detail, keys as queries, useDocument } from "./api";
import { useCondFields } from "../work/condfields";
import "./design.css";
import { DraftBar } from "./DraftBar";
import * as edit from "./flowedit";
import type { Body as FormBody } from "./formedit";
import { clean } from "./formedit";
import { Help } from "./Help";
import { Row, Span, Words } from "./inputs";
import { NodeProps } from "./NodeProps";
import { People, useWords } from "./People";
import { type Change, useDraft } from "./useDraft";

/** FlowDesigner builds a flow as the tree that people later see it run in. */
export function FlowDesigner() {
  const { id = "" } = useParams();
  const query = useDocument<edit.Body>("flow", id);
  const client = useQueryClient();
  const [opened, setOpened] = useState(0);
  const reopen = () =>
    void client.refetchQueries({ queryKey: queries.one("flow", id) }).then(() => setOpened((n) => n + 1));
  return (
    <Loaded query={query} lines={10}>
      {(d) => <Designer key={`${id}-${opened}`} id={id} detail={d} reopen={reopen} />}
    </Loaded>
  );
}

/** useForm is the name and the fields of a flow's form, as it is in force. */
function useForm(form: string): { title: FormBody["title"] | undefined; fields: Field[] } {
  const query = useQuery({
    queryKey: ["documents", "form", form, "fields"],
    queryFn: () => get<Detail<FormBody>>(`/api/documents/form/${form}`),
  });
  return useMemo(() => {
    const body = query.data?.current?.body;
    return { title: body?.title, fields: body?.fields ?? [] };
  }, [query.data]);
}

const palette: Node["type"][] = ["approve", "fill", "cc", "condition", "parallel", "delay", "subflow"];

function Designer({ id, detail, reopen }: { id: string; detail: Detail<edit.Body>; reopen: () => void }) {
  const { t } = useTranslation();
  const draft = useDraft<edit.Body>("flow", id, detail);
  const { body, change } = draft;
  const { title, fields } = useForm(body.form);
  const [selected, setSelected] = useState<string>();
  const wrong = useMemo(
    () => new Set(draft.problems.map((p) => edit.nodeAt(body, p.path)).filter((x) => x !== undefined)),
    [draft.problems, body],
  );
  const node = selected ? edit.node(body, selected) : undefined;
  return (
    <main className="page design">
      <header className="page-head">
        <div>
          <p className="quiet">
            <Link to="/workbench">{t("design.title")}</Link> / {t("design.flow")} ·{" "}
            <Link to={`/workbench/forms/${body.form}`}>
              {t("design.onForm", { form: say(title) || body.form })}
            </Link>
          </p>
          <h1>{say(body.title)}</h1>
        </div>
        <div className="verbs">
          <Help at={node ? `node:${node.type}` : undefined} />
        </div>
      </header>
      <DraftBar
        kind="flow"
        id={id}
        detail={detail}
        draft={draft}
        goTo={(path) => setSelected(edit.nodeAt(body, path))}
        reopen={reopen}
      />
      <div className="design-split flow">
        <Tree {...{ body, change, fields, selected, setSelected, wrong }} />
        <aside className="design-side" aria-label={t("design.properties")}>
          {node ? (
            <>
              {node.type !== "start" && (
                <NodeVerbs n={node} change={change} gone={() => setSelected(undefined)} />
              )}
              <NodeProps key={node.id} n={node} body={body} fields={fields} change={change} />
            </>
          ) : (
            <FlowProps body={body} fields={fields} change={change} />
          )}
        </aside>
      </div>
    </main>
  );
}

interface TreeProps {
  body: edit.Body;
  change: Change<edit.Body>;
  fields: Field[];
  selected: string | undefined;
  setSelected: (id: string | undefined) => void;
  wrong: Set<string>;
}

function Tree({ body, change, fields, selected, setSelected, wrong }: TreeProps) {
  const { t } = useTranslation();
  const cond = useCondFields(fields);
  const who = useWords(fields, edit.all(body.nodes));
  const add = (at: Spot, type: Node["type"]) => {
    const both = (key: string, opt = {}) => ({
      zh: t(key, { lng: "zh-CN", ...opt }),
      en: language() === "en" ? t(key, opt) : "",
    });
    const names =
      type === "condition"
        ? [both("design.newBranch", { n: 1 }), both("work.otherwise")]
        : [both("design.newWay", { n: 1 }), both("design.newWay", { n: 2 })];
    const n = edit.fresh(body, type, both(`design.nodes.${type}`), names);
    change((b) => edit.insert(b, at, n));
    setSelected(n.id);
  };
  const hands: Hands = {
    selected,
    wrong,
    select: setSelected,
    about: (n) => aboutNode(n, who(n.who), (key) => t(key)),
    when: (b) => (b.when ? sentence(b.when, language(), namesOf(cond)) : t("work.otherwise")),
    plus: (at) => (
      <Dropdown
        trigger={["click"]}
        menu={{
          items: palette.map((x) => ({ key: x, label: t(`design.nodes.${x}`) })),
          onClick: ({ key }) => add(at, key as Node["type"]),
        }}
      >
        <button
          type="button"
          className="flow-plus"
          aria-label={t("design.addNode")}
          data-plus={"after" in at ? at.after : `${at.of}/${at.branch}`}
        >
          +
        </button>
      </Dropdown>
    ),
  };
  return (
    <section
      className="design-middle design-flow"
      id="flow-canvas"
      onClick={(e) => e.target === e.currentTarget && setSelected(undefined)}
    >
      <FlowTree nodes={body.nodes} hands={hands} />
    </section>
  );
}

/** aboutNode says whom a node is for, or what it waits for. */
export function aboutNode(n: Node, who: string, t: (key: string) => string): string {
  switch (n.type) {
    case "start":
      return t("design.whoStarts");
    case "approve":
    case "fill":
    case "cc":
      return who || t("design.who.nobody");
    case "delay":
      return n.after ?? n.until ?? "";
    case "subflow":
      return n.flow ?? "";
  }
  return "";
}

function NodeVerbs({ n, change, gone }: { n: Node; change: TreeProps["change"]; gone: () => void }) {
  const { t } = useTranslation();
  return (
    <span className="design-card-verbs">
      <Button size="small" onClick={() => change((b) => edit.move(b, n.id, -1))}>
        ↑ {t("design.up")}
      </Button>
      <Button size="small" onClick={() => change((b) => edit.move(b, n.id, 1))}>
        ↓ {t("design.down")}
      </Button>
      <Button size="small" onClick={() => change((b) => edit.duplicate(b, n.id))}>
        {t("design.copy")}
      </Button>
      <Button
        size="small"
        danger
        id="remove-node"
        onClick={() => {
          change((b) => edit.remove(b, n.id));
          gone();
        }}
      >
        {t("design.remove")}
      </Button>
    </span>
  );
}

/** FlowProps sets what holds for the whole flow. */
function FlowProps({
  body,
  fields,
  change,
}: {
  body: edit.Body;
  fields: Field[];
  change: TreeProps["change"];
}) {
  const { t } = useTranslation();
  const cond = useCondFields(fields);
  const s = body.settings ?? {};
  const put = (patch: Partial<NonNullable<edit.Body["settings"]>>, tag = "") =>
    change((b) => ({ ...b, settings: clean({ ...b.settings, ...patch }) as edit.Body["settings"] }), tag);
  const choose = (name: "withdraw" | "same_skip", values: string[]) => (
    <Row name={t(`design.settings.${name}`)}>
      <Select
        value={s[name] || values[0]}
        onChange={(v) => put({ [name]: v === values[0] ? undefined : v })}
        options={values.map((v) => ({ value: v, label: t(`design.${name}.${v}`) }))}
      />
    </Row>
  );
  return (
    <div className="design-props">
      <p className="quiet">{t("design.flowProps")}</p>
      <Row name={t("design.formTitle")}>
        <Words
          id="flow-title"
          value={body.title}
          set={(v) => change((b) => ({ ...b, title: v ?? { zh: "", en: "" } }), "title")}
        />
      </Row>
      {choose("withdraw", ["before_decision", "before_end", "never"])}
      {choose("same_skip", ["none", "consecutive", "all"])}
      <Row name={t("design.settings.urge")}>
        <Span
          id="urge"
          label={t("design.settings.urge")}
          value={s.urge}
          set={(urge) => put({ urge }, "urge")}
        />
      </Row>
      <Row name={t("design.fallback")} about={t("design.fallbackAbout")}>
        <People
          id="flow-fallback"
          nested
          value={s.fallback}
          set={(fallback) => put({ fallback })}
          known={{ fields, cond, before: [] }}
        />
      </Row>
      <Row name={t("design.summary")} about={t("design.summaryFlow")}>
        <Select
          mode="multiple"
          value={s.summary ?? []}
          onChange={(summary) => put({ summary })}
          options={fields
            .filter((f) => ["text", "multiline", "serial", "option", "place"].includes(f.type))
            .map((f) => ({ value: f.key, label: say(f.label) }))}
        />
      </Row>
    </div>
  );
}
