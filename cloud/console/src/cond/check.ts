import type { Text } from "../api/types";
import {
  type Expr,
  isList,
  isWhen,
  join,
  type Kind,
  maxDepth,
  maxNodes,
  type Me,
  type Op,
  type Operand,
  ops,
  type Scalar,
  type Schema,
  shape,
  single,
} from "./types";
import { read, validText } from "./value";
import { parseDay, parseDuration, parseInstant } from "./when";

/** Problem is one thing wrong with a condition; path is the JSON path from its top. */
export interface Problem {
  path: string;
  text: Text;
}

const words: Record<Kind, [string, string]> = {
  text: ["文字", "text"],
  number: ["数字", "a number"],
  money: ["金额", "money (at most two decimals)"],
  date: ["日期或时间", "a date or time"],
  instant: ["日期或时间", "a date or time"],
  bool: ["是非", "yes or no"],
  option: ["选项", "an option"],
  options: ["选项", "an option"],
  user: ["人员", "a person"],
  users: ["人员", "a person"],
  dept: ["部门", "a department"],
  depts: ["部门", "a department"],
  place: ["位置", "a place"],
  file: ["附件", "a file"],
  rows: ["明细", "a sub-form"],
};

export function meKind(me: Me): Kind {
  return me === "id" ? "user" : me === "dept" ? "dept" : "options";
}

export function literalKind(v: Scalar): Kind {
  return typeof v === "number" ? "number" : typeof v === "boolean" ? "bool" : "text";
}

/** agree says if a right side of kind rk (a field, me, count or sum) fits the left kind k. */
export function agree(op: Op, k: Kind, rk: Kind, o: Operand): boolean {
  if (op === "self_or_sub" && o.f !== undefined) return false;
  if (shape(op) === "many") {
    if (o.me === "buildings") return k === "place" || k === "option" || k === "options" || k === "text";
    return single(rk) === single(k) && rk !== "file";
  }
  if (op === "same_day" && k === "instant" && o.f !== undefined) return false;
  return rk === k && !isList(k);
}

const at = (path: string, key: string) => (path === "" ? key : `${path}.${key}`);

/** check finds what is unfinished or wrong with the condition for these fields. */
export function check(e: Expr | null | undefined, schema: Schema): Problem[] {
  const c = new Checker(schema);
  if (e) c.node(e, "", "", 1);
  return c.problems;
}

class Checker {
  problems: Problem[] = [];
  private nodes = 0;
  constructor(private schema: Schema) {}

  private add(path: string, zh: string, en: string) {
    this.problems.push({ path, text: { zh, en } });
  }

  node(e: Expr, path: string, rows: string, depth: number) {
    if (++this.nodes === maxNodes + 1)
      this.add(path, `条件超过 ${maxNodes} 项`, `more than ${maxNodes} conditions`);
    if (depth > maxDepth) return this.add(path, `嵌套超过 ${maxDepth} 层`, `nested deeper than ${maxDepth}`);
    switch (shape(e.op)) {
      case "group":
      case "not":
        if (!e.args?.length) this.add(at(path, "args"), "条件组是空的", "the group is empty");
        if (e.op === "not" && (e.args?.length ?? 0) > 1)
          this.add(at(path, "args"), "“非”只能有一个条件", "not takes one condition");
        for (const [i, a] of (e.args ?? []).entries()) this.node(a, at(path, `args[${i}]`), rows, depth + 1);
        return;
      case "rows":
        return this.onRows(e, path, rows, depth);
    }
    this.comparison(e, path, rows);
  }

  private onRows(e: Expr, path: string, rows: string, depth: number) {
    if (rows !== "") this.add(path, "明细行条件不能再套明细", "a condition on rows cannot hold another");
    const k = e.rows ? this.schema(e.rows) : undefined;
    if (!k) this.unknown(at(path, "rows"), e.rows);
    else if (k !== "rows") this.add(at(path, "rows"), "不是明细", "not a sub-form");
    else if (!e.where) this.add(at(path, "where"), "缺少", "missing");
    else this.node(e.where, at(path, "where"), e.rows ?? "", depth + 1);
  }

