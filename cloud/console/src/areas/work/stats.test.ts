import { expect, test } from "vitest";
import type { FormDef } from "./api";
import { axisOf, csv, dimensionsOf, grid } from "./stats";

const words = { _created_at: "提交时间", _state: "状态", _building: "楼栋", _created_by: "提交人" };
const field = (key: string, type: string, more = {}) => ({ key, type, label: { zh: key }, ...more });
const form = (...fields: object[]) => ({ fields, summary: ["name"] }) as unknown as FormDef;

test("X06: fields of linked records are dimensions where the linked form may be seen", () => {
  const def = form(
    field("kind", "option"),
    field("note", "text"),
    field("gone", "option", { hidden: true }),
    field("point", "link", { form: "point" }),
    field("points", "link", { form: "point", many: true }),
    field("secret", "link", { form: "secret" }),
  );
  const point = form(
    field("name", "text"),
    field("area", "option"),
    field("since", "date"),
    field("more", "text"),
  );
  const keys = dimensionsOf(def, new Map([["point", point]]), words, (t) => t?.zh ?? "").map((d) => d.key);
  expect(keys).toEqual([
    "kind",
    "_created_at",
    "_state",
    "_building",
    "_created_by",
    "point.name",
    "point.area",
    "point.since",
    "point._building",
  ]);
});

test("X06: groups are ordered, what is empty and what may not be seen are told apart", () => {
  const cells = [
    { keys: [null, "a"], values: [9], hidden: [true, false] },
    { keys: [null, "b"], values: [8], hidden: [false, false] },
    { keys: ["2026-02", "a"], values: [1], hidden: [false, false] },
    { keys: ["2026-01", "b"], values: [5], hidden: [false, false] },
  ];
  const months = axisOf(cells, 0, true);
  expect(months.keys.map((k) => k.id)).toEqual(["k2026-01", "k2026-02", "none", "hidden"]);
  const names = axisOf(cells, 1, false);
  expect(names.keys.map((k) => k.key)).toEqual(["b", "a"]);
  expect(grid(cells, months, names)).toEqual([
    [5, null],
    [null, 1],
    [8, null],
    [null, 9],
  ]);
});

test("what is exported is never a formula", () => {
  expect(csv([["=1+1", 'a"b', 2, null]])).toBe('\ufeff"\'=1+1","a""b",2,\r\n');
});
