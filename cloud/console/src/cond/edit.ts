import {
  type Expr,
  isList,
  isWhen,
  type Kind,
  type Op,
  type Operand,
  ops,
  type Schema,
  shape,
  single,
} from "./types";

/** Steps is where a condition stands in the tree: indexes into args, or "where". */
export type Steps = (number | "where")[];

/** Mode is how a group joins its conditions. */
export type Mode = "all" | "any" | "none";

/** maxGroups is how deep the editor lets groups stand in one another. */
export const maxGroups = 4;

export function modeOf(e: Expr): Mode | undefined {
  if (e.op === "and") return "all";
  if (e.op === "or") return "any";
  return e.op === "not" && e.args?.[0]?.op === "or" ? "none" : undefined;
}

/** membersOf are the conditions of a group; "none" is not(or(…)). */
export function membersOf(e: Expr): Expr[] {
  return (e.op === "not" && modeOf(e) === "none" ? e.args?.[0]?.args : e.args) ?? [];
}

export function group(mode: Mode, args: Expr[]): Expr {
  if (mode === "none") return { op: "not", args: [{ op: "or", args }] };
  return { op: mode === "all" ? "and" : "or", args };
}

/** asGroup makes any condition one the editor can show: a group at the top, not(x) as none of x. */
export function asGroup(e: Expr | null | undefined): Expr {
  if (!e) return group("all", []);
  const shown = grouped(e);
  return modeOf(shown) ? shown : group("all", [shown]);
}

function grouped(e: Expr): Expr {
  if (e.op === "not" && modeOf(e) === undefined) return group("none", (e.args ?? []).map(grouped));
  if (modeOf(e)) return group(modeOf(e) ?? "all", membersOf(e).map(grouped));
  return e.where ? { ...e, where: asGroup(e.where) } : e;
}

/** trimmed is what the editor hands out: no condition if nothing was added. */
export const trimmed = (e: Expr): Expr | null => (membersOf(e).length === 0 ? null : e);

/** at changes the condition at steps; undefined takes it out. */
export function at(e: Expr, steps: Steps, change: (e: Expr) => Expr | Expr[] | undefined): Expr {
  const [step, ...rest] = steps;
  if (step === undefined) {
    const out = change(e);
    return Array.isArray(out) ? (out[0] ?? e) : (out ?? e);
  }
  if (step === "where") return e.where ? { ...e, where: at(e.where, rest, change) } : e;
  const members = membersOf(e);
  const old = members[step];
  if (!old) return e;
  const made = rest.length > 0 ? at(old, rest, change) : change(old);
  const put = made === undefined ? [] : Array.isArray(made) ? made : [made];
  return group(modeOf(e) ?? "all", [...members.slice(0, step), ...put, ...members.slice(step + 1)]);
}

export const add = (e: Expr, steps: Steps, what: Expr) =>
  at(e, steps, (g) => group(modeOf(g) ?? "all", [...membersOf(g), what]));

export const remove = (e: Expr, steps: Steps) => at(e, steps, () => undefined);

export const duplicate = (e: Expr, steps: Steps) => at(e, steps, (x) => [x, structuredClone(x)]);

/** move takes the condition at steps one place up (-1) or down (1) in its group. */
export function move(e: Expr, steps: Steps, by: -1 | 1): Expr {
  const index = steps.at(-1);
  if (typeof index !== "number") return e;
  return at(e, steps.slice(0, -1), (g) => {
    const members = [...membersOf(g)];
    const [a, b] = [members[index], members[index + by]];
    if (!a || !b) return g;
    members[index] = b;
    members[index + by] = a;
    return group(modeOf(g) ?? "all", members);
  });
}

/** pathOf is the JSON path of what stands at steps, as check tells it. */
export function pathOf(e: Expr, steps: Steps): string {
  let path = "";
  let now: Expr | undefined = e;
  const put = (s: string) => (path = path === "" ? s : `${path}.${s}`);
  for (const s of steps) {
    if (s === "where") put("where");
    else put(now?.op === "not" ? `args[0].args[${s}]` : `args[${s}]`);
    now = s === "where" ? now?.where : now && membersOf(now)[s];
  }
  return path;
}

/** leftKind is the kind a left side has. */
export function leftKind(o: Operand | undefined, schema: Schema): Kind | undefined {
  if (o?.count !== undefined) return "number";
  const name = o?.sum ?? o?.f;
  return name === undefined ? undefined : schema(name);
}

/** blank is a fresh comparison of a left side, its value still to be chosen. */
export function blank(l: Operand, k: Kind, op: Op = ops[k][0] ?? "empty"): Expr {
  switch (shape(op)) {
    case "rows":
      return { op, rows: l.f ?? "", where: group("all", []) };
    case "none":
      return { op, l };
    case "range":
      return { op, l, lo: {}, hi: {} };
    case "for":
      return { op, l, r: { v: "7d" } };
    case "many":
      return { op, l, r: { v: [] } };
  }
  return { op, l, r: isWhen(k) ? { now: "" } : k === "bool" ? { v: true } : {} };
}

/** withOp changes the operator and keeps the value where it still fits. */
export function withOp(e: Expr, op: Op, k: Kind): Expr {
  const l = e.l ?? { f: e.rows ?? "" };
  const fresh = blank(l, k, op);
  const [was, is] = [shape(e.op), shape(op)];
  if (was === is) return is === "rows" ? { ...fresh, where: e.where } : { ...e, op };
  const v = e.r?.v;
  if (was === "one" && is === "many" && v !== undefined && !Array.isArray(v))
    return { ...fresh, r: { v: [v] } };
  if (was === "many" && is === "one" && Array.isArray(v) && v[0] !== undefined)
    return { ...fresh, r: { v: v[0] } };
  if (was === "one" && is === "many" && (e.r?.me || e.r?.f)) return { ...fresh, r: e.r };
  return fresh;
}

/** Source is where a right side comes from. */
export type Source = "v" | "now" | "me" | "f";

/** sourcesOf are the sources an operator of a kind can take its right side from. */
export function sourcesOf(op: Op, k: Kind): Source[] {
  if (shape(op) === "for") return ["v"];
  const out: Source[] = ["v"];
  if (isWhen(k)) out.unshift("now");
  if (minesOf(op, k).length > 0) out.push("me");
  if (op !== "self_or_sub" && !(op === "same_day" && k === "instant")) out.push("f");
  return out;
}

/** minesOf are the facts about the person asking that fit. */
export function minesOf(op: Op, k: Kind): NonNullable<Operand["me"]>[] {
  const many = shape(op) === "many";
  switch (single(k)) {
    case "user":
      return ["id"];
    case "dept":
      return ["dept"];
    case "place":
      return many ? ["buildings"] : [];
    case "option":
      return many ? ["posts", "roles", "buildings"] : [];
  }
  return [];
}

/** fitsRight says if a field of kind rk may stand on the right of k. */
export function fitsRight(op: Op, k: Kind, rk: Kind): boolean {
  if (shape(op) === "many") return single(rk) === single(k) && rk !== "file";
  return rk === k && !isList(k);
}
