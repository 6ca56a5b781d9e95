import { describe, expect, it } from "vitest";
import type { Alarm } from "../api/types";
import type { LoadGroup } from "../api/load";
import { bundle, flooded } from "./flood";

const at = (s: number) => new Date(1e12 + s * 1000).toISOString();
const a = (id: string, over: Partial<Alarm> = {}) =>
  ({
    id,
    building: "b01",
    hazard: "water",
    severity: "minor",
    raised_at: at(0),
    state: "unacked",
    ...over,
  }) as Alarm;
const many = (n: number) => Array.from({ length: n }, (_, i) => a(`x${i}`));

describe("flooded (A-08)", () => {
  it("begins above ten in ten minutes and ends below five", () => {
    const now = 1e12 + 1000;
    expect(flooded(many(10), now, false)).toBe(false);
    expect(flooded(many(11), now, false)).toBe(true);
    expect(flooded(many(5), now, true)).toBe(true);
    expect(flooded(many(4), now, true)).toBe(false);
    expect(flooded(many(50), now + 600_000, true)).toBe(false);
  });
});

describe("bundle (C-17)", () => {
  it("keeps life-safety alone and marks the first of each group", () => {
    const alarms = [
      a("fire", { hazard: "fire", severity: "critical" }),
      a("late", { raised_at: at(9) }),
      a("first", { raised_at: at(1) }),
      a("other", { building: "b02", severity: "major", raised_at: at(5) }),
    ];
    const { alone, bundles } = bundle(alarms, "building");
    expect(alone.map((x) => x.id)).toEqual(["fire"]);
    expect(bundles.map((b) => [b.key, b.alarms.length, b.first.id])).toEqual([
      ["b02", 1, "other"],
      ["b01", 2, "first"],
    ]);
    expect(bundles.reduce((n, b) => n + b.alarms.length, alone.length)).toBe(alarms.length);
  });
  it("takes the server's word for what came first, unless that stands alone", () => {
    const group = (first: string, hazard: string, s: number) =>
      ({
        building: "b01",
        hazard,
        first,
        first_title: { zh: first, en: first },
        raised_at: at(s),
      }) as LoadGroup;
    const first = (known: LoadGroup[]) =>
      bundle([a("late", { raised_at: at(9) })], "building", known).bundles[0]?.first;
    expect(first([group("acknowledged", "water", 1)])).toMatchObject({
      id: "acknowledged",
      title: { zh: "acknowledged" },
    });
    expect(first([group("fire", "fire", 1)])?.id).toBe("late");
    expect(first([group("later", "water", 20)])?.id).toBe("late");
  });
});
