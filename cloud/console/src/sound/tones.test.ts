import { describe, expect, it } from "vitest";
import type { Alarm } from "../api/types";
import { nagEveryMs, nags, occurrence, sounding, toSpeak } from "./tones";

const a = (id: string, over: Partial<Alarm> = {}) =>
  ({ id, state: "unacked", severity: "critical", count: 1, ...over }) as Alarm;

describe("sounding", () => {
  const fire = a("fire");
  it("sounds until acknowledged", () => {
    expect(sounding([fire], undefined, 0)?.id).toBe("fire");
    expect(sounding([a("fire", { state: "acked" })], undefined, 0)).toBeUndefined();
  });
  it("is muted for its time only, and a new alarm or occurrence is heard", () => {
    const muted = { until: 100, ids: new Set([occurrence(fire)]), link: false };
    expect(sounding([fire], muted, 50)).toBeUndefined();
    expect(sounding([fire], muted, 100)?.id).toBe("fire");
    expect(sounding([fire, a("gas")], muted, 50)?.id).toBe("gas");
    expect(sounding([a("fire", { count: 2 })], muted, 50)?.id).toBe("fire");
  });
});

describe("nags", () => {
  it("reminds every 15 minutes of what stands unacknowledged, and of nothing else", () => {
    const stands = [a("x", { state: "rtn_unacked" })];
    expect(nags(stands, 0, nagEveryMs - 1)).toBe(false);
    expect(nags(stands, 0, nagEveryMs)).toBe(true);
    expect(nags([a("x", { state: "acked" })], 0, nagEveryMs)).toBe(false);
    expect(nags(stands, undefined, nagEveryMs)).toBe(false);
  });
});

describe("toSpeak", () => {
  it("speaks in a flood only of what may hurt people", () => {
    expect(toSpeak(a("x", { hazard: "water" }), false)).toBe(true);
    expect(toSpeak(a("x", { hazard: "water" }), true)).toBe(false);
    expect(toSpeak(a("x", { hazard: "fire" }), true)).toBe(true);
  });
});
