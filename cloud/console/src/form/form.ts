import { holds } from "../cond/evaluate";
import type { Env, Expr, Kind, Operand } from "../cond/types";
import type { Doc, Field } from "./types";
import { kinds } from "./types";
import { type Formula, parseFormula, result } from "./formula";

/** View is how one control stands now. It is the same object until something in it changes. */
export interface View {
  value: unknown;
  seen: boolean;
  must: boolean;
  locked: boolean;
  problem: string;
}

export interface Options {
  me: string;
  zone: string;
  now: () => number;
  /** fields that must be filled in besides those the form says */
  required?: string[];
}

/** cell is the path of a column of a row: "rows/<row id>/column". */
export const cell = (rows: string, row: string, column: string) => `${rows}/${row}/${column}`;

const absent: View = { value: undefined, seen: false, must: false, locked: false, problem: "" };

/**
 * Form is a form being filled in, without a page: the document, what the conditions make
 * of it, and who listens to which control. A change is told to those controls only whose
 * view it changes.
 */
export class Form {
  doc: Doc;
  private listeners = new Map<string, Set<() => void>>();
  private views = new Map<string, View>();
  private problems: Record<string, string> = {};
  private formulas = new Map<string, Formula>();
  private readers = new Map<string, Set<string>>(); // field → fields whose conditions or formula read it
  private rowReaders = new Map<string, Set<string>>(); // sub-form → columns whose conditions read the record
  private anyone = new Set<(doc: Doc, key: string) => void>();
  private fresh = 0;

  constructor(
    readonly fields: Field[],
    doc: Doc,
    private options: Options,
  ) {
    this.doc = this.withRowIDs(doc);
    for (const f of fields) {
      this.learn(f, f.key);
      for (const g of f.fields ?? []) this.learnColumn(f, g);
    }
    this.compute(new Set(fields.map((f) => f.key)));
  }

  private learn(f: Field, key: string) {
    const parsed = f.type === "formula" ? parseFormula(f.formula ?? "") : undefined;
    if (parsed) this.formulas.set(key, parsed);
    for (const r of [...names(f), ...(parsed?.reads ?? [])]) this.reads(this.readers, bare(r), key);
  }

  private learnColumn(f: Field, g: Field) {
    const parsed = g.type === "formula" ? parseFormula(g.formula ?? "") : undefined;
    if (parsed) this.formulas.set(`${f.key}.${g.key}`, parsed);
    if (names(g).length > 0 || parsed) this.reads(this.rowReaders, f.key, g.key);
  }

  private reads(into: Map<string, Set<string>>, what: string, who: string) {
    const all = into.get(what) ?? new Set();
    into.set(what, all.add(who));
  }

  private withRowIDs(doc: Doc): Doc {
    const out = { ...doc };
    for (const f of this.fields)
      if (f.type === "rows" && Array.isArray(out[f.key]))
        out[f.key] = (out[f.key] as Doc[]).map((r) => (r._id ? r : { ...r, _id: this.rowID() }));
    return out;
  }

  private rowID = () => `new-${++this.fresh}`;

  subscribe(path: string, fn: () => void): () => void {
    const all = this.listeners.get(path) ?? new Set();
    this.listeners.set(path, all.add(fn));
    return () => all.delete(fn);
  }

  /** onChange is told of every change, with the field it was in. */
  onChange(fn: (doc: Doc, key: string) => void): () => void {
    this.anyone.add(fn);
    return () => this.anyone.delete(fn);
  }

  view(path: string): View {
    const had = this.views.get(path);
    const is = this.look(path);
    if (had && same(had, is)) return had;
    this.views.set(path, is);
    return is;
  }

