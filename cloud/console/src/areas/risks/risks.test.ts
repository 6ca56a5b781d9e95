import { expect, test } from "vitest";
import { bands, condition, hazardsAt, type Look } from "./api";
import { buildingOf } from "./marks";
import { basis } from "./RiskTable";
import { en, zh } from "./words";

const look: Look = { place: "", category: "", grade: "", scheme: "", cell: "", score: "", only: "" };

test("the list asks for what the summary counts, and narrows it by cell, score and what is late", () => {
  const args = (l: Partial<Look>) => (condition({ ...look, ...l }) as { args: unknown[] }).args.slice(1);
  expect(condition(look)).toEqual({
    op: "and",
    args: [{ op: "ne", l: { f: "status" }, r: { v: "gone" } }],
  });
  expect(args({ place: "c/b", grade: "red" })).toEqual([
    { op: "self_or_sub", l: { f: "place" }, r: { v: "c/b" } },
    { op: "eq", l: { f: "grade" }, r: { v: "red" } },
  ]);
  expect(args({ place: "c" })).toEqual([{ op: "eq", l: { f: "place" }, r: { v: "c" } }]);
  expect(args({ cell: "4-5" }).map((a) => JSON.stringify(a))).toEqual([
    '{"op":"eq","l":{"f":"scheme"},"r":{"v":"ls"}}',
    '{"op":"eq","l":{"f":"ls_l"},"r":{"v":"4"}}',
    '{"op":"eq","l":{"f":"ls_s"},"r":{"v":"5"}}',
  ]);
  expect(args({ score: "0.3" })[1]).toEqual({ op: "eq", l: { f: "score" }, r: { v: 0.3 } });
  expect(args({ only: "overdue" })[0]).toEqual({ op: "before", l: { f: "_due_at" }, r: { now: "" } });
  expect(args({ cell: "nonsense" })).toEqual([]);
  expect(decodeURIComponent(hazardsAt("c/b/3"))).toContain('"v":"c/b/3"');
});

test("scores stand under their grades, gravest first, also those without any", () => {
  const got = bands([
    { score: 720, grade: "red", n: 2 },
    { score: 90, grade: "yellow", n: 3 },
    { score: 70, grade: "yellow", n: 1 },
  ]);
  expect(got.map((b) => [b.grade, b.n])).toEqual([
    ["red", 2],
    ["orange", 0],
    ["yellow", 4],
    ["blue", 0],
  ]);
});

test("a score is shown with the sum behind it", () => {
  expect(basis({ scheme: "lec", lec_l: "0.5", lec_e: "6", lec_c: "40", score: 120 })).toBe(
    "LEC 0.5×6×40 = 120",
  );
  expect(basis({ scheme: "ls", ls_l: "4", ls_s: "5", score: 20 })).toBe("LS 4×5 = 20");
  expect(buildingOf("c/b/3/room")).toBe("c/b");
  expect(buildingOf("c")).toBe("c");
});

test("every word is there in both languages", () => {
  const keys = (o: object, at = ""): string[] =>
    Object.entries(o).flatMap(([k, v]) =>
      typeof v === "object" ? keys(v as object, `${at}${k}.`) : [at + k],
    );
  expect(keys(en)).toEqual(keys(zh));
});
