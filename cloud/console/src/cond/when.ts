const dayMillis = 86_400_000;

export interface Duration {
  n: number;
  unit: "" | "m" | "h" | "d" | "w";
}

/** parseDuration reads "24h", or with sign "-24h", "+3d", "". */
export function parseDuration(s: unknown, signed: boolean): Duration | undefined {
  if (typeof s !== "string") return undefined;
  if (signed && s === "") return { n: 0, unit: "" };
  const m = (signed ? /^([+-])(\d{1,5})([mhdw])$/ : /^()(\d{1,5})([mhdw])$/).exec(s);
  if (!m) return undefined;
  return { n: (m[1] === "-" ? -1 : 1) * Number(m[2]), unit: m[3] as Duration["unit"] };
}

const unitMillis = { "": 0, m: 60_000, h: 3_600_000, d: dayMillis, w: 7 * dayMillis };

export const millis = (d: Duration) => d.n * unitMillis[d.unit];

/** shiftDay is the day that lies d from now: whole days count on the calendar. */
export function shiftDay(now: number, d: Duration, zone: string): number {
  if (d.unit === "d") return dayOf(now, zone) + d.n;
  if (d.unit === "w") return dayOf(now, zone) + 7 * d.n;
  return dayOf(now + millis(d), zone);
}

/** dayOf is the local day of an instant, as days since 1970-01-01. */
export const dayOf = (ms: number, zone: string) => Math.floor((ms + offset(ms, zone)) / dayMillis);

/** dayStart is the first instant of a local day; it looks the offset up twice, as the server does. */
export function dayStart(day: number, zone: string): number {
  const u = day * dayMillis;
  const t = u - offset(u - offset(u, zone), zone);
  return u - offset(t, zone);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let f = formats.get(zone);
  if (!f) {
    f = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, f);
  }
  return f;
}

function offset(ms: number, zone: string): number {
  if (zone === "UTC") return 0;
  const whole = Math.floor(ms / 1000) * 1000;
  const at: Record<string, number> = {};
  for (const p of format(zone).formatToParts(whole)) at[p.type] = Number(p.value);
  const d = new Date(0);
  d.setUTCFullYear(at.year ?? 1970, (at.month ?? 1) - 1, at.day ?? 1);
  d.setUTCHours(at.hour ?? 0, at.minute ?? 0, at.second ?? 0);
  return d.getTime() - whole;
}

/** parseDay reads YYYY-MM-DD. */
export function parseDay(s: unknown): number | undefined {
  const m = typeof s === "string" && s.length === 10 ? /^(\d{4})-(\d\d)-(\d\d)$/.exec(s) : null;
  if (!m) return undefined;
  const [y, month, day] = [Number(m[1]), Number(m[2]), Number(m[3])];
  if (y < 1 || month < 1 || month > 12 || day < 1) return undefined;
  const d = new Date(0);
  d.setUTCFullYear(y, month - 1, day);
  return d.getUTCDate() === day ? d.getTime() / dayMillis : undefined;
}

const minInstant = -62135596800000;
const maxInstant = 253402300799999;
const rfc3339 = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** parseInstant reads RFC 3339 or epoch milliseconds. */
export function parseInstant(x: unknown): number | undefined {
  const ms = typeof x === "number" ? (Number.isInteger(x) ? x : undefined) : fromText(x);
  return ms !== undefined && ms >= minInstant && ms <= maxInstant ? ms : undefined;
}

function fromText(x: unknown): number | undefined {
  const m = typeof x === "string" && !x.endsWith("\n") ? rfc3339.exec(x) : null;
  const day = m ? parseDay(m[1]) : undefined;
  if (!m || day === undefined) return undefined;
  const [h, min, s] = [Number(m[2]), Number(m[3]), Number(m[4])];
  const [zh, zm] = [Number(m[7] ?? 0), Number(m[8] ?? 0)];
  if (h > 23 || min > 59 || s > 59 || zh > 23 || zm > 59) return undefined;
  const zone = (m[6] === "-" ? -1 : 1) * (zh * 60 + zm) * 60_000;
  return (
    day * dayMillis +
    h * 3_600_000 +
    min * 60_000 +
    s * 1000 +
    Number((m[5] ?? "").padEnd(3, "0").slice(0, 3)) -
    zone
  );
}