  private look(path: string): View {
    const [key = "", row, column] = path.split("/");
    const f = this.fields.find((x) => x.key === key);
    if (!f) return absent;
    const problem = this.problems[path] ?? "";
    if (row === undefined) {
      const env = this.env();
      const value = f.type === "rows" ? this.rowIDs(key).join(" ") : this.doc[key];
      return {
        value,
        seen: !f.hidden && holds(f.visible, env),
        must: asked(f, env) || (this.options.required ?? []).includes(key),
        locked: locked(f, env),
        problem,
      };
    }
    const g = f.fields?.find((x) => x.key === column);
    const doc = this.rows(key).find((r) => r._id === row);
    if (!g || !doc) return absent;
    const env = this.env(f, doc);
    return {
      value: doc[g.key],
      seen: !g.hidden && holds(g.visible, env),
      must: asked(g, env),
      locked: locked(g, env),
      problem,
    };
  }

  rows = (key: string): Doc[] => (Array.isArray(this.doc[key]) ? (this.doc[key] as Doc[]) : []);
  rowIDs = (key: string): string[] => this.rows(key).map((r) => String(r._id));

  /** set changes one control. null and undefined take a value away. */
  set(path: string, value: unknown) {
    const [key = "", row, column = ""] = path.split("/");
    if (row === undefined) this.put(key, value ?? undefined);
    else
      this.put(
        key,
        this.rows(key).map((r) =>
          r._id === row ? this.rowResults(key, { ...r, [column]: value ?? undefined }) : r,
        ),
      );
    this.forgive(path);
    this.changed(key, row);
  }

  /** fill sets several fields at once. */
  fill(patch: Doc) {
    for (const [k, v] of Object.entries(patch)) this.set(k, v);
  }

  addRow(key: string, values: Doc = {}) {
    this.put(key, [...this.rows(key), this.rowResults(key, { ...values, _id: this.rowID() })]);
    this.changed(key);
  }

  /** setRows puts other rows in the place of all there are. */
  setRows(key: string, rows: Doc[]) {
    const fresh = rows.map((r) => this.rowResults(key, { ...r, _id: this.rowID() }));
    this.put(key, fresh.length > 0 ? fresh : undefined);
    this.changed(key);
  }

  removeRow(key: string, row: string) {
    const left = this.rows(key).filter((r) => r._id !== row);
    this.put(key, left.length > 0 ? left : undefined);
    this.changed(key);
  }

  copyRow(key: string, row: string) {
    const r = this.rows(key).find((x) => x._id === row);
    if (r) this.addRow(key, r);
  }

  private put(key: string, value: unknown) {
    this.doc = { ...this.doc, [key]: value };
  }

  private rowResults(key: string, row: Doc): Doc {
    const f = this.fields.find((x) => x.key === key);
    for (const g of f?.fields ?? []) {
      const formula = this.formulas.get(`${key}.${g.key}`);
      if (formula)
        row = { ...row, [g.key]: result(formula, row, this.options.zone, g.result === "money", g.decimals) };
    }
    return row;
  }

  /** compute brings up to date what formulas make of changed fields, and returns all that changed. */
  private compute(changed: Set<string>): Set<string> {
    for (const key of changed)
      for (const reader of this.readers.get(key) ?? []) {
        const formula = this.formulas.get(reader);
        if (!formula) continue;
        const f = this.fields.find((x) => x.key === reader);
        const v = result(formula, this.doc, this.options.zone, f?.result === "money", f?.decimals);
        if (v === this.doc[reader]) continue;
        this.put(reader, v);
        changed.add(reader); // a set being walked also walks what is added
      }
    return changed;
  }

  private changed(key: string, row?: string) {
    const all = this.compute(new Set([key]));
    const touched = new Set(all);
    for (const k of all) for (const r of this.readers.get(k) ?? []) touched.add(r);
    for (const k of touched) this.tell(k);
    for (const f of this.fields)
      if (f.type === "rows") this.tellRows(f, f.key === key ? row : undefined, f.key === key);
    for (const fn of this.anyone) fn(this.doc, key);
  }

  /** tellRows tells the columns of rows whose conditions may read what changed, and the cells of a changed row. */
  private tellRows(f: Field, row: string | undefined, own: boolean) {
    const readers = this.rowReaders.get(f.key) ?? new Set<string>();
    for (const id of row ? [row] : own || readers.size > 0 ? this.rowIDs(f.key) : [])
      for (const g of row ? (f.fields ?? []) : (f.fields ?? []).filter((g) => readers.has(g.key)))
        this.tell(cell(f.key, id, g.key));
  }

