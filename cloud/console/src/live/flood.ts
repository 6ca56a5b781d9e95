import type { Alarm, Severity } from "../api/types";
import { lifeSafety, raisedAt } from "./open";

/** more than ten new alarms in ten minutes is a flood; it is over below five. */
export const floodOn = 10;
export const floodOff = 5;
export const floodWindowMs = 600_000;

/** flooded says whether the list is to be grouped; was is what held before. */
export function flooded(open: Alarm[], now: number, was: boolean): boolean {
  let n = 0;
  for (const a of open) if (now - raisedAt(a) < floodWindowMs) n++;
  return was ? n >= floodOff : n > floodOn;
}

export type GroupBy = "building" | "hazard";

/** Bundle is a group of a flood with its first-out: the alarm that came before all others. */
export interface Bundle {
  key: string;
  alarms: Alarm[];
  first: Alarm;
  worst: Severity;
  newest: number;
}

const rank: Record<Severity, number> = { critical: 4, major: 3, minor: 2, notice: 1 };

/**
 * bundle groups a flood. Life-safety alarms are never in a bundle: they stand alone,
 * before it.
 */
export function bundle(alarms: Alarm[], by: GroupBy): { alone: Alarm[]; bundles: Bundle[] } {
  const alone: Alarm[] = [];
  const groups = new Map<string, Bundle>();
  for (const a of alarms) {
    if (lifeSafety(a)) {
      alone.push(a);
      continue;
    }
    const key = by === "building" ? a.building : a.hazard;
    const g = groups.get(key);
    if (!g) {
      groups.set(key, { key, alarms: [a], first: a, worst: a.severity, newest: raisedAt(a) });
      continue;
    }
    g.alarms.push(a);
    if (raisedAt(a) < raisedAt(g.first)) g.first = a;
    if (rank[a.severity] > rank[g.worst]) g.worst = a.severity;
    g.newest = Math.max(g.newest, raisedAt(a));
  }
  const bundles = [...groups.values()].sort(
    (a, b) => rank[b.worst] - rank[a.worst] || b.alarms.length - a.alarms.length || (a.key < b.key ? -1 : 1),
  );
  return { alone, bundles };
}

/** firstOuts are the ids of the first alarm of each building within the flood's window. */
export function firstOuts(alarms: Alarm[], now: number): ReadonlySet<string> {
  const first = new Map<string, Alarm>();
  for (const a of alarms) {
    if (now - raisedAt(a) >= floodWindowMs) continue;
    const f = first.get(a.building);
    if (!f || raisedAt(a) < raisedAt(f)) first.set(a.building, a);
  }
  return new Set([...first.values()].map((a) => a.id));
}
