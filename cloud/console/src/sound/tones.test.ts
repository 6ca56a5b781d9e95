import { describe, expect, it } from "vitest";
import type { Alarm } from "../api/types";
import { occurrence, sounding } from "./tones";

const a = (id: string, over: Partial<Alarm> = {}) =>
  ({ id, state: "unacked", severity: "critical", count: 1, ...over }) as Alarm;

describe("sounding", () => {
  const fire = a("fire");
  it("sounds until acknowledged", () => {
    expect(sounding([fire], undefined, 0)?.id).toBe("fire");
    expect(sounding([a("fire", { state: "acked" })], undefined, 0)).toBeUndefined();
  });
  it("is muted for its time only, and a new alarm or occurrence is heard", () => {
    const muted = { until: 100, ids: new Set([occurrence(fire)]) };
    expect(sounding([fire], muted, 50)).toBeUndefined();
    expect(sounding([fire], muted, 100)?.id).toBe("fire");
    expect(sounding([fire, a("gas")], muted, 50)?.id).toBe("gas");
    expect(sounding([a("fire", { count: 2 })], muted, 50)?.id).toBe("fire");
  });
});
