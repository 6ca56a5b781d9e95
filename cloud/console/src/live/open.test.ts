import { describe, expect, it } from "vitest";
import type { Alarm, AlarmList } from "../api/types";
import { compareAlarms, merge, missed, upsert, withReadings } from "./open";

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
  counts: { unacked: 0, acked: 0, rtn_unacked: 0 } as AlarmList["counts"],
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

describe("merge", () => {
  it("equals one by one, in any order of changes, and stays sorted", () => {
    let seed = 1;
    const random = (n: number) => (seed = (seed * 16807) % 2147483647) % n;
    const severities = ["critical", "major", "minor", "notice"] as const;
    const states = ["unacked", "acked", "rtn_unacked", "closed"] as const;
    for (let round = 0; round < 50; round++) {
      const changes = Array.from({ length: 60 }, (_, i) =>
        alarm(`a${random(20)}`, {
          version: i,
          severity: severities[random(4)]!,
          state: states[random(4)]!,
          raised_at: new Date(1e12 + random(50) * 1000).toISOString(),
        }),
      );
      const one = changes.reduce(upsert, list());
      const all = merge(merge(list(), changes.slice(0, 30)), changes.slice(30));
      // Whatever the order, the newest version of each is what stays.
      expect(all.items.map((a) => `${a.id}/${a.version}`)).toEqual(
        one.items.map((a) => `${a.id}/${a.version}`),
      );
      expect([...all.items].sort(compareAlarms)).toEqual(all.items);
      expect(all.counts).toEqual(one.counts);
    }
  });
  it("takes 1,000 changes into 10,000 alarms in one frame", () => {
    const many = list(...Array.from({ length: 10_000 }, (_, i) => alarm(`m${i}`)).sort(compareAlarms));
    const after = merge(
      many,
      Array.from({ length: 1000 }, (_, i) => alarm(`n${i}`, { severity: "critical" })),
    );
    expect(after.items.length).toBe(11_000);
    expect(after.items[0]?.severity).toBe("critical");
  });
});

describe("missed", () => {
  it("counts new alarms and new occurrences", () => {
    const before = [alarm("a"), alarm("b")];
    const after = [alarm("a", { count: 2 }), alarm("b"), alarm("c")];
    expect(missed(before, after).map((a) => a.id)).toEqual(["a", "c"]);
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
