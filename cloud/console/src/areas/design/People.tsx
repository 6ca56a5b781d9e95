import { Button, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Field as CondField } from "../../cond/fields";
import { say } from "../../i18n";
import { useSpelled } from "../../parts/pinyin";
import { type Directory, type Field, type Node, useDirectory } from "../work/api";
import { When } from "./inputs";

export type Candidate = NonNullable<Node["who"]>[number];
type Source = Candidate["kind"];

const sources: Source[] = [
  ...(["role", "post", "persons", "initiator", "initiator_head", "superiors"] as const),
  ...(["dept_head", "dept_members", "field_person", "field_dept", "handler_of"] as const),
  ...(["chosen_start", "chosen_before", "dispatch"] as const),
];

export interface Known {
  fields: Field[]; // of the flow's form
  cond: CondField[];
  before: Node[]; // nodes passed on the way here
}

const named = (fields: Field[], key: string | undefined) =>
  say(fields.find((f) => f.key === key)?.label) || key;

/** useWords says whom a way of finding people names. */
export function useWords(fields: Field[], nodes: Node[]) {
  const { t } = useTranslation();
  const all = useDirectory().data;
  const list = (ids: string[] | null | undefined, of: { id: string; name: string }[]) =>
    (ids ?? []).map((id) => of.find((x) => x.id === id)?.name ?? id).join("、");
  const words = (c: Candidate): string => {
    const m = members(all);
    switch (c.kind) {
      case "role":
        return list(c.ids, m.roles);
      case "persons":
        return list(c.ids, m.people);
      case "post":
        return list(c.ids, m.posts);
      case "dept_head":
        return t("design.who.headOf", { what: list(c.ids, m.departments) });
      case "dept_members":
        return t("design.who.membersOf", { what: list(c.ids, m.departments) });
      case "field_person":
      case "field_dept":
        return t(`design.who.${c.kind}Is`, { what: named(fields, c.field) });
      case "handler_of":
        return t("design.who.handlerOf", { what: say(nodes.find((n) => n.id === c.node)?.name) });
      case "initiator_head":
        return t("design.who.headLevel", { n: c.level ?? 1 });
      case "superiors":
        return c.until
          ? t("design.who.upToPost", { what: list([c.until], m.posts) })
          : t("design.who.upToLevel", { n: c.level ?? 1 });
      case "dispatch":
        return t("design.who.rules", { n: (c.rules ?? []).length });
    }
    return t(`design.sources.${c.kind}`);
  };
  return (who: Candidate[] | null | undefined) => (who ?? []).map(words).filter(Boolean).join("、");
}

function members(all: Directory | undefined) {
  const units = (all?.units ?? []).map((u) => ({ id: u.id, name: say(u.name), kind: u.kind }));
  return {
    roles: (all?.roles ?? []).map((r) => ({ id: r.id, name: say(r.name) })),
    people: all?.people ?? [],
    posts: units.filter((u) => u.kind === "post"),
    departments: units.filter((u) => u.kind !== "post"),
  };
}

/** People edits who a node is for: one way of finding them, or several together. */
export function People({
  id,
  value,
  set,
  known,
  nested = false,
}: {
  id: string;
  value: Candidate[] | null | undefined;
  set: (v: Candidate[] | undefined) => void;
  known: Known;
  nested?: boolean;
}) {
  const { t } = useTranslation();
  const list = value ?? [];
  const put = (next: Candidate[]) => set(next.length > 0 ? next : undefined);
  const offered = sources.filter((s) => !nested || s !== "dispatch");
  return (
    <div className="design-people">
      {list.map((c, i) => (
        <div key={i} className="design-person">
          <Select
            id={`${id}-${i}-kind`}
            aria-label={t("design.source")}
            value={c.kind}
            options={offered.map((s) => ({ value: s, label: t(`design.sources.${s}`) }))}
            onChange={(kind) => put(list.map((x, j) => (j === i ? begin(kind) : x)))}
          />
          <div className="design-which">
            <Which
              id={`${id}-${i}`}
              c={c}
              known={known}
              set={(patch) => put(list.map((x, j) => (j === i ? { ...x, ...patch } : x)))}
            />
          </div>
          <Button
            size="small"
            type="text"
            aria-label={t("design.remove")}
            onClick={() => put(list.filter((_, j) => j !== i))}
          >
            ✕
          </Button>
        </div>
      ))}
      <Button size="small" type="dashed" id={`${id}-add`} onClick={() => put([...list, begin("role")])}>
        {t(list.length > 0 ? "design.who.alsoAdd" : "design.who.add")}
      </Button>
    </div>
  );
}

