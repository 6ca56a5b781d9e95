import examples from "../../../form/testdata/formula.json";
import { expect, it, vi } from "vitest";
import { cell, Form } from "./form";
import { parseFormula, result } from "./formula";
import type { Field } from "./types";

const text = (zh: string) => ({ zh, en: zh });
const options = { me: "u1", zone: "Asia/Shanghai", now: () => 0 };
const field = (key: string, type: string, more: Partial<Field> = {}): Field =>
  ({ key, type, label: text(key), ...more }) as Field;

const fields = [
  field("ok", "option", { required: true }),
  field("why", "text", {
    visible: { op: "eq", l: { f: "ok" }, r: { v: "no" } },
    required_if: { op: "eq", l: { f: "ok" }, r: { v: "no" } },
  }),
  field("rows", "rows", {
    fields: [
      field("n", "number"),
      field("price", "money"),
      field("line", "formula", { formula: "n * price", result: "money" } as Partial<Field>),
      field("note", "text", { visible: { op: "gt", l: { f: "n" }, r: { v: 3 } } }),
    ],
  }),
  field("total", "formula", { formula: "sum(rows.line)", result: "money" } as Partial<Field>),
  field("twice", "formula", { formula: "total * 2", result: "money" } as Partial<Field>),
  field("other", "text"),
];

it("tells a change to those controls only whose view it changes", () => {
  const form = new Form(fields, {}, options);
  const told = Object.fromEntries(fields.map((f) => [f.key, vi.fn()]));
  for (const f of fields) {
    form.view(f.key);
    form.subscribe(f.key, told[f.key] ?? (() => undefined));
  }
  form.set("other", "x");
  expect(told.other).toHaveBeenCalledTimes(1);
  expect(told.why).not.toHaveBeenCalled();
  form.set("ok", "no");
  expect(told.why).toHaveBeenCalledTimes(1);
  expect(form.view("why")).toMatchObject({ seen: true, must: true });
  form.set("ok", "no");
  expect(told.ok).toHaveBeenCalledTimes(1);
  expect(form.missing(() => true)).toEqual(["why"]);
});

it("computes over rows, and a key pressed in one cell leaves the others alone", () => {
  const form = new Form(fields, {}, options);
  for (let i = 0; i < 100; i++) form.addRow("rows", { n: 1, price: "2.50" });
  expect(form.doc.total).toBe("250.00");
  expect(form.doc.twice).toBe("500.00");
  const ids = form.rowIDs("rows");
  const told = new Map<string, number>();
  for (const id of ids)
    for (const g of ["n", "price", "line", "note"]) {
      const path = cell("rows", id, g);
      form.view(path);
      form.subscribe(path, () => told.set(path, (told.get(path) ?? 0) + 1));
    }
  const rows = vi.fn();
  form.view("rows");
  form.subscribe("rows", rows);
  const one = ids[41] ?? "";
  form.set(cell("rows", one, "n"), 4);
  expect([...told.keys()].sort()).toEqual([
    cell("rows", one, "line"),
    cell("rows", one, "n"),
    cell("rows", one, "note"),
  ]);
  expect(rows).not.toHaveBeenCalled();
  expect(form.doc.total).toBe("257.50");
  form.removeRow("rows", one);
  expect(rows).toHaveBeenCalledTimes(1);
  expect(form.doc.total).toBe("247.50");
});

it("shows what the server complains of at its control, until that is changed", () => {
  const form = new Form(fields, { rows: [{ n: 1 }, { n: 2 }] }, options);
  const second = form.rowIDs("rows")[1] ?? "";
  form.complain({ "rows[1].price": "必填", ok: "必填" });
  expect(form.view(cell("rows", second, "price")).problem).toBe("必填");
  form.set("ok", "yes");
  expect(form.view("ok").problem).toBe("");
  expect(form.view(cell("rows", second, "price")).problem).toBe("必填");
});

interface Example {
  formula: string;
  doc: Record<string, unknown>;
  money?: boolean;
  decimals?: number;
  want: unknown;
}

it("computes every example as the server does", () => {
  expect(examples.length).toBeGreaterThan(40);
  for (const x of examples as Example[]) {
    const f = parseFormula(x.formula);
    const got = f ? (result(f, x.doc, "Asia/Shanghai", x.money ?? false, x.decimals) ?? null) : "unreadable";
    expect(got, `${x.formula} of ${JSON.stringify(x.doc)}`).toEqual(x.want);
  }
});
