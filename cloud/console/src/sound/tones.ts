import type { Alarm, Severity } from "../api/types";

/** A tone is a pattern of beeps: [frequency Hz, length s, pause s]. The four classes are told apart by rhythm. */
export type Tone = [number, number, number][];

export const tones: Record<Severity | "link", Tone> = {
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
};

export const muteForMs = 120_000;

/** Muted says until when which alarms are silenced at this seat. */
export interface Muted {
  until: number;
  ids: ReadonlySet<string>;
}

/** occurrence is what a mute silences: a new occurrence of the same alarm is heard again. */
export const occurrence = (a: Alarm) => `${a.id}/${a.count}/${a.severity}`;

/** sounding is the worst unacknowledged alarm that is to be heard now, if any. Notices make no sound. */
export function sounding(open: Alarm[], muted: Muted | undefined, now: number): Alarm | undefined {
  return open.find(
    (a) =>
      a.state === "unacked" &&
      a.severity !== "notice" &&
      !(muted !== undefined && now < muted.until && muted.ids.has(occurrence(a))),
  );
}
