import { expect, it } from "vitest";
import { words } from "./words";

function leaves(o: object, path = ""): [string, string][] {
  return Object.entries(o).flatMap(([k, v]) =>
    typeof v === "string" ? [[`${path}${k}`, v] as [string, string]] : leaves(v as object, `${path}${k}.`),
  );
}

it("both languages have every key, with the same variables", () => {
  const variables = (s: string) => (s.match(/\{\{\w+\}\}/g) ?? []).sort();
  const a = new Map(leaves(words.zh));
  const b = new Map(leaves(words.en));
  expect([...b.keys()].sort()).toEqual([...a.keys()].sort());
  for (const [k, v] of a) expect(variables(b.get(k) ?? ""), k).toEqual(variables(v));
  for (const [k, v] of [...a, ...b]) expect(v.trim(), k).not.toBe("");
});
