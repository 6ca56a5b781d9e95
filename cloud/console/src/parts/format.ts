import type { TFunction } from "i18next";
import type { Place, Point, Text } from "../api/types";
import { language, say } from "../i18n";

let zone = "Asia/Shanghai";

/** zoneName is the community's time zone, an IANA name. */
export const zoneName = () => zone;

/** setZone makes every instant show in the community's time, wherever the browser is. */
export function setZone(tz: string) {
  zone = tz || zone; // before the first building is known
}

function format(at: string | number | Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(language(), { timeZone: zone, hourCycle: "h23", ...options }).format(
    new Date(at),
  );
}

const hms = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;

export const clock = (at: string | number | Date) => format(at, hms);
export const clockMs = (at: string) => format(at, { ...hms, fractionalSecondDigits: 3 });
export const dateTime = (at: string | number | Date) =>
  format(at, { month: "2-digit", day: "2-digit", ...hms });

/** minute writes a moment as people note it, with its year if that is not this one. */
export function minute(at: string | number | Date): string {
  const year = wall(at).slice(0, 4) === wall(Date.now()).slice(0, 4) ? {} : ({ year: "numeric" } as const);
  return format(at, { ...year, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
}

/** deadline is minute where midnight is the end of a day, 24:00, not the beginning of the next. */
export function deadline(at: string): string {
  if (!wall(at).endsWith("T00:00")) return minute(at);
  return minute(Date.parse(at) - 60_000).replace("23:59", "24:00");
}

/** day writes a date with its year. */
export const day = (at: string | number | Date) =>
  format(at, { year: "numeric", month: "2-digit", day: "2-digit" });

/** wall is the community's clock at an instant, as date fields want it: 2026-11-23T08:30. */
export function wall(at: string | number | Date): string {
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "medium",
  }).format(new Date(at)); // "2026-11-23 08:30:00"
  return parts.replace(" ", "T").slice(0, 16);
}

/** instant is when the community's clock shows a time (2026-11-23T08:30, or a date alone: its midnight). */
export function instant(clockTime: string): Date {
  const asUTC = Date.parse(`${clockTime.length === 10 ? `${clockTime}T00:00` : clockTime}:00Z`);
  const offset = (at: number) => Date.parse(`${wall(at)}:00Z`) - Math.floor(at / 60_000) * 60_000;
  const guess = asUTC - offset(asUTC);
  return new Date(asUTC - offset(guess)); // the second look is for the hours around a change of the clocks
}

/** age writes a length of time in one unit: 12 秒, 3 分, 5 小时, 2 天. */
export function age(t: TFunction, ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return t("age.s", { n: s });
  if (s < 3600) return t("age.m", { n: Math.floor(s / 60) });
  if (s < 86_400) return t("age.h", { n: Math.floor(s / 3600) });
  return t("age.d", { n: Math.floor(s / 86_400) });
}

/** elapsed counts like a stopwatch: 00:14, 1:02:33. */
export function elapsed(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600);
  const mmss = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return h > 0 ? `${h}:${mmss}` : mmss;
}

/** floorName writes a floor: 12层 or 12F, 地下1层 or B1. */
export function floorName(n: number): string {
  if (language() === "en") return n < 0 ? `B${-n}` : `${n}F`;
  return n < 0 ? `地下${-n}层` : `${n}层`;
}

/** placeName writes a place as people say it: 3号楼·1单元·12层·东走廊. */
export function placeName(p: Place | undefined, building: Text | undefined): string {
  const en = language() === "en";
  const parts = [say(building)];
  if (p?.unit_entrance) parts.push(en ? `Entrance ${p.unit_entrance}` : `${p.unit_entrance}单元`);
  if (p?.floor) parts.push(floorName(p.floor));
  parts.push(say(p?.room));
  return parts.filter(Boolean).join(en ? ", " : "·");
}

/** reading writes a value with its unit, or the word of its code. */
export function reading(value: number | null, unit: string, decimals: number, words?: Point["enum"]): string {
  if (value === null) return "?";
  const word = words?.[String(value)];
  if (word) return say(word);
  const n = new Intl.NumberFormat(language(), {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(value);
  return unit ? `${n} ${unit}` : n;
}

/** qualityKey is the i18n key of a quality word such as "bad:timeout". */
export function qualityKey(q: string): string {
  return `quality.${q.split(":")[1] ?? q}`;
}

/** actorName writes who did something: people by name, machines by what they are. */
export function actorName(t: TFunction, actor: string): string {
  if (actor === "system" || actor === "cloud") return t("actor.system");
  if (actor.startsWith("edge:")) return t("actor.edge", { id: actor.slice(5) });
  return actor;
}

/** credible says whether a value of this quality may be shown as one. */
export const credible = (quality: string) => quality === "good" || quality.startsWith("uncertain");
