import type { Alarm, AlarmList, Counts, Severity } from "../api/types";

const rank: Record<Severity, number> = { critical: 4, major: 3, minor: 2, notice: 1 };
const lifeSafetyHazards = new Set(["fire", "gas", "toxic", "entrapment"]);

/** lifeSafety alarms are always shown at once and one by one. */
export const lifeSafety = (a: Pick<Alarm, "hazard">) => lifeSafetyHazards.has(a.hazard);

const instants = new WeakMap<Alarm, number>();

/** raisedAt is when the present occurrence was sensed, ms. */
export function raisedAt(a: Alarm): number {
  let at = instants.get(a);
  if (at === undefined) instants.set(a, (at = Date.parse(a.raised_at)));
  return at;
}

/** An alarm set aside stands in a state of its own, with the override that holds it. */
interface SetAside {
  state: string;
  overrides?: { kind: string; until?: string }[] | null;
}

export type Group = "unacked" | "acked" | "rtn" | "aside";
export type AsideKind = "shelved" | "suppressed" | "out_of_service";

/** aside says why and until when an alarm is out of the lists. */
export function aside(a: Alarm): { kind: AsideKind; until?: string } | undefined {
  const { state, overrides } = a as SetAside;
  if (state !== "shelved" && state !== "suppressed" && state !== "out_of_service") return undefined;
  return { kind: state, until: overrides?.find((o) => o.kind === state)?.until };
}

/** groupOf is the list an open alarm stands in. */
export function groupOf(a: Alarm): Group {
  if (aside(a)) return "aside";
  if (a.state === "acked") return "acked";
  return a.state === "rtn_unacked" ? "rtn" : "unacked";
}

/** loud alarms wait for somebody: they blink, sound, and stand in the first list. */
export const loud = (a: Alarm) => a.state === "unacked";

/** compareAlarms puts the unacknowledged first, then the worst, then the newest. */
export function compareAlarms(a: Alarm, b: Alarm): number {
  return (
    Number(loud(b)) - Number(loud(a)) ||
    rank[b.severity] - rank[a.severity] ||
    raisedAt(b) - raisedAt(a) ||
    (a.id < b.id ? -1 : Number(a.id > b.id))
  );
}

/** countAlarms counts open alarms by what they wait for. */
export function countAlarms(items: Alarm[]): Pick<Counts, "unacked" | "acked" | "rtn_unacked"> {
  const n = { unacked: 0, acked: 0, rtn_unacked: 0 };
  for (const a of items) if (a.state in n) n[a.state as keyof typeof n]++;
  return n;
}

/**
 * merge puts newer versions of alarms into the open list; closed ones leave it. The list
 * stays sorted by merging, so that a flood costs one pass for all of a frame's changes.
 */
export function merge(list: AlarmList, changes: Alarm[]): AlarmList {
  const newest = new Map<string, Alarm>();
  for (const c of changes) {
    const other = newest.get(c.id);
    if (!other || other.version <= c.version) newest.set(c.id, c);
  }
  const rest: Alarm[] = [];
  for (const a of list.items) {
    const c = newest.get(a.id);
    if (c && c.version < a.version) newest.delete(a.id);
    if (!c || c.version < a.version) rest.push(a);
  }
  const fresh = [...newest.values()].filter((a) => a.state !== "closed").sort(compareAlarms);
  const items: Alarm[] = [];
  let i = 0;
  for (const a of rest) {
    while (i < fresh.length && compareAlarms(fresh[i]!, a) < 0) items.push(fresh[i++]!);
    items.push(a);
  }
  items.push(...fresh.slice(i));
  return { ...list, items, counts: { ...list.counts, ...countAlarms(items) } };
}

/** upsert is merge of one. */
export const upsert = (list: AlarmList, alarm: Alarm): AlarmList => merge(list, [alarm]);

/** missed is what is new in after: raised, or raised again, while nobody was told. */
export function missed(before: Alarm[], after: Alarm[]): Alarm[] {
  const known = new Map(before.map((a) => [a.id, a.count]));
  return after.filter((a) => (known.get(a.id) ?? 0) < a.count);
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
