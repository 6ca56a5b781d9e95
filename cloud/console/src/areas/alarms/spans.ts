import type { Alarm } from "../../api/types";

/** Span is one part of an alarm's way, with the milliseconds it took and may take. */
export interface Span {
  name: "spooled" | "committed" | "painted" | "total" | "acknowledged";
  at?: string | undefined;
  ms?: number | undefined;
  limit?: number;
}

/** spans measures the way of an alarm: sensed to spooled ≤ 2 s, on to committed ≤ 3 s, on to painted ≤ 5 s, in all ≤ 10 s. */
export function spans(s: Alarm["stamps"]): Span[] {
  const between = (a?: string, b?: string) => (a && b ? Date.parse(b) - Date.parse(a) : undefined);
  return [
    { name: "spooled", at: s.spooled, ms: between(s.sensed, s.spooled), limit: 2000 },
    { name: "committed", at: s.committed, ms: between(s.spooled ?? s.received, s.committed), limit: 3000 },
    { name: "painted", at: s.painted, ms: between(s.committed, s.painted), limit: 5000 },
    { name: "total", at: s.painted, ms: between(s.sensed, s.painted), limit: 10_000 },
    { name: "acknowledged", at: s.acknowledged, ms: between(s.received ?? s.sensed, s.acknowledged) },
  ];
}
