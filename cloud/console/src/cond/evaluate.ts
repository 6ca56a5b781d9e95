import { agree, literalKind, meKind } from "./check";
import {
  type Env,
  type Expr,
  isId,
  isList,
  isWhen,
  join,
  type Kind,
  type Op,
  type Operand,
  ops,
  shape,
} from "./types";
import { read, value, type Value } from "./value";
import { dayOf, dayStart, millis, parseDay, parseDuration, parseInstant, shiftDay } from "./when";

/** holds says if the condition is true; no condition always is. */
export function holds(e: Expr | null | undefined, env: Env): boolean {
  return !e || new Scope(env, env.fields, "").holds(e);
}

/** Scope is where names are looked up: the record, or one row of a sub-form. */
class Scope {
  constructor(
    private env: Env,
    private fields: (name: string) => unknown,
    private rows: string,
  ) {}

  holds(e: Expr): boolean {
    switch (e.op) {
      case "and":
        return (e.args ?? []).every((a) => this.holds(a));
      case "or":
        return (e.args ?? []).some((a) => this.holds(a));
      case "not":
        return e.args?.[0] !== undefined && !this.holds(e.args[0]);
      case "any_row":
      case "all_rows":
      case "no_row":
        return this.onRows(e);
    }
    return this.comparison(e);
  }

  private onRows(e: Expr): boolean {
    const name = e.rows ?? "";
    const v = this.field(name);
    if ((v && v.kind !== "rows") || !e.where) return false;
    const where = e.where;
    const all = v?.rows ?? [];
    const met = all.filter((row) => new Scope(this.env, (f) => row[f], name).holds(where)).length;
    if (e.op === "any_row") return met > 0;
    return e.op === "all_rows" ? met > 0 && met === all.length : met === 0;
  }

  private kind(name: string): Kind | undefined {
    return this.env.schema(join(this.rows, name));
  }

  private field(name: string): Value | undefined {
    const k = this.kind(name);
    return k && read(k, this.fields(name));
  }

  private value(o: Operand | undefined): Value | undefined {
    if (!o) return undefined;
    if (o.f !== undefined) return this.field(o.f);
    if (o.count !== undefined) {
      const v = this.field(o.count);
      if (v && v.kind !== "rows" && !isList(v.kind)) return undefined;
      return value("number", { n: (v?.rows.length ?? 0) + (v?.list.length ?? 0) });
    }
    if (o.sum !== undefined) return this.sum(o.sum);
    if (o.me !== undefined) return read(meKind(o.me), this.env.me[o.me]);
    if (o.now !== undefined) {
      const d = parseDuration(o.now, true);
      return d && value("instant", { n: this.env.now + millis(d) });
    }
    return o.v === undefined || Array.isArray(o.v) ? undefined : read(literalKind(o.v), o.v);
  }

  /** sum counts number cells in millionths, so that their order does not matter. */
  private sum(name: string): Value | undefined {
    const [rows = "", col = ""] = name.split(".");
    const k = this.kind(name);
    if (k !== "number" && k !== "money") return undefined;
    let n = 0;
    for (const row of this.field(rows)?.rows ?? []) {
      const cell = read(k, row[col])?.n ?? 0;
      n += k === "money" ? cell : Math.floor(cell * 1e6 + 0.5);
    }
    return value(k, { n: k === "money" ? n : n / 1e6 });
  }

  private comparison(e: Expr): boolean {
    const l = this.value(e.l);
    if (e.op === "empty") return !l && (e.l?.f === undefined || this.kind(e.l.f) !== undefined);
    if (e.op === "not_empty") return l !== undefined;
    if (!l || !ops[l.kind].includes(e.op)) return false;
    switch (shape(e.op)) {
      case "many":
        return this.many(e, l);
      case "range":
        return this.one("ge", l, e.lo) && this.one("le", l, e.hi);
      case "for":
        return this.within(e, l);
    }
    return this.one(e.op, l, e.r);
  }

  private one(op: Op, l: Value, o: Operand | undefined): boolean {
    if (!o) return false;
    if (isWhen(l.kind)) return this.times(op, l, o);
    const r = o.v !== undefined ? read(l.kind, o.v) : this.value(o);
    if (!r || r.kind !== l.kind) return false;
    if (op === "contains") return l.s.includes(r.s);
    if (op === "starts_with") return l.s.startsWith(r.s);
    if (isId(l.kind)) return op === "eq" ? l.s === r.s : op === "ne" && l.s !== r.s;
    return ordered(op, Math.sign(l.n - r.n));
  }

