import { parseMoney } from "../cond/value";
import { dayOf, dayStart, parseDay, parseInstant } from "../cond/when";

/** Formulas of forms, twin of the server's (cloud/form/formula.go): one file of examples holds both. */

type Doc = Record<string, unknown>;
type Eval = (doc: Doc, zone: string) => number | undefined;

export interface Formula {
  eval: Eval;
  /** the fields it reads */
  reads: string[];
}

const maxLength = 1000;
const maxNesting = 50;

/** parseFormula reads a formula; what cannot be read is undefined: the server has said so when it was drafted. */
export function parseFormula(src: string): Formula | undefined {
  if (!src || new TextEncoder().encode(src).length > maxLength) return undefined;
  const p = new Parser(src);
  try {
    const run = p.sum(0);
    p.skip();
    return p.pos === src.length ? { eval: run, reads: [...p.reads] } : undefined;
  } catch (e) {
    if (e instanceof SyntaxError) return undefined;
    throw e;
  }
}

/** result is a formula's value as documents hold it: a number, or money as text. */
export function result(f: Formula, doc: Doc, zone: string, money: boolean, decimals = 2): unknown {
  const v = f.eval(doc, zone);
  if (v === undefined) return undefined;
  if (!money) return roundTo(v, decimals);
  const r = roundTo(v, 2);
  return Math.abs(r) >= 1e12 ? undefined : r.toFixed(2);
}

const numberOf = (raw: unknown): number | undefined => {
  if (typeof raw === "number") return Number.isFinite(raw) ? raw : undefined;
  const fen = parseMoney(raw);
  return fen === undefined ? undefined : fen / 100;
};

const finite = (v: number) => (Number.isFinite(v) ? v : undefined);

/**
 * roundTo rounds half away from zero; the last bits of the product are forgiven, so that 1.005 becomes
 * 1.01. A number so large that it has no such digits stays as it is.
 */
export function roundTo(v: number, n: number): number {
  const p = 10 ** n;
  const scaled = Math.abs(v) * p;
  if (scaled >= 2 ** 52) return v;
  const x = Math.floor(scaled + Math.min(scaled * 2 ** -50, 1e-6) + 0.5) / p;
  return v < 0 ? -x : x;
}

class Parser {
  pos = 0;
  reads = new Set<string>();
  constructor(private src: string) {}

  skip() {
    while (this.src[this.pos] === " ") this.pos++;
  }
  private next(...signs: string[]): string {
    this.skip();
    const c = this.src[this.pos] ?? "";
    if (c === "" || !signs.includes(c)) return "";
    this.pos++;
    return c;
  }
  private want(sign: string) {
    if (!this.next(sign)) throw new SyntaxError(`at ${this.pos + 1}`);
  }
  private word(): string {
    this.skip();
    const m = /^[a-z0-9_]*/.exec(this.src.slice(this.pos))?.[0] ?? "";
    this.pos += m.length;
    return m;
  }

  sum = (depth: number): Eval => this.chain(depth, this.product, "+", "-");
  private product = (depth: number): Eval => this.chain(depth, this.unary, "*", "/");

  private chain(depth: number, part: (depth: number) => Eval, ...signs: string[]): Eval {
    if (depth > maxNesting) throw new SyntaxError("nested too deeply");
    let left = part(depth);
    for (let sign = this.next(...signs); sign; sign = this.next(...signs))
      left = binary(sign, left, part(depth));
    return left;
  }

  private unary = (depth: number): Eval => {
    if (depth > maxNesting) throw new SyntaxError("nested too deeply");
    if (this.next("-")) {
      const x = this.unary(depth + 1);
      return (d, z) => {
        const v = x(d, z);
        return v === undefined ? undefined : -v;
      };
    }
    if (this.next("(")) {
      const x = this.sum(depth + 1);
      this.want(")");
      return x;
    }
    this.skip();
    const digits = /^[0-9][0-9.]*/.exec(this.src.slice(this.pos))?.[0];
    if (digits) return this.number(digits);
    const name = this.word();
    if (!name) throw new SyntaxError(`at ${this.pos + 1}`);
    if (this.next("(")) return this.call(name, depth + 1);
    this.reads.add(name);
    return (d) => numberOf(d[name]);
  };

  private number(digits: string): Eval {
    this.pos += digits.length;
    const v = Number(digits);
    if (Number.isNaN(v)) throw new SyntaxError(digits);
    return () => v;
  }

  private call(name: string, depth: number): Eval {
    if (["sum", "avg", "min", "max", "count"].includes(name)) return this.aggregate(name);
    if (name === "days" || name === "hours") return this.between(name);
    if (!["round", "or", "abs"].includes(name)) throw new SyntaxError(name);
    const a = this.sum(depth);
    if (name === "abs") {
      this.want(")");
      return (d, z) => {
        const v = a(d, z);
        return v === undefined ? undefined : Math.abs(v);
      };
    }
    this.want(",");
    if (name === "round") {
      const digits = this.word();
      if (!/^[0-6]$/.test(digits)) throw new SyntaxError("round needs 0 to 6 digits");
      this.want(")");
      return (d, z) => {
        const v = a(d, z);
        return v === undefined ? undefined : roundTo(v, Number(digits));
      };
    }
    const b = this.sum(depth);
    this.want(")");
    return (d, z) => a(d, z) ?? b(d, z);
  }

  private aggregate(name: string): Eval {
    const rows = this.word();
    const col = this.next(".") ? this.word() : "";
    if (!rows || (!col && name !== "count")) throw new SyntaxError(name);
    this.want(")");
    this.reads.add(rows);
    return (d) => overRows(name, Array.isArray(d[rows]) ? (d[rows] as Doc[]) : [], col);
  }

  private between(name: "days" | "hours"): Eval {
    const a = this.word();
    this.want(",");
    const b = this.word();
    if (!a || !b) throw new SyntaxError(name);
    this.want(")");
    this.reads.add(a).add(b);
    return (d, zone) => {
      const from = moment(d[a], zone);
      const to = moment(d[b], zone);
      if (from === undefined || to === undefined) return undefined;
      return name === "hours" ? (to - from) / 3_600_000 : dayOf(to, zone) - dayOf(from, zone);
    };
  }
}

function binary(sign: string, l: Eval, r: Eval): Eval {
  return (d, z) => {
    const a = l(d, z);
    const b = r(d, z);
    if (a === undefined || b === undefined) return undefined;
    return finite(sign === "+" ? a + b : sign === "-" ? a - b : sign === "*" ? a * b : a / b);
  };
}

/** overRows folds a column; rows without a value in it are left out. */
function overRows(name: string, rows: Doc[], col: string): number | undefined {
  if (name === "count")
    return rows.filter((r) => col === "" || (r[col] !== undefined && r[col] !== null)).length;
  const all = rows.map((r) => numberOf(r[col])).filter((v) => v !== undefined);
  const total = all.reduce((a, b) => a + b, 0);
  if (name === "sum") return finite(total);
  if (all.length === 0) return undefined;
  if (name === "avg") return total / all.length;
  return name === "min" ? Math.min(...all) : Math.max(...all);
}

/** moment reads a date (its beginning in the zone) or an instant, in milliseconds. */
function moment(raw: unknown, zone: string): number | undefined {
  const day = parseDay(raw);
  return day === undefined ? parseInstant(raw) : dayStart(day, zone);
}
