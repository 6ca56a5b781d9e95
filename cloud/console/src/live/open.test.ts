import { describe, expect, it } from "vitest";
import type { Alarm, AlarmList } from "../api/types";
import { compareAlarms, missed, upsert, withReadings } from "./open";

const alarm = (id: string, over: Partial<Alarm> = {}): Alarm =>
  ({
    id,
    severity: "minor",
    state: "unacked",
    raised_at: "2026-11-22T10:00:00Z",
    version: 1,
    count: 1,
    hazard: "fire",
    ...over,
  }) as Alarm;

const list = (...items: Alarm[]): AlarmList => ({
  items,
  next: "",
  counts: { unacked: 0, acked: 0, rtn_unacked: 0 },
});

describe("compareAlarms", () => {
  it("orders unacknowledged, then worst, then newest", () => {
    const items = [
      alarm("acked-critical", { severity: "critical", state: "acked" }),
      alarm("old-minor"),
      alarm("new-minor", { raised_at: "2026-11-22T11:00:00Z" }),
      alarm("critical", { severity: "critical" }),
    ];
    expect(items.sort(compareAlarms).map((a) => a.id)).toEqual([
      "critical",
      "new-minor",
      "old-minor",
      "acked-critical",
    ]);
  });
});

describe("upsert", () => {
  it("takes newer versions, ignores older ones, drops closed ones", () => {
    let l = list(alarm("a", { version: 3 }));
    l = upsert(l, alarm("a", { version: 2, state: "acked" }));
    expect(l.items[0]?.state).toBe("unacked");
    l = upsert(l, alarm("a", { version: 4, state: "acked" }));
    expect(l.counts).toEqual({ unacked: 0, acked: 1, rtn_unacked: 0 });
    l = upsert(l, alarm("a", { version: 5, state: "closed" }));
    expect(l.items).toEqual([]);
  });
});

describe("missed", () => {
  it("counts new alarms and new occurrences", () => {
    const before = [alarm("a"), alarm("b")];
    const after = [alarm("a", { count: 2 }), alarm("b"), alarm("c")];
    expect(missed(before, after)).toBe(2);
  });
});

describe("withReadings", () => {
  it("changes only the alarms of that edge's points", () => {
    const l = list(
      alarm("a", { edge: "e", point: "p", value: 1 }),
      alarm("b", { edge: "f", point: "p", value: 1 }),
    );
    const next = withReadings(l, "e", new Map([["p", { value: 2, quality: "good" }]]));
    expect(next.items.map((a) => a.value)).toEqual([2, 1]);
    expect(withReadings(l, "e", new Map([["q", { value: 2, quality: "good" }]]))).toBe(l);
  });
});
