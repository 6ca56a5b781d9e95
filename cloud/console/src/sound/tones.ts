import type { Alarm, Severity } from "../api/types";
import { lifeSafety, loud } from "../live/open";

/** A tone is a pattern of beeps: [frequency Hz, length s, pause s]. The four classes are told apart by rhythm. */
export type Tone = [number, number, number][];

export type ToneName = Severity | "link" | "nag";

export const tones: Record<ToneName, Tone> = {
  critical: [
    [880, 0.18, 0.06],
    [660, 0.18, 0.06],
    [880, 0.18, 0.06],
    [660, 0.18, 0.5],
  ],
  major: [
    [740, 0.25, 0.12],
    [740, 0.25, 1.1],
  ],
  minor: [[520, 0.3, 2.4]],
  notice: [[420, 0.2, 5]],
  link: [
    [300, 0.5, 0.15],
    [220, 0.7, 2.5],
  ],
  nag: [
    [600, 0.12, 0.08],
    [600, 0.12, 0.08],
    [800, 0.2, 0],
  ],
};

export const muteForMs = 120_000;
export const nagEveryMs = 15 * 60_000;

/** Muted says until when which alarms are silenced at this seat. */
export interface Muted {
  until: number;
  ids: ReadonlySet<string>;
  /** the tone of the lost link too, for this loss */
  link: boolean;
}

/** occurrence is what a mute silences: a new occurrence of the same alarm is heard again. */
export const occurrence = (a: Alarm) => `${a.id}/${a.count}/${a.severity}`;

/** sounding is the worst unacknowledged alarm that is to be heard now, if any. Notices make no sound. */
export function sounding(open: Alarm[], muted: Muted | undefined, now: number): Alarm | undefined {
  const silent = muted !== undefined && now < muted.until ? muted.ids : undefined;
  for (const a of open) {
    if (!loud(a)) return undefined; // the loud ones stand first
    if (a.severity !== "notice" && !silent?.has(occurrence(a))) return a;
  }
  return undefined;
}

/** toSpeak says whether an alarm is spoken: in a flood only what may hurt people, or the voice never ends. */
export const toSpeak = (a: Alarm, flood: boolean) => !flood || lifeSafety(a);

/** nags says whether it is time to remind of what still stands: last is the reminder before, or when it began to stand. */
export function nags(open: Alarm[], quietSince: number | undefined, now: number): boolean {
  const waits = (a: Alarm) => a.state === "unacked" || a.state === "rtn_unacked";
  return quietSince !== undefined && now - quietSince >= nagEveryMs && open.some(waits);
}
