import { expect, it } from "vitest";
import { check } from "./check";
import * as edit from "./edit";
import { type Expr, type Kind, kinds, ops } from "./types";

const leaf = (f: string): Expr => ({ op: "empty", l: { f } });

it("shows any condition as groups, and says the same", () => {
  expect(edit.asGroup(null)).toEqual({ op: "and", args: [] });
  expect(edit.asGroup(leaf("a"))).toEqual({ op: "and", args: [leaf("a")] });
  const none: Expr = { op: "not", args: [{ op: "or", args: [leaf("a")] }] };
  expect(edit.asGroup({ op: "not", args: [leaf("a")] })).toEqual(none);
  expect(edit.modeOf(none)).toBe("none");
  expect(edit.membersOf(none)).toEqual([leaf("a")]);
  expect(edit.trimmed(edit.asGroup(null))).toBeNull();
});

it("adds, doubles, moves and removes at any depth, leaving the old tree alone", () => {
  const tree = edit.group("all", [leaf("a"), edit.group("none", [leaf("b"), leaf("c")])]);
  const before = JSON.stringify(tree);
  expect(edit.add(tree, [1], leaf("d")).args?.[1]).toEqual(
    edit.group("none", [leaf("b"), leaf("c"), leaf("d")]),
  );
  expect(edit.duplicate(tree, [1, 0]).args?.[1]).toEqual(
    edit.group("none", [leaf("b"), leaf("b"), leaf("c")]),
  );
  expect(edit.move(tree, [1, 0], 1).args?.[1]).toEqual(edit.group("none", [leaf("c"), leaf("b")]));
  expect(edit.move(tree, [0], -1)).toEqual(tree);
  expect(edit.remove(tree, [1, 1]).args?.[1]).toEqual(edit.group("none", [leaf("b")]));
  expect(edit.remove(tree, [1])).toEqual(edit.group("all", [leaf("a")]));
  expect(JSON.stringify(tree)).toBe(before);
});

it("finds the problems of a row by its path, inside none and rows too", () => {
  const rows: Expr = { op: "any_row", rows: "rs", where: edit.group("all", [leaf("nope")]) };
  const tree = edit.group("all", [edit.group("none", [leaf("a"), leaf("nope")]), rows]);
  const schema = (f: string): Kind | undefined => ({ a: "text", rs: "rows" })[f] as Kind | undefined;
  const paths = check(tree, schema).map((p) => p.path);
  expect(paths).toEqual([`${edit.pathOf(tree, [0, 1])}.l.f`, `${edit.pathOf(tree, [1, "where", 0])}.l.f`]);
});

it("offers for every operator of every kind a start that lacks at most its value", () => {
  for (const k of kinds)
    for (const op of ops[k]) {
      const e = edit.blank({ f: "x" }, k, op);
      expect(e.op).toBe(op);
      for (const p of check(e, (f) => (f === "x" ? k : undefined)))
        expect(p.path, `${op} ${k}`).toMatch(/^(r|lo|hi|where)/);
      expect(edit.withOp(e, op, k)).toEqual(e);
    }
});

it("keeps the value when the operator changes and it still fits", () => {
  const e: Expr = { op: "eq", l: { f: "x" }, r: { v: "a" } };
  expect(edit.withOp(e, "ne", "option").r).toEqual({ v: "a" });
  expect(edit.withOp(e, "in", "option").r).toEqual({ v: ["a"] });
  expect(edit.withOp({ op: "in", l: { f: "x" }, r: { v: ["a", "b"] } }, "eq", "option").r).toEqual({
    v: "a",
  });
  expect(edit.withOp(e, "empty", "option").r).toBeUndefined();
});
