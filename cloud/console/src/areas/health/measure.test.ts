import { expect, it } from "vitest";
import { bytes, monthsBack, share, spanOf, took } from "./measure";

const now = Date.parse("2026-11-23T08:00:30Z"); // 16:00 in Shanghai

it("looks back a day by the minute, or over the community's calendar", () => {
  expect(spanOf(null, now)).toEqual({
    name: "h24",
    from: "2026-11-22T08:01:00.000Z",
    to: "2026-11-23T08:01:00.000Z",
  });
  expect(spanOf("h24", now + 20_000)).toEqual(spanOf("nonsense", now));
  expect(spanOf("days7", now)).toEqual({
    name: "days7",
    from: "2026-11-16T16:00:00.000Z",
    to: "2026-11-23T16:00:00.000Z",
  });
  expect(spanOf("month", now).from).toBe("2026-10-31T16:00:00.000Z");
});

it("lists months over the turn of a year", () => {
  expect(monthsBack("2026-02-10", 4)).toEqual(["2026-02", "2026-01", "2025-12", "2025-11"]);
});

it("writes times in the unit people would say", () => {
  expect([0, 0.0499, 0.9, 1, 2.345, 12.34, 119.9, 120, 5400, 7200].map((s) => took(s))).toEqual([
    { n: "0", unit: "ms" },
    { n: "50", unit: "ms" },
    { n: "900", unit: "ms" },
    { n: "1", unit: "s" },
    { n: "2.35", unit: "s" },
    { n: "12.3", unit: "s" },
    { n: "119.9", unit: "s" },
    { n: "2", unit: "min" },
    { n: "90", unit: "min" },
    { n: "2", unit: "h" },
  ]);
});

it("never rounds up to all", () => {
  expect([100, 99.999, 97, 0.001, 0].map(share)).toEqual(["100%", "99.99%", "97%", "0.01%", "0%"]);
});

it("writes sizes", () => {
  expect([2 ** 29, 2 ** 30, 41.25 * 2 ** 30].map(bytes)).toEqual(["512 MiB", "1 GiB", "41.3 GiB"]);
});
