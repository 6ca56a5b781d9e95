import { expect, test } from "vitest";
import { month, put, span, weekday, working } from "./days";

test("months are laid out in weeks from Monday", () => {
  expect(weekday("2026-11-23")).toBe(0);
  const feb = month(2026, 2); // begins on a Sunday, has 28 days
  expect(feb).toHaveLength(5);
  expect(feb[0]).toEqual(["", "", "", "", "", "", "2026-02-01"]);
  expect(month(2028, 2).flat().filter(Boolean)).toHaveLength(29);
});

test("days are named, renamed and taken back", () => {
  const off = put([], span("2026-10-01", "2026-10-03"), false, { zh: "国庆节" });
  expect(off.map((d) => d.date)).toEqual(["2026-10-01", "2026-10-02", "2026-10-03"]);
  const back = put(off, ["2026-10-02"], undefined, undefined);
  expect(back.map((d) => d.date)).toEqual(["2026-10-01", "2026-10-03"]);
  expect(put(back, ["2026-09-27"], true, undefined)[0]).toEqual({ date: "2026-09-27", works: true });
  expect(span("2026-01-01", "2030-01-01")).toHaveLength(100);
  expect(span("2026-01-02", "2026-01-01")).toEqual([]);
});

test("working days of a year follow weekdays and what is named", () => {
  expect(working(2026, [])).toBe(261);
  expect(working(2026, [{ date: "2026-01-01" }, { date: "2026-01-04", works: true }])).toBe(261);
  expect(working(2026, [{ date: "2026-01-03" }])).toBe(261); // a Saturday is off anyway
});