function begin(kind: Source): Candidate {
  if (kind === "initiator_head" || kind === "superiors") return { kind, level: 1 };
  if (kind === "dispatch") return { kind, rules: [{ who: [] }] } as Candidate;
  return { kind };
}

/** Which asks what a way of finding people still needs to know. */
function Which({
  id,
  c,
  known,
  set,
}: {
  id: string;
  c: Candidate;
  known: Known;
  set: (patch: Partial<Candidate>) => void;
}) {
  const { t } = useTranslation();
  const m = members(useDirectory().data);
  const fits = useSpelled();
  const many = (of: { id: string; name: string }[]) => (
    <Select
      id={`${id}-ids`}
      mode="multiple"
      showSearch={{
        filterOption: (word, o) => fits(o?.label ?? "", word, c.kind === "persons" ? "person" : "thing"),
      }}
      placeholder={t("work.choose")}
      value={c.ids ?? []}
      onChange={(ids) => set({ ids })}
      options={of.map((x) => ({ value: x.id, label: x.name }))}
    />
  );
  const field = (types: string[]) => (
    <Select
      id={`${id}-field`}
      placeholder={t("work.choose")}
      value={c.field}
      onChange={(f: string) => set({ field: f })}
      options={known.fields
        .filter((f) => types.includes(f.type) && !f.hidden)
        .map((f) => ({ value: f.key, label: say(f.label) }))}
    />
  );
  switch (c.kind) {
    case "role":
      return many(m.roles);
    case "persons":
      return many(m.people);
    case "post":
      return many(m.posts);
    case "dept_head":
    case "dept_members":
      return many(m.departments);
    case "field_person":
      return field(["person", "persons"]);
    case "field_dept":
      return field(["department", "departments"]);
    case "initiator_head":
      return <Level value={c.level} set={(level) => set({ level })} />;
    case "superiors":
      return (
        <span className="design-superiors">
          {!c.until && <Level value={c.level} set={(level) => set({ level })} />}
          <Select
            allowClear
            placeholder={t("design.who.untilPost")}
            value={c.until || undefined}
            onChange={(until?: string) =>
              set(until ? { until, level: undefined } : { until: undefined, level: 1 })
            }
            options={m.posts.map((x) => ({ value: x.id, label: x.name }))}
          />
        </span>
      );
    case "handler_of":
    case "chosen_before":
      return (
        <Select
          id={`${id}-node`}
          placeholder={t("work.choose")}
          value={c.node}
          onChange={(node: string) => set({ node })}
          options={known.before
            .filter((n) => ["start", "approve", "fill"].includes(n.type))
            .map((n) => ({ value: n.id, label: say(n.name) }))}
        />
      );
    case "dispatch":
      return <Rules id={id} c={c} known={known} set={set} />;
  }
  return null;
}

function Level({ value, set }: { value: number | undefined; set: (n: number) => void }) {
  const { t } = useTranslation();
  return (
    <InputNumber
      aria-label={t("design.who.level")}
      min={1}
      max={20}
      value={value ?? 1}
      addonBefore={t("design.who.levelBefore")}
      addonAfter={t("design.who.levelAfter")}
      onChange={(n) => set(n ?? 1)}
    />
  );
}

/** Rules send some records to some people: the first whose condition holds, the last for all else. */
function Rules({
  id,
  c,
  known,
  set,
}: {
  id: string;
  c: Candidate;
  known: Known;
  set: (p: Partial<Candidate>) => void;
}) {
  const { t } = useTranslation();
  const rules = c.rules ?? [];
  const put = (next: typeof rules) => set({ rules: next });
  return (
    <ol className="design-rules">
      {rules.map((r, i) => (
        <li key={i}>
          <When
            id={`${id}-rule-${i}`}
            value={r.when as never}
            set={(when) => put(rules.map((x, j) => (j === i ? ({ ...x, when } as typeof x) : x)))}
            fields={known.cond}
            none={t("design.who.otherwise")}
          />
          <People
            id={`${id}-rule-${i}-who`}
            nested
            value={r.who}
            set={(who) => put(rules.map((x, j) => (j === i ? { ...x, who: who ?? [] } : x)))}
            known={known}
          />
          <Button
            size="small"
            type="text"
            aria-label={t("design.remove")}
            onClick={() => put(rules.filter((_, j) => j !== i))}
          >
            ✕
          </Button>
        </li>
      ))}
      <Button
        size="small"
        type="dashed"
        onClick={() => put([...rules, { who: [] } as (typeof rules)[number]])}
      >
        {t("design.who.addRule")}
      </Button>
    </ol>
  );
}