  private many(e: Expr, l: Value): boolean {
    if (l.kind === "number" || l.kind === "money") return this.amongNumbers(e, l);
    const set = this.set(e, l.kind);
    if (set.length === 0) return false;
    switch (e.op) {
      case "in":
        return set.includes(l.s);
      case "not_in":
        return !set.includes(l.s);
      case "self_or_sub":
        return set.some(
          (p) => p === l.s || (l.kind === "place" ? l.s.startsWith(`${p}/`) : this.env.under(p, l.s)),
        );
      case "has_all":
        return set.every((x) => l.list.includes(x));
    }
    return l.list.some((x) => set.includes(x)) === (e.op === "has_any");
  }

  private amongNumbers(e: Expr, l: Value): boolean {
    const v = e.r?.v;
    const list =
      v === undefined ? [this.value(e.r)] : (Array.isArray(v) ? v : [v]).map((x) => read(l.kind, x));
    if (list.some((r) => r?.kind !== l.kind)) return false;
    return list.some((r) => r?.n === l.n) === (e.op === "in");
  }

  /** set is the right side of a list comparison as texts; none is no value or a misfit. */
  private set(e: Expr, k: Kind): string[] {
    const v = e.r?.v;
    if (v !== undefined) {
      const list = Array.isArray(v) ? v : [v];
      return list.every((x) => typeof x === "string") ? list : [];
    }
    const r = e.r && (e.r.f !== undefined || e.r.me !== undefined) ? this.value(e.r) : undefined;
    if (!r || !e.r || !agree(e.op, k, r.kind, e.r)) return [];
    return isList(r.kind) ? r.list : [r.s];
  }

  private times(op: Op, l: Value, o: Operand): boolean {
    if (l.kind === "date") {
      const d = this.day(o);
      return d !== undefined && ordered(plain(op), Math.sign(l.n - d));
    }
    if (op === "same_day" && o.f !== undefined) return false;
    const b = this.bounds(op, o);
    return b !== undefined && ordered(plain(op), l.n < b[0] ? -1 : l.n >= b[1] ? 1 : 0);
  }

  private day(o: Operand): number | undefined {
    const zone = this.env.zone;
    if (o.now !== undefined) {
      const d = parseDuration(o.now, true);
      return d && shiftDay(this.env.now, d, zone);
    }
    if (o.v !== undefined) {
      const ms = parseInstant(o.v);
      return parseDay(o.v) ?? (ms === undefined ? undefined : dayOf(ms, zone));
    }
    const v = this.value(o);
    return v?.kind === "date" ? v.n : undefined;
  }

  /** bounds is a right side as the instants [start, end) it stands for. */
  private bounds(op: Op, o: Operand): [number, number] | undefined {
    const zone = this.env.zone;
    const whole = (d: number): [number, number] => [dayStart(d, zone), dayStart(d + 1, zone)];
    if (o.now !== undefined && op === "same_day") {
      const d = parseDuration(o.now, true);
      return d && whole(shiftDay(this.env.now, d, zone));
    }
    const d = parseDay(o.v);
    if (d !== undefined) return whole(d);
    const v = o.v !== undefined ? read("instant", o.v) : this.value(o);
    if (v?.kind !== "instant") return undefined;
    return op === "same_day" ? whole(dayOf(v.n, zone)) : [v.n, v.n + 1];
  }

  private within(e: Expr, l: Value): boolean {
    const d = parseDuration(e.r?.v, false);
    if (!d) return false;
    if (e.op === "within_last") d.n = -d.n;
    let [a, b] = [this.env.now, this.env.now + millis(d)];
    if (l.kind === "date")
      [a, b] = [dayOf(this.env.now, this.env.zone), shiftDay(this.env.now, d, this.env.zone)];
    return l.n >= Math.min(a, b) && l.n <= Math.max(a, b);
  }
}

function plain(op: Op): Op {
  return op === "before" ? "lt" : op === "after" ? "gt" : op === "same_day" ? "eq" : op;
}

function ordered(op: Op, c: number): boolean {
  switch (op) {
    case "eq":
      return c === 0;
    case "ne":
      return c !== 0;
    case "lt":
      return c < 0;
    case "le":
      return c <= 0;
    case "gt":
      return c > 0;
    case "ge":
      return c >= 0;
  }
  return false;
}
