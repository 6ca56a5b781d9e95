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

it("breaks the line at silence and at bad quality", () => {
  const c = curve(
    [b(0, 1), b(1, 2), b(100, 3), b(101, 3, "bad:timeout"), b(102, 3, "bad:timeout"), b(103, 4)],
    60_000,
  );
  expect(c.line.map((d) => d[1])).toEqual([1, 2, null, 3, null, 4]);
  expect(c.gaps).toEqual([
    [1_000, 100_000],
    [100_000, 103_000],
  ]);
});

it("an end without credible data is a gap too", () => {
  expect(curve([b(0, 1), b(5, 1, "bad:stale"), b(9, 1, "bad:stale")], 60_000).gaps).toEqual([[0, 9_000]]);
});
