import { type Expr, join, type Op, type Operand, type Scalar } from "./types";
import { decimal } from "./value";
import { type Duration, parseDuration } from "./when";

type Lang = "zh-CN" | "en";

/** Names gives what people call things; "" is "I do not know it". */
export interface Names {
  field: (field: string, lang: Lang) => string;
  value: (field: string, value: string, lang: Lang) => string;
}

interface Words {
  ops: Partial<Record<Op, string>>;
  numberEq: string;
  and: string;
  or: string;
  comma: string;
  none: string;
  not: string;
  open: string;
  close: string;
  yes: string;
  no: string;
  always: string;
  me: Record<string, string>;
  count: string;
  sum: string;
  now: string;
  ago: string;
  ahead: string;
  unit: Record<string, string>;
  units: Record<string, string>;
}

const chinese: Words = {
  ops: {
    eq: "{l}是{r}",
    ne: "{l}已填且不是{r}",
    lt: "{l}小于{r}",
    le: "{l}不大于{r}",
    gt: "{l}大于{r}",
    ge: "{l}不小于{r}",
    between: "{l}在{lo}到{hi}之间（含两端）",
    in: "{l}是{r}之一",
    not_in: "{l}已填且不是{r}中的任何一个",
    contains: "{l}含有{r}",
    starts_with: "{l}以{r}开头",
    empty: "{l}没有填",
    not_empty: "{l}已填",
    before: "{l}早于{r}",
    after: "{l}晚于{r}",
    same_day: "{l}与{r}是同一天",
    within_last: "{l}在过去{r}内",
    within_next: "{l}在今后{r}内",
    self_or_sub: "{l}是{r}或其下级",
    has_any: "{l}包含{r}中的任意一个",
    has_all: "{l}包含{r}的全部",
    has_none: "{l}已填且不含{r}中的任何一个",
    any_row: "{l}中有一行满足（{r}）",
    all_rows: "{l}有内容且每一行都满足（{r}）",
    no_row: "{l}中没有任何一行满足（{r}）",
  },
  numberEq: "{l}等于{r}",
  and: "，并且",
  or: "，或者",
  comma: "、",
  none: "以下都不成立（{r}）",
  not: "并非（{r}）",
  open: "（",
  close: "）",
  yes: "“是”",
  no: "“否”",
  always: "没有条件（总是成立）",
  count: "{l}的数量",
  sum: "{l}的合计",
  now: "现在",
  ago: "{r}前",
  ahead: "{r}后",
  me: { id: "我本人", dept: "我的部门", posts: "我的岗位", roles: "我的角色", buildings: "我负责的楼栋" },
  unit: { m: "分钟", h: "小时", d: "天", w: "周" },
  units: { m: "分钟", h: "小时", d: "天", w: "周" },
};

const english: Words = {
  ops: {
    eq: "{l} is {r}",
    ne: "{l} is filled in and is not {r}",
    lt: "{l} is less than {r}",
    le: "{l} is at most {r}",
    gt: "{l} is more than {r}",
    ge: "{l} is at least {r}",
    between: "{l} is between {lo} and {hi} (inclusive)",
    in: "{l} is one of {r}",
    not_in: "{l} is filled in and is none of {r}",
    contains: "{l} contains {r}",
    starts_with: "{l} starts with {r}",
    empty: "{l} is not filled in",
    not_empty: "{l} is filled in",
    before: "{l} is before {r}",
    after: "{l} is after {r}",
    same_day: "{l} is on the same day as {r}",
    within_last: "{l} is within the last {r}",
    within_next: "{l} is within the next {r}",
    self_or_sub: "{l} is {r} or below",
    has_any: "{l} has any of {r}",
    has_all: "{l} has all of {r}",
    has_none: "{l} is filled in and has none of {r}",
    any_row: "{l} has a row where ({r})",
    all_rows: "{l} has rows and in each ({r})",
    no_row: "{l} has no row where ({r})",
  },
  numberEq: "{l} equals {r}",
  and: ", and ",
  or: ", or ",
  comma: ", ",
  none: "none of these holds: ({r})",
  not: "it is not so that ({r})",
  open: "(",
  close: ")",
  yes: "yes",
  no: "no",
  always: "no condition (always true)",
  count: "the number of {l}",
  sum: "the total of {l}",
  now: "now",
  ago: "{r} ago",
  ahead: "{r} from now",
  me: { id: "me", dept: "my department", posts: "my posts", roles: "my roles", buildings: "my buildings" },
  unit: { m: " minute", h: " hour", d: " day", w: " week" },
  units: { m: " minutes", h: " hours", d: " days", w: " weeks" },
};

