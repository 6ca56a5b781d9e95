import { expect, test } from "vitest";
import { found, type Item, type Scheme, type Standard, score } from "./api";

const name = { zh: "x", en: "x" };
const lec: Scheme = {
  id: "lec",
  name,
  verified: false,
  factors: [
    { id: "l", name, values: [10, 3, 0.1] },
    { id: "e", name, values: [6, 3] },
    { id: "c", name, values: [100, 7] },
  ],
  bands: [
    { from: 320, grade: "red" },
    { from: 70, grade: "yellow" },
    { from: 0, grade: "blue" },
  ],
};

test("risk is scored when one of each factor is chosen, and only with values of the scheme", () => {
  expect(score(lec, { l: 10, e: 6 })).toBeUndefined();
  expect(score(lec, { l: 4, e: 6, c: 7 })).toBeUndefined();
  expect(score(lec, { l: 3, e: 6, c: 7 })).toEqual({ value: 126, grade: "yellow" });
  expect(score(lec, { l: 0.1, e: 3, c: 7 })).toEqual({ value: 2.1, grade: "blue" });
  expect(score(lec, { l: 10, e: 6, c: 100 })).toEqual({ value: 6000, grade: "red" });
});

test("items are found by words of either language and by their source", () => {
  const item = (id: string, zh: string, en: string): Item => ({
    id,
    text: { zh, en },
    normal: { zh: "完好", en: "whole" },
    method: "look",
    level: "general",
    standard: "gb",
    verified: false,
  });
  const items = [item("a", "灭火器", "Extinguishers"), item("b", "防火门", "Fire doors")];
  const standards: Standard[] = [{ id: "gb", title: { zh: "GB 50444", en: "GB 50444" }, verified: false }];
  expect(found(items, standards, "防火").map((i) => i.id)).toEqual(["b"]);
  expect(found(items, standards, "extinguish").map((i) => i.id)).toEqual(["a"]);
  expect(found(items, standards, "50444 whole")).toHaveLength(2);
  expect(found(items, standards, "")).toHaveLength(2);
});