  private unknown(path: string, name: string | undefined) {
    if (!name) this.add(path, "请选择字段", "choose a field");
    else this.add(path, `没有字段“${name}”`, `no field "${name}"`);
  }

  private comparison(e: Expr, path: string, rows: string) {
    const k = this.kind(e.l, at(path, "l"), rows);
    if (!k) return;
    if (!ops[k].includes(e.op))
      return this.add(
        at(path, "op"),
        `${words[k][0]}字段没有运算 ${e.op}`,
        `a field of kind ${k} has no op ${e.op}`,
      );
    const kind = shape(e.op);
    if (kind === "none") return;
    const sides = kind === "range" ? (["lo", "hi"] as const) : (["r"] as const);
    for (const side of sides) this.right(e.op, k, e[side], at(path, side), rows);
  }

  private kind(o: Operand | undefined, path: string, rows: string): Kind | undefined {
    if (o?.count !== undefined) return this.counted(o.count, at(path, "count"), rows);
    if (o?.sum !== undefined) return this.summed(o.sum, at(path, "sum"), rows);
    if (o?.me !== undefined) return meKind(o.me);
    if (o?.now !== undefined) return "instant";
    if (o?.v !== undefined) {
      if (!Array.isArray(o.v)) return literalKind(o.v);
      this.add(path, "左边不能是列表", "a list cannot stand on the left");
      return undefined;
    }
    const k = o?.f ? this.schema(join(rows, o.f)) : undefined;
    if (!k) this.unknown(at(path, "f"), o?.f);
    return k;
  }

  private counted(name: string, path: string, rows: string): Kind | undefined {
    const k = this.schema(join(rows, name));
    if (k && (isList(k) || k === "rows")) return "number";
    if (k) this.add(path, "只能数明细或多选", "only rows and lists can be counted");
    else this.unknown(path, name);
    return undefined;
  }

  private summed(name: string, path: string, rows: string): Kind | undefined {
    const k = rows === "" && this.schema(name.split(".")[0] ?? "") === "rows" ? this.schema(name) : undefined;
    if (k === "number" || k === "money") return k;
    if (k) this.add(path, "只能对数字或金额求和", "only numbers and money can be summed");
    else this.unknown(path, name);
    return undefined;
  }

  private right(op: Op, k: Kind, o: Operand | undefined, path: string, rows: string) {
    if (!o || Object.keys(o).length === 0) return this.add(path, "请填写值", "a value is missing");
    if (shape(op) === "for") {
      if (!parseDuration(o.v, false))
        this.add(at(path, "v"), '应为如 "24h"、"7d" 的时长', 'must be a duration like "24h" or "7d"');
      return;
    }
    if (o.v !== undefined) return this.literals(op, k, o.v, at(path, "v"));
    if (o.now !== undefined) {
      if (!isWhen(k)) this.add(path, "只有日期和时间可与现在比较", "only dates and times compare with now");
      else if (!parseDuration(o.now, true))
        this.add(at(path, "now"), '应为如 "-24h" 的时长，或空', 'must be a shift like "-24h", or ""');
      return;
    }
    const rk = this.kind(o, path, rows);
    if (rk && !agree(op, k, rk, o))
      this.add(path, `${words[k][0]}不能与${words[rk][0]}比较`, `${k} does not compare with ${rk}`);
  }

  private literals(op: Op, k: Kind, v: Scalar | Scalar[], path: string) {
    if (!Array.isArray(v)) return this.literal(k, v, path);
    if (shape(op) !== "many")
      return this.add(path, "这里只能是一个值", "one value is wanted here, not a list");
    if (v.length === 0) this.add(path, "至少选一个值", "the list is empty");
    for (const [i, x] of v.entries()) this.literal(k, x, `${path}[${i}]`);
  }

  private literal(k: Kind, v: Scalar, path: string) {
    if (typeof v === "string" && !validText(v)) return this.add(path, "请填写值", "a value is missing");
    const fits = isWhen(k)
      ? parseDay(v) !== undefined || parseInstant(v) !== undefined
      : read(single(k), v) !== undefined;
    if (!fits) this.add(path, `值不是${words[k][0]}`, `the value is not ${words[k][1]}`);
  }
}