/** sentence tells the condition to people, as the server does. */
export function sentence(e: Expr | null | undefined, lang: Lang, names: Names): string {
  const s = new Speaker(lang === "en" ? english : chinese, lang, names);
  return e ? s.node(e, "", true) : s.words.always;
}

function fill(template: string, sides: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => sides[key] ?? whole);
}

class Speaker {
  constructor(
    readonly words: Words,
    private lang: Lang,
    private names: Names,
  ) {}

  node(e: Expr, rows: string, top: boolean): string {
    const w = this.words;
    const inner = e.args?.[0];
    switch (e.op) {
      case "and":
        return this.group(e, w.and, rows, top);
      case "or":
        return this.group(e, w.or, rows, top);
      case "not":
        if (inner?.op === "or") return fill(w.none, { r: this.group(inner, w.or, rows, true) });
        return fill(w.not, { r: inner ? this.node(inner, rows, true) : "…" });
      case "any_row":
      case "all_rows":
      case "no_row":
        return fill(w.ops[e.op] ?? "", {
          l: this.field(e.rows ?? "", ""),
          r: e.where ? this.node(e.where, e.rows ?? "", true) : "…",
        });
    }
    const of = e.l?.f !== undefined ? join(rows, e.l.f) : "";
    const number = e.l?.count !== undefined || e.l?.sum !== undefined || typeof e.r?.v === "number";
    return fill(e.op === "eq" && number ? w.numberEq : (w.ops[e.op] ?? ""), {
      l: this.operand(e.l, e.op, rows, ""),
      r: this.operand(e.r, e.op, rows, of),
      lo: this.operand(e.lo, e.op, rows, of),
      hi: this.operand(e.hi, e.op, rows, of),
    });
  }

  private group(e: Expr, word: string, rows: string, top: boolean): string {
    const args = e.args ?? [];
    if (args.length === 0) return "…";
    const out = args.map((a) => this.node(a, rows, args.length === 1 && top)).join(word);
    return top || args.length === 1 ? out : `${this.words.open}${out}${this.words.close}`;
  }

  private field(name: string, rows: string): string {
    return this.names.field(join(rows, name), this.lang) || name || "…";
  }

  private operand(o: Operand | undefined, op: Op, rows: string, of: string): string {
    const w = this.words;
    if (o?.f !== undefined) return this.field(o.f, rows);
    if (o?.count !== undefined) return fill(w.count, { l: this.field(o.count, rows) });
    if (o?.sum !== undefined) return fill(w.sum, { l: this.field(o.sum, rows) });
    if (o?.me !== undefined) return w.me[o.me] ?? o.me;
    if (o?.now !== undefined) return this.moment(parseDuration(o.now, true));
    if (o?.v === undefined || o.v === "") return "…";
    if (op === "within_last" || op === "within_next") return this.duration(parseDuration(o.v, false));
    return Array.isArray(o.v)
      ? o.v.map((x) => this.literal(x, of)).join(w.comma) || "…"
      : this.literal(o.v, of);
  }

  private literal(v: Scalar, of: string): string {
    if (typeof v === "number") return decimal(v);
    if (typeof v === "boolean") return v ? this.words.yes : this.words.no;
    return `“${(of && this.names.value(of, v, this.lang)) || v}”`;
  }

  private moment(d: Duration | undefined): string {
    if (!d) return "…";
    if (d.n === 0) return this.words.now;
    const r = this.duration({ ...d, n: Math.abs(d.n) });
    return fill(d.n < 0 ? this.words.ago : this.words.ahead, { r });
  }

  private duration(d: Duration | undefined): string {
    if (!d) return "…";
    return `${d.n}${(d.n === 1 ? this.words.unit : this.words.units)[d.unit] ?? ""}`;
  }
}
