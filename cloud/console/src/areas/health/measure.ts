import { rangeOf } from "../alarms/range";

/** Spans are the times the clocks can be looked at over. */
export const spans = ["h24", "days7", "month"] as const;
export type SpanName = (typeof spans)[number];

/** spanOf is one of them, up to now; the last day or the community's calendar days. */
export function spanOf(name: string | null, now: number): { name: SpanName; from: string; to: string } {
  if (name === "days7" || name === "month") {
    const r = rangeOf(new URLSearchParams({ range: name }), now);
    return { name, from: r.from, to: r.to };
  }
  const to = Math.ceil(now / 60_000) * 60_000; // by the minute, so that not every look is a new question
  return {
    name: "h24",
    from: new Date(to - 86_400_000).toISOString(),
    to: new Date(to).toISOString(),
  };
}

/** monthsBack lists months, this one first: 2026-11, 2026-10, … */
export function monthsBack(today: string, n: number): string[] {
  const [y = 0, m = 1] = today.split("-").map(Number);
  return Array.from({ length: n }, (_, i) => {
    const d = new Date(Date.UTC(y, m - 1 - i, 1));
    return d.toISOString().slice(0, 7);
  });
}

/** took writes a time in the unit people would say it in: its number, and the key of its unit. */
export function took(s: number): { n: string; unit: "ms" | "s" | "min" | "h" } {
  if (s < 1) return { n: String(Math.round(s * 1000)), unit: "ms" };
  if (s < 120) return { n: trimmed(s, s < 10 ? 2 : 1), unit: "s" };
  if (s < 7200) return { n: trimmed(s / 60, 1), unit: "min" };
  return { n: trimmed(s / 3600, 1), unit: "h" };
}

const trimmed = (n: number, digits: number) => String(Number(n.toFixed(digits)));

/** bytes writes a size: 512 MiB, 41.2 GiB. */
export function bytes(n: number): string {
  if (n >= 2 ** 30) return `${trimmed(n / 2 ** 30, 1)} GiB`;
  return `${Math.round(n / 2 ** 20)} MiB`;
}

/** share writes a percentage so that what is not all is never shown as all: 99.99 %, not 100 %. */
export function share(p: number): string {
  if (p >= 100) return "100%";
  if (p <= 0) return "0%";
  return `${Math.max(0.01, Math.floor(p * 100) / 100)}%`;
}
