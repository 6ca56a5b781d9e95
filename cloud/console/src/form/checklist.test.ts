import { expect, test } from "vitest";
import { type Checklist, rowsOf, untouched } from "./checklist";
import { Form } from "./form";
import type { Field } from "./types";

const c: Checklist = {
  id: "fire",
  title: { zh: "消防" },
  items: [
    { id: "a", text: { zh: "灭火器" }, normal: { zh: "压力正常" }, level: "general" },
    { id: "b", text: { zh: "防火门" }, normal: { zh: "常闭" }, level: "larger" },
  ],
};
const column = (key: string): Field => ({ key, type: "text", label: { zh: key } });
const items: Field = {
  key: "items",
  type: "rows",
  label: { zh: "检查项" },
  checklist: "category",
  fields: [column("item"), column("normal"), column("note")],
};

test("rows have those columns the sub-form has, and no more of them than it takes", () => {
  expect(rowsOf(items, c)).toEqual([
    { item: "灭火器", normal: "压力正常" },
    { item: "防火门", normal: "常闭" },
  ]);
  expect(rowsOf({ ...items, fields: [column("item")], max_count: 1 }, c)).toEqual([{ item: "灭火器" }]);
});

test("what somebody has answered is not replaced unasked", () => {
  const form = new Form([items], {}, { me: "u1", zone: "Asia/Shanghai", now: () => 0 });
  form.setRows("items", rowsOf(items, c));
  expect(form.rowIDs("items")).toHaveLength(2);
  expect(untouched(form.rows("items"))).toBe(true);
  form.set(`items/${form.rowIDs("items")[1]}/note`, "门坏了");
  expect(untouched(form.rows("items"))).toBe(false);
  form.setRows("items", []);
  expect(form.doc.items).toBeUndefined();
});
