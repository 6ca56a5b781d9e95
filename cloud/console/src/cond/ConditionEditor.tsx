import { Button, Segmented } from "antd";
import { type KeyboardEvent, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { language, say } from "../i18n";
import { check, type Problem } from "./check";
import { Comparison } from "./Comparison";
import "./cond.css";
import * as edit from "./edit";
import { type Field, find, leftsOf, namesOf, schemaOf } from "./fields";
import { sentence } from "./sentence";
import { type Expr, shape } from "./types";

export interface ConditionEditorProps {
  /** null is no condition: always true */
  value: Expr | null | undefined;
  onChange: (e: Expr | null) => void;
  fields: Field[];
  disabled?: boolean;
}

/** ConditionEditor builds a condition by clicks and tells it as a sentence beneath. */
export function ConditionEditor({ value, onChange, fields, disabled = false }: ConditionEditorProps) {
  const { t } = useTranslation();
  const tree = useMemo(() => edit.asGroup(value), [value]);
  const problems = useMemo(() => (value ? check(tree, schemaOf(fields)) : []), [value, tree, fields]);
  const change = (e: Expr) => onChange(edit.trimmed(e));
  return (
    <div className="cond" role="group" aria-label={t("cond.label")}>
      <Group
        {...{ tree, fields, problems, disabled, change }}
        e={tree}
        steps={[]}
        columns={fields}
        rows=""
        depth={1}
      />
      <p className="cond-says" aria-live="polite">
        <span className="quiet">{t("cond.says")}</span> {sentence(value && tree, language(), namesOf(fields))}
      </p>
    </div>
  );
}

interface Shared {
  tree: Expr;
  fields: Field[];
  problems: Problem[];
  disabled: boolean;
  change: (e: Expr) => void;
}

interface Place extends Shared {
  e: Expr;
  steps: edit.Steps;
  /** what the comparisons may name: fields of the record, or columns of rows */
  columns: Field[];
  rows: string;
  depth: number;
}

function Group(p: Place) {
  const { t } = useTranslation();
  const { e, tree, steps, disabled, change } = p;
  const mode = edit.modeOf(e) ?? "all";
  const members = edit.membersOf(e);
  const first = leftsOf(p.columns, p.rows !== "")[0];
  const path = edit.pathOf(tree, steps);
  const own = p.problems.filter(
    (x) =>
      x.path === path || x.path === (path ? `${path}.args` : "args") || x.path === `${path}.args[0].args`,
  );
  const setMode = (m: edit.Mode) => change(edit.at(tree, steps, () => edit.group(m, members)));
  return (
    <div className="cond-group">
      <Segmented<edit.Mode>
        aria-label={t("cond.mode")}
        size="small"
        value={mode}
        disabled={disabled}
        onChange={setMode}
        options={(["all", "any", "none"] as const).map((m) => ({ value: m, label: t(`cond.${m}`) }))}
      />
      <ul>
        {members.map((m, i) => (
          // rows have no identity of their own: they are where they stand
          <Row key={i} {...p} e={m} steps={[...steps, i]} last={i === members.length - 1} />
        ))}
      </ul>
      <Problems of={own} />
      <div className="cond-verbs">
        <Button
          size="small"
          disabled={disabled || !first}
          onClick={() => first && change(edit.add(tree, steps, edit.blank(first.operand, first.kind)))}
        >
          {t("cond.add")}
        </Button>
        {p.depth < edit.maxGroups && (
          <Button
            size="small"
            type="text"
            disabled={disabled || !first}
            onClick={() =>
              first &&
              change(edit.add(tree, steps, edit.group("any", [edit.blank(first.operand, first.kind)])))
            }
          >
            {t("cond.addGroup")}
          </Button>
        )}
      </div>
    </div>
  );
}

function Row(p: Place & { last: boolean }) {
  const { t } = useTranslation();
  const { e, tree, steps, disabled, change } = p;
  const nested = edit.modeOf(e) !== undefined;
  const path = edit.pathOf(tree, steps);
  const inner = e.where ? `${path}.where` : "\0";
  const mine = nested
    ? []
    : p.problems.filter(
        (x) =>
          (x.path === path || x.path.startsWith(`${path}.`)) &&
          x.path !== inner &&
          !x.path.startsWith(`${inner}.`),
      );
  const keys = (k: KeyboardEvent) => {
    if (!k.altKey || disabled) return;
    const done: Record<string, () => Expr> = {
      ArrowUp: () => edit.move(tree, steps, -1),
      ArrowDown: () => edit.move(tree, steps, 1),
      Delete: () => edit.remove(tree, steps),
      d: () => edit.duplicate(tree, steps),
    };
    const act = done[k.key];
    if (!act) return;
    k.preventDefault();
    k.stopPropagation();
    change(act());
  };
  const columns = e.where ? (find(p.fields, e.rows ?? "")?.columns ?? []) : p.columns;
  return (
    <li
      className={mine.length > 0 ? "cond-row cond-wrong" : "cond-row"}
      onKeyDown={keys}
      title={t("cond.keys")}
    >
      <div className="cond-line">
        {nested ? (
          <Group {...p} depth={p.depth + 1} />
        ) : (
          <Comparison
            e={e}
            columns={p.columns}
            inRows={p.rows !== ""}
            disabled={disabled}
            wrong={mine.length > 0}
            onChange={(made) => change(edit.at(tree, steps, () => made))}
          />
        )}
        <Verbs {...p} />
      </div>
      {shape(e.op) === "rows" && e.where && (
        <Group
          {...p}
          e={e.where}
          steps={[...steps, "where"]}
          columns={columns}
          rows={e.rows ?? ""}
          depth={p.depth + 1}
        />
      )}
      <Problems of={mine} />
    </li>
  );
}

function Verbs(p: Place & { last: boolean }) {
  const { t } = useTranslation();
  const { tree, steps, disabled, change } = p;
  const verb = (name: string, mark: string, act: () => Expr, off = false) => (
    <Button
      size="small"
      type="text"
      disabled={disabled || off}
      aria-label={t(`cond.${name}`)}
      title={t(`cond.${name}`)}
      onClick={() => change(act())}
    >
      {mark}
    </Button>
  );
  return (
    <span className="cond-row-verbs">
      {verb("up", "↑", () => edit.move(tree, steps, -1), steps.at(-1) === 0)}
      {verb("down", "↓", () => edit.move(tree, steps, 1), p.last)}
      {verb("duplicate", t("cond.duplicate"), () => edit.duplicate(tree, steps))}
      {verb("remove", "✕", () => edit.remove(tree, steps))}
    </span>
  );
}

function Problems({ of }: { of: Problem[] }) {
  if (of.length === 0) return null;
  return (
    <p className="cond-problem" role="alert">
      {[...new Set(of.map((x) => say(x.text)))].join(language() === "en" ? "; " : "；")}
    </p>
  );
}
