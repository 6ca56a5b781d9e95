import type { LoadGroup } from "../api/load";
import type { Alarm, Place, Severity } from "../api/types";
import { lifeSafety, raisedAt } from "./open";

/** more than ten new alarms in ten minutes is a flood; it is over below five. */
export const floodOn = 10;
export const floodOff = 5;
export const floodWindowMs = 600_000;

/** flooded says whether the list is to be grouped, until the server says it; was is what held before. */
export function flooded(open: Alarm[], now: number, was: boolean): boolean {
  let n = 0;
  for (const a of open) if (now - raisedAt(a) < floodWindowMs) n++;
  return was ? n >= floodOff : n > floodOn;
}

export type GroupBy = "building" | "hazard";

/** First is the alarm that came before all others of its group; it may be acknowledged since. */
export type First = Pick<Alarm, "id" | "title" | "building_name" | "hazard" | "raised_at"> & {
  place?: Place;
};

/** Bundle is a group of a flood with its first-out: the alarm that came before all others. */
export interface Bundle {
  key: string;
  alarms: Alarm[];
  first: First;
  worst: Severity;
  newest: number;
}

const rank: Record<Severity, number> = { critical: 4, major: 3, minor: 2, notice: 1 };

/**
 * bundle groups a flood. Life-safety alarms are never in a bundle: they stand alone,
 * before it. What came first the server knows best: its groups hold the acknowledged too.
 */
export function bundle(
  alarms: Alarm[],
  by: GroupBy,
  known: LoadGroup[] = [],
): { alone: Alarm[]; bundles: Bundle[] } {
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
    if (raisedAt(a) < Date.parse(g.first.raised_at)) g.first = a;
    if (rank[a.severity] > rank[g.worst]) g.worst = a.severity;
    g.newest = Math.max(g.newest, raisedAt(a));
  }
  for (const k of known) {
    const g = groups.get(by === "building" ? k.building : k.hazard);
    if (
      !g ||
      k.first === g.first.id ||
      lifeSafety(k) ||
      Date.parse(k.raised_at) >= Date.parse(g.first.raised_at)
    )
      continue;
    g.first = { ...k, id: k.first, title: k.first_title };
  }
  const bundles = [...groups.values()].sort(
    (a, b) => rank[b.worst] - rank[a.worst] || b.alarms.length - a.alarms.length || (a.key < b.key ? -1 : 1),
  );
  return { alone, bundles };
}
