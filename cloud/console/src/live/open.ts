import type { Alarm, AlarmList, Counts, Severity } from "../api/types";

const rank: Record<Severity, number> = { critical: 4, major: 3, minor: 2, notice: 1 };
const lifeSafetyHazards = new Set(["fire", "gas", "toxic", "entrapment"]);

/** lifeSafety alarms are always shown at once and one by one. */
export const lifeSafety = (a: Alarm) => lifeSafetyHazards.has(a.hazard);

/** compareAlarms puts the unacknowledged first, then the worst, then the newest. */
export function compareAlarms(a: Alarm, b: Alarm): number {
  return (
    Number(b.state === "unacked") - Number(a.state === "unacked") ||
    rank[b.severity] - rank[a.severity] ||
    Date.parse(b.raised_at) - Date.parse(a.raised_at) ||
    a.id.localeCompare(b.id)
  );
}

/** countAlarms counts open alarms by what they wait for. */
export function countAlarms(items: Alarm[]): Counts {
  const n = (s: string) => items.filter((a) => a.state === s).length;
  return { unacked: n("unacked"), acked: n("acked"), rtn_unacked: n("rtn_unacked") };
}

/** upsert puts one alarm's newer version into the open list; closed ones leave it. */
export function upsert(list: AlarmList, alarm: Alarm): AlarmList {
  const old = list.items.find((a) => a.id === alarm.id);
  if (old && old.version > alarm.version) return list;
  const rest = list.items.filter((a) => a.id !== alarm.id);
  const items = alarm.state === "closed" ? rest : [...rest, alarm].sort(compareAlarms);
  return { ...list, items, counts: countAlarms(items) };
}

/** missed counts what is new in after: raised, or raised again, while nobody was told. */
export function missed(before: Alarm[], after: Alarm[]): number {
  const known = new Map(before.map((a) => [a.id, a.count]));
  return after.filter((a) => (known.get(a.id) ?? 0) < a.count).length;
}

/** withReadings puts the newest readings into the alarms that stand on them; without any the list is the same one. */
export function withReadings(
  list: AlarmList,
  edge: string,
  values: Map<string, { value: number; quality: string }>,
): AlarmList {
  if (!list.items.some((a) => a.edge === edge && values.has(a.point))) return list;
  const items = list.items.map((a) => {
    const v = a.edge === edge ? values.get(a.point) : undefined;
    return v ? { ...a, value: v.value, quality: v.quality } : a;
  });
  return { ...list, items };
}
