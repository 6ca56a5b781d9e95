import { act } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, beforeAll, expect, it } from "vitest";
import { startLanguage } from "../i18n";
import { words } from "../i18n/words";
import { ConditionEditor } from "./ConditionEditor";
import type { Field } from "./fields";
import type { Expr } from "./types";

const fields: Field[] = [
  {
    key: "level",
    kind: "option",
    label: { zh: "隐患级别", en: "Level" },
    options: [{ id: "major", label: { zh: "重大", en: "Major" } }],
  },
  { key: "due", kind: "instant", label: { zh: "期限", en: "Due" } },
  { key: "cost", kind: "money", label: { zh: "费用", en: "Cost" } },
  { key: "team", kind: "users", label: { zh: "人员", en: "Team" } },
  {
    key: "items",
    kind: "rows",
    label: { zh: "检查项", en: "Items" },
    columns: [{ key: "ok", kind: "bool", label: { zh: "合格", en: "Passed" } }],
  },
];

beforeAll(async () => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  await startLanguage(words);
});
afterEach(() => document.body.replaceChildren());

async function open(start: Expr | null) {
  const box = document.body.appendChild(document.createElement("div"));
  const root = createRoot(box);
  const now = { value: start };
  const draw = () =>
    act(async () =>
      root.render(
        <ConditionEditor
          value={now.value}
          fields={fields}
          onChange={(e) => {
            now.value = e;
          }}
        />,
      ),
    );
  await draw();
  const press = async (name: string, nth = 0) => {
    const all = [...box.querySelectorAll("button")].filter(
      (b) => b.getAttribute("aria-label") === name || b.textContent?.replaceAll(" ", "") === name,
    );
    await act(async () => all[nth]?.click());
    await draw();
  };
  const key = async (k: string, nth: number) => {
    const row = box.querySelectorAll(".cond-row")[nth];
    await act(async () =>
      row?.dispatchEvent(new KeyboardEvent("keydown", { key: k, altKey: true, bubbles: true })),
    );
    await draw();
  };
  const says = () => box.querySelector(".cond-says")?.textContent ?? "";
  return { box, now, press, key, says };
}

it("starts with no condition, adds by clicks, and tells what is missing at its row", async () => {
  const p = await open(null);
  expect(p.says()).toContain("没有条件");
  await p.press("添加条件");
  expect(p.now.value).toEqual({ op: "and", args: [{ op: "eq", l: { f: "level" }, r: {} }] });
  expect(p.box.querySelector(".cond-row .cond-problem")?.textContent).toBe("请填写值");
  await p.press("删除");
  expect(p.now.value).toBeNull();
});

it("shows every kind of row, nested groups and rows of a sub-form, with a live sentence", async () => {
  const p = await open({
    op: "and",
    args: [
      { op: "eq", l: { f: "level" }, r: { v: "major" } },
      {
        op: "or",
        args: [
          { op: "before", l: { f: "due" }, r: { now: "-24h" } },
          { op: "between", l: { f: "cost" }, lo: { v: "1" }, hi: { v: "2" } },
        ],
      },
      { op: "has_any", l: { f: "team" }, r: { me: "id" } },
      { op: "ge", l: { count: "items" }, r: { v: 3 } },
      { op: "any_row", rows: "items", where: { op: "eq", l: { f: "ok" }, r: { v: false } } },
    ],
  });
  expect(p.box.querySelectorAll(".cond-problem").length).toBe(0);
  expect(p.says()).toContain(
    "隐患级别是“重大”，并且（期限早于24小时前，或者费用在“1”到“2”之间（含两端）），并且人员包含我本人中的任意一个",
  );
  expect(p.says()).toContain("检查项中有一行满足（合格是“否”）");
  expect(p.box.querySelectorAll(".cond-row").length).toBe(8);
});

it("duplicates, moves and removes with the keyboard", async () => {
  const [a, b]: Expr[] = [
    { op: "empty", l: { f: "level" } },
    { op: "empty", l: { f: "due" } },
  ];
  const p = await open({ op: "or", args: [a, b] as Expr[] });
  await p.key("ArrowDown", 0);
  expect(p.now.value?.args).toEqual([b, a]);
  await p.key("d", 1);
  expect(p.now.value?.args).toEqual([b, a, a]);
  await p.key("Delete", 0);
  expect(p.now.value?.args).toEqual([a, a]);
});

it("does not offer a fifth group inside another", async () => {
  const leaf: Expr = { op: "empty", l: { f: "due" } };
  const p = await open({
    op: "and",
    args: [{ op: "or", args: [{ op: "and", args: [{ op: "or", args: [leaf] }] }] }],
  });
  const count = [...p.box.querySelectorAll("button")].filter((b) => b.textContent === "添加条件组").length;
  expect(count).toBe(3);
});
