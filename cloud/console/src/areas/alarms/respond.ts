import type { TFunction } from "i18next";

/** respond writes a time in the largest unit that fits: 60 s, 30 min, 8 h. */
export function respond(t: TFunction, s: number): string {
  if (s < 120) return t("alarms.seconds", { n: s });
  if (s < 7200) return t("alarms.minutes", { n: Math.round(s / 60) });
  return t("alarms.hours", { n: Math.round(s / 360) / 10 });
}
