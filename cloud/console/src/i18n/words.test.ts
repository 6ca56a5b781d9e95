import { expect, it } from "vitest";
import { words as phone } from "../phone/words";
import { words } from "./words";

function leaves(o: object, path = ""): [string, string][] {
  return Object.entries(o).flatMap(([k, v]) =>
    typeof v === "string" ? [[`${path}${k}`, v] as [string, string]] : leaves(v as object, `${path}${k}.`),
  );
}

interface Both {
  zh: object;
  en: object;
}

/** Words that are not in the first load. */
const later = import.meta.glob<Both>("../areas/*/words.ts", { eager: true });
const all: [string, Both][] = [["desk", words], ["phone", phone], ...Object.entries(later)];

it.each(all)("both languages have every key, with the same variables: %s", (_, words) => {
  const variables = (s: string) => (s.match(/\{\{\w+\}\}/g) ?? []).sort();
  const a = new Map(leaves(words.zh));
  const b = new Map(leaves(words.en));
  expect([...b.keys()].sort()).toEqual([...a.keys()].sort());
  for (const [k, v] of a) expect(variables(b.get(k) ?? ""), k).toEqual(variables(v));
  for (const [k, v] of [...a, ...b]) expect(v.trim(), k).not.toBe("");
});