  private tell(path: string) {
    const listeners = this.listeners.get(path);
    if (!listeners || listeners.size === 0) return;
    const had = this.views.get(path);
    if (had && this.view(path) === had) return;
    for (const fn of listeners) fn();
  }

  private forgive(path: string) {
    if (!this.problems[path]) return;
    const { [path]: _, ...rest } = this.problems;
    this.problems = rest;
  }

  /** complain shows what the server said of each control; its paths are "field", "rows[2].column". */
  complain(problems: Record<string, string>) {
    const before = Object.keys(this.problems);
    this.problems = {};
    for (const [path, text] of Object.entries(problems)) {
      const m = /^([a-z0-9_]+)\[(\d+)\]\.([a-z0-9_]+)/.exec(path);
      const row = m && this.rowIDs(m[1] ?? "")[Number(m[2])];
      this.problems[m && row ? cell(m[1] ?? "", row, m[3] ?? "") : path] = text;
    }
    for (const path of new Set([...before, ...Object.keys(this.problems)])) this.tell(path);
  }

  /** missing are the controls on the page, among those that may be written, that must be filled in and are not. */
  missing(write: (f: Field) => boolean): string[] {
    const empty = (v: View) =>
      v.seen && v.must && (v.value === undefined || v.value === null || v.value === "");
    return this.fields.filter(write).flatMap((f) => {
      const own = empty(this.view(f.key)) ? [f.key] : [];
      if (f.type !== "rows" || !this.view(f.key).seen) return own;
      const cells = this.rowIDs(f.key).flatMap((id) => (f.fields ?? []).map((g) => cell(f.key, id, g.key)));
      return [...own, ...cells.filter((p) => empty(this.view(p)))];
    });
  }

  private env(rowsOf?: Field, row?: Doc): Env {
    const { me, zone, now } = this.options;
    const column = (name: string) => rowsOf?.fields?.find((g) => g.key === name);
    return {
      fields: (name) => (row && column(name) ? row[name] : this.doc[name]),
      schema: (name): Kind | undefined => {
        const own = column(name);
        if (own) return kinds[own.type];
        const [key, col] = name.split(".");
        const f = this.fields.find((x) => x.key === key);
        const g = col ? f?.fields?.find((x) => x.key === col) : f;
        return g && kinds[g.type];
      },
      now: now(),
      zone,
      me: { id: me, dept: "", posts: [], roles: [], buildings: [] },
      under: (parent, dept) => parent === dept,
    };
  }
}

const bare = (name: string) => name.split(".")[0]?.split("__")[0] ?? "";

const same = (a: View, b: View) =>
  a.value === b.value &&
  a.seen === b.seen &&
  a.must === b.must &&
  a.locked === b.locked &&
  a.problem === b.problem;

/** asked says if a field must be filled in now. */
const asked = (f: Field, env: Env): boolean =>
  f.required === true ||
  (!!f.required_if && holds(f.required_if, env)) ||
  (f.type === "rows" && (f.min_count ?? 0) > 0);

const locked = (f: Field, env: Env): boolean =>
  f.read_only === true || (!!f.read_only_if && holds(f.read_only_if, env));

/** names are the fields that the conditions of a field read. */
function names(f: Field): string[] {
  const out = new Set<string>();
  const operand = (o: Operand | undefined) => {
    for (const n of [o?.f, o?.count, o?.sum]) if (n) out.add(n);
  };
  const walk = (e: Expr | null | undefined) => {
    if (!e) return;
    for (const o of [e.l, e.r, e.lo, e.hi]) operand(o);
    if (e.rows) out.add(e.rows);
    for (const a of e.args ?? []) walk(a);
    walk(e.where);
  };
  for (const e of [f.visible, f.required_if, f.read_only_if]) walk(e);
  return [...out];
}
