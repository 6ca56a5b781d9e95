import { expect, it } from "vitest";
import type { Node } from "../work/api";
import * as flow from "./flowedit";
import * as form from "./formedit";
import { begin, change, redo, undo } from "./history";

const text = (zh: string) => ({ zh, en: zh });

it("goes back and forward over every change, typing as one", () => {
  let h = begin("");
  h = change(h, "隐", "title", 1000);
  h = change(h, "隐患", "title", 1200);
  h = change(h, "隐患!", "title", 9000);
  h = change(h, "x", "other", 9100);
  expect(h.past).toEqual(["", "隐患", "隐患!"]);
  h = undo(undo(undo(h)));
  expect(h.present).toBe("");
  expect(undo(h)).toBe(h);
  expect(redo(redo(h)).present).toBe("隐患!");
  expect(change(redo(h), "新", "", 0).future).toEqual([]);
});

const empty: form.Body = { title: text("表"), fields: [] };

it("adds, moves, copies and takes fields away, never reusing a key at one level", () => {
  let b = form.insert(empty, { rows: "", index: 0 }, form.fresh("text", text("名称"), new Set()));
  b = form.insert(b, { rows: "", index: 1 }, form.fresh("rows", text("明细"), form.keysOf(b.fields)));
  b = form.insert(b, { rows: "rows1", index: 1 }, form.fresh("number", text("数量"), new Set(["text1"])));
  expect(b.fields.map((f) => f.key)).toEqual(["text1", "rows1"]);
  expect(b.fields[1]?.fields?.map((f) => f.key)).toEqual(["text1", "number1"]);
  b = form.move(b, "", 0, 1);
  expect(b.fields.map((f) => f.key)).toEqual(["rows1", "text1"]);
  const [copied, path] = form.duplicate(b, "rows1.number1");
  expect(path).toBe("rows1.number2");
  expect(form.find(copied, path)?.label.zh).toBe("数量");
  expect(form.remove(copied, "rows1.text1", false).fields[0]?.fields?.map((f) => f.key)).toEqual([
    "number1",
    "number2",
  ]);
  const hidden = form.remove(copied, "text1", true);
  expect(form.find(hidden, "text1")).toMatchObject({ hidden: true });
  expect(form.pathOf(copied, "fields[0].fields[2].label")).toBe("rows1.number2");
  expect(form.pathOf(copied, "title")).toBeUndefined();
  expect(form.update(b, "text1", { required: true, help: undefined }).fields[1]).toEqual({
    key: "text1",
    type: "text",
    label: text("名称"),
    required: true,
  });
});

const start: Node = { id: "start", type: "start", name: text("上报") };

function forked(): flow.Body {
  let b: flow.Body = { title: text("流程"), form: "hazard", nodes: [start] };
  b = flow.insert(b, { after: "start" }, flow.fresh(b, "approve", text("审核"), []));
  b = flow.insert(
    b,
    { after: "approve1" },
    flow.fresh(b, "condition", text("按等级"), [text("重大"), text("其他")]),
  );
  b = flow.insert(
    b,
    { of: "condition1", branch: "condition1_1" },
    flow.fresh(b, "approve", text("经理"), []),
  );
  return flow.insert(b, { after: "condition1" }, flow.fresh(b, "fill", text("整改"), []));
}

it("puts nodes after others and into branches", () => {
  const b = forked();
  expect(flow.all(b.nodes).map((n) => n.id)).toEqual([
    "start",
    "approve1",
    "condition1",
    "approve2",
    "fill1",
  ]);
  expect(flow.nodeAt(b, "nodes[2].branches[0].nodes[0].who")).toBe("approve2");
  expect(flow.nodeAt(b, "nodes[3].fields")).toBe("fill1");
  expect(flow.nodeAt(b, "title")).toBeUndefined();
  expect(flow.before(b, "approve2").map((n) => n.id)).toEqual(["start", "approve1", "condition1"]);
  expect(flow.before(b, "fill1").map((n) => n.id)).toContain("approve2");
});

it("keeps the start first, and the branch without a condition last", () => {
  let b = forked();
  expect(flow.move(b, "approve1", -1).nodes[0]?.id).toBe("start");
  expect(flow.move(b, "fill1", -1).nodes.map((n) => n.id)).toEqual([
    "start",
    "approve1",
    "fill1",
    "condition1",
  ]);
  b = flow.addBranch(b, "condition1", text("较大"));
  expect(flow.node(b, "condition1")?.branches?.map((x) => x.name.zh)).toEqual(["重大", "较大", "其他"]);
  b = flow.moveBranch(b, "condition1", "condition1_3", -1);
  expect(flow.node(b, "condition1")?.branches?.map((x) => x.name.zh)).toEqual(["较大", "重大", "其他"]);
  expect(flow.moveBranch(b, "condition1", "condition1_1", 1)).toEqual(b);
  b = flow.updateBranch(b, "condition1", "condition1_1", { when: { op: "not_empty", l: { f: "level" } } });
  b = flow.removeBranch(b, "condition1", "condition1_2");
  expect(flow.node(b, "condition1")?.branches?.at(-1)?.when).toBeUndefined();
  b = flow.removeBranch(b, "condition1", "condition1_3");
  expect(b.nodes.map((n) => n.id)).toEqual(["start", "approve1", "approve2", "fill1"]);
});

it("copies a node with everything in it under new ids", () => {
  const b = flow.duplicate(forked(), "condition1");
  const ids = flow.all(b.nodes).map((n) => n.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toHaveLength(7);
  expect(flow.remove(b, "condition1").nodes.map((n) => n.id)).toEqual([
    "start",
    "approve1",
    "condition2",
    "fill1",
  ]);
});
