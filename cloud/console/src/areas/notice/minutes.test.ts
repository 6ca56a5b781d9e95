import { expect, test } from "vitest";
import { clockOf, minuteOf } from "./minutes";

test("a minute of the day is written and read as a clock", () => {
  expect([0, 425, 1380, 1439].map(clockOf)).toEqual(["00:00", "07:05", "23:00", "23:59"]);
  for (const m of [0, 425, 1380, 1439]) expect(minuteOf(clockOf(m))).toBe(m);
});
