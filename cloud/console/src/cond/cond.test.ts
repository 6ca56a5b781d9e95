import { expect, it } from "vitest";
import { check } from "./check";
import { holds } from "./evaluate";
import { sentence } from "./sentence";
import { type Env, type Expr, type Kind, kinds, type Op, ops, type Person } from "./types";

// The files are the server's own: all four back ends answer to them.
const files = import.meta.glob("../../../cond/testdata/*.json", { eager: true, import: "default" });

function file<T>(name: string): T {
  const content = files[`../../../cond/testdata/${name}.json`];
  if (!content) throw new Error(`no testdata ${name}`);
  return content as T;
}

interface Case {
  name?: string;
  expr: Expr | null;
  record: Record<string, unknown>;
  holds: boolean;
  zone?: string;
  now?: string;
  me?: Person;
}

interface Vectors {
  now: string;
  zone: string;
  me: Person;
  depts: Record<string, string[]>;
  fields: Record<string, Kind>;
  cases: Case[];
}

const vectors = file<Vectors>("vectors");
const schema = (f: string) => vectors.fields[f];

function env(c: Case): Env {
  return {
    fields: (f) => c.record[f],
    schema,
    now: Date.parse(c.now ?? vectors.now),
    zone: c.zone ?? vectors.zone,
    me: c.me ?? vectors.me,
    under: (parent, dept) => vectors.depts[parent]?.includes(dept) ?? false,
  };
}

it("agrees with the golden vectors", () => {
  expect(vectors.cases.length).toBeGreaterThanOrEqual(250);
  const wrong = vectors.cases.filter((c) => holds(c.expr, env(c)) !== c.holds);
  expect(wrong.map((c) => c.name)).toEqual([]);
  expect(vectors.cases.flatMap((c) => check(c.expr, schema))).toEqual([]);
});

it("agrees with the server on random conditions", () => {
  const { cases } = file<{ cases: Case[] }>("random");
  expect(cases.length).toBeGreaterThanOrEqual(2000);
  // a longer run of the server's test leaves more here
  const more = "../../../cond/testdata/more.json" in files ? file<{ cases: Case[] }>("more").cases : [];
  const wrong = [...cases, ...more].filter(
    (c) => holds(c.expr, env(c)) !== c.holds || check(c.expr, schema).length > 0,
  );
  expect(wrong.slice(0, 3)).toEqual([]);
});

it("has the server's operators and finds the same problems", () => {
  const all = file<{ ops: Record<Kind, Op[]>; cases: { expr: Expr; want: string[] }[] }>("checks");
  for (const k of kinds) expect(ops[k], k).toEqual(all.ops[k]);
  for (const c of all.cases)
    expect(
      check(c.expr, schema).map((p) => p.path),
      JSON.stringify(c.expr),
    ).toEqual(c.want);
});

it("says the server's sentences", () => {
  const { names, said } = file<{ names: Record<string, string>; said: Record<string, [string, string]> }>(
    "sentences",
  );
  const n = {
    field: (f: string, lang: string) => names[`${lang}:${f}`] ?? "",
    value: (f: string, v: string, lang: string) => names[`${lang}:${f}=${v}`] ?? "",
  };
  for (const c of vectors.cases)
    expect([sentence(c.expr, "zh-CN", n), sentence(c.expr, "en", n)], c.name).toEqual(said[c.name ?? ""]);
});
