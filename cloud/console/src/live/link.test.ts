import { describe, expect, it } from "vitest";
import { linkState, retryDelay } from "./link";

describe("linkState", () => {
  it("is never alive on silence", () => {
    const cases: [number, number | undefined, string][] = [
      [0, undefined, "connecting"],
      [9_999, undefined, "connecting"],
      [10_000, undefined, "lost"],
      [5_999, 0, "alive"],
      [6_000, 0, "stale"],
      [9_999, 0, "stale"],
      [10_000, 0, "lost"],
      [10_000, 9_000, "alive"],
    ];
    for (const [now, last, want] of cases) expect(linkState(now, last, 0), `${now} after ${last}`).toBe(want);
  });
});

describe("retryDelay", () => {
  it("grows and stays below the link's own limit", () => {
    const delays = [1, 2, 3, 4, 5, 20].map(retryDelay);
    expect(delays).toEqual([500, 1000, 2000, 4000, 4000, 4000]);
  });
});
