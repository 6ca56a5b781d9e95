import { expect, it } from "vitest";
import { setZone, wall } from "../../parts/format";
import { type DueTest, daysTo, found } from "./api";

const device = (over: Partial<DueTest>): DueTest => ({
  edge: "edge-1",
  device: "d1",
  name: { zh: "东走廊烟感" },
  place: { building: "b03" },
  profile: "gst-panel",
  rule: { zh: "功能测试超期" },
  days: 365,
  grace_days: 30,
  known_since: "2025-01-01T00:00:00Z",
  due_at: "2026-11-23T17:00:00Z",
  state: "fine",
  ...over,
});

it("counts days by the community's calendar", () => {
  setZone("Asia/Shanghai");
  const noon = Date.parse("2026-11-23T04:00:00Z");
  expect(daysTo("2026-11-23T15:59:00Z", noon, wall)).toBe(0);
  expect(daysTo("2026-11-23T16:01:00Z", noon, wall)).toBe(1);
  expect(daysTo("2026-11-22T15:00:00Z", noon, wall)).toBe(-1);
});

it("finds by state and by any word", () => {
  const list = [device({}), device({ device: "d2", state: "overdue", model: "JTY-GD" })];
  const words = (d: DueTest) => `${d.name.zh} ${d.model ?? ""}`;
  expect(found(list, "overdue", "", words).map((d) => d.device)).toEqual(["d2"]);
  expect(found(list, "all", " jty ", words).map((d) => d.device)).toEqual(["d2"]);
  expect(found(list, "fine", "烟感", words).map((d) => d.device)).toEqual(["d1"]);
});
