import { expect, it } from "vitest";
import type { Unit } from "./api";
import { browser } from "./Sessions";
import { below, treeOf } from "./tree";

const unit = (id: string, parent: string, active = true): Unit => ({
  id,
  parent,
  kind: "department",
  name: { zh: id },
  pos: 0,
  active,
  people: [],
});

it("builds the tree in order and leaves out what does not pass with all below it", () => {
  const units = [unit("a", ""), unit("b", "a"), unit("c", "b"), unit("d", "a", false), unit("e", "d")];
  expect(treeOf(units)).toMatchObject([
    {
      key: "a",
      children: [
        { key: "b", children: [{ key: "c" }] },
        { key: "d", children: [{ key: "e" }] },
      ],
    },
  ]);
  expect(treeOf(units, (u) => u.active)).toMatchObject([{ key: "a", children: [{ key: "b" }] }]);
});

it("knows what is below, and ends on a ring", () => {
  const units = [unit("a", ""), unit("b", "a"), unit("c", "b")];
  expect(below(units, "c", "a")).toBe(true);
  expect(below(units, "a", "c")).toBe(false);
  expect(below([unit("x", "y"), unit("y", "x")], "x", "z")).toBe(false);
});

it("names a device in a few words", () => {
  const edge =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0";
  expect(browser(edge)).toBe("Edge 120 · Windows");
  expect(browser("curl/8.5.0")).toBe("curl/8.5.0");
  expect(browser("")).toBe("?");
});
