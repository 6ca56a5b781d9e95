import { beforeAll, expect, it } from "vitest";
import type { Series } from "../api/types";
import { axesOf, type Line, option } from "./chart-option";

beforeAll(() => document.documentElement.style.setProperty("--accent", "#123456"));

const line = (name: string, unit: string, values: [number, number, string?][]): Line => ({
  name,
  rules: [],
  words: unit === "" ? { "1": { zh: "火警", en: "Fire" } } : undefined,
  series: {
    unit,
    decimals: 1,
    resolution_ms: 1000,
    raw: false,
    buckets: values.map(([t, v, quality]) => ({
      t: new Date(t).toISOString(),
      min: v - 1,
      max: v + 1,
      mean: v,
      last: v,
      n: 2,
      quality: quality ?? "good",
    })),
  } as Series,
});

const span = { from: 0, to: 100_000, live: false };

it("gives every unit one axis and states one of their own", () => {
  expect(
    axesOf([line("a", "%LEL", []), line("b", "℃", []), line("c", "%LEL", []), line("d", "", [])]),
  ).toEqual(["%LEL", "℃", ""]);
});

it("draws bad data as a gap, and names from outside as text", () => {
  const o = option({
    lines: [
      line("<img src=x>", "%LEL", [
        [0, 5],
        [20_000, 6, "bad:timeout"],
        [60_000, 7],
      ]),
    ],
    span,
    height: 1,
    label: "",
  });
  const main = o.series.find((s) => s.name === "0") as {
    data: [number, number | null][];
    markArea: { data: object[] };
  };
  expect(main.data.some(([, v]) => v === null)).toBe(true);
  expect(main.markArea.data).toEqual([[{ xAxis: 20_000 }, { xAxis: 60_000 }]]);
  const text = o.tooltip.formatter([
    { axisValue: 0, seriesIndex: 0, value: [0, 5], seriesName: "0" } as never,
  ]);
  expect(text).toContain("&#60;img");
  expect(text).toContain("5.0 %LEL");
});
