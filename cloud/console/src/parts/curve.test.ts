import { expect, it } from "vitest";
import type { Bucket } from "../api/types";
import { curve } from "./curve";

const at = (s: number) => new Date(s * 1000).toISOString();
const b = (s: number, v: number, quality = "good"): Bucket => ({
  t: at(s),
  min: v,
  max: v,
  mean: v,
  last: v,
  n: 1,
  quality,
});
const view = (to: number) => ({ from: 0, to: to * 1000, longest: 60_000 });

it("breaks the line at silence", () => {
  const c = curve([b(0, 1), b(1, 2), b(100, 3)], view(110));
  expect(c.line.map((d) => d[1])).toEqual([1, 2, null, 3, 3, null]);
  expect(c.gaps).toEqual([[1_000, 100_000]]);
});

it("holds a value until its quality turns bad, and no longer", () => {
  const c = curve([b(0, 1), b(30, 1, "bad:timeout"), b(40, 1, "bad:timeout"), b(50, 4)], view(50));
  expect(c.line).toEqual([
    [0, 1],
    [30_000, 1],
    [30_001, null],
    [50_000, 4],
    [50_000, 4],
    [50_001, null],
  ]);
  expect(c.gaps).toEqual([[30_000, 50_000]]);
});

it("an end or a beginning without credible data is a gap too", () => {
  expect(curve([b(0, 1), b(5, 1, "bad:stale")], view(90)).gaps).toEqual([[5_000, 90_000]]);
  expect(curve([b(0, 1)], view(600)).gaps).toEqual([[0, 600_000]]);
  expect(curve([b(300, 1)], view(310)).gaps).toEqual([[0, 300_000]]);
  expect(curve([], view(10)).gaps).toEqual([[0, 10_000]]);
});
