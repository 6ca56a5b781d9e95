/** Ranges that end now, in hours. */
export const ranges = { h1: 1, h6: 6, d1: 24, d7: 168, d30: 720 } as const;
export type Range = keyof typeof ranges;

/** Span is what a chart shows: from and to in ms; live says that it moves on with the clock. */
export interface Span {
  from: number;
  to: number;
  live: boolean;
}

const longest = 400 * 86_400_000;

/** spanOf reads a span from a page's address; what cannot be meant is the last hour. */
export function spanOf(params: URLSearchParams, now: number): Span {
  const from = Date.parse(params.get("from") ?? "");
  const to = Date.parse(params.get("to") ?? "");
  if (from < to && to - from <= longest) return { from, to, live: false };
  const hours = ranges[(params.get("range") ?? "h1") as Range] ?? ranges.h1;
  return { from: now - hours * 3_600_000, to: now, live: true };
}

/** zoomed is the span after a zoom to the given parts (0..1); undefined if it is too small to look at. */
export function zoomed(span: Span, start: number, end: number): Span | undefined {
  const length = span.to - span.from;
  const from = Math.round(span.from + length * Math.max(0, start));
  const to = Math.round(span.from + length * Math.min(1, end));
  if (to - from < 10_000 || (from === span.from && to === span.to)) return undefined;
  return { from, to, live: false };
}

/** wider doubles a span around its middle, not beyond now. */
export function wider(span: Span, now: number): Span {
  const half = span.to - span.from;
  const middle = (span.from + span.to) / 2;
  const to = Math.min(now, Math.round(middle + half));
  return { from: Math.max(to - longest, Math.round(to - 2 * half)), to, live: false };
}

/** PointRef names a point as addresses do: edge/point. */
export interface PointRef {
  edge: string;
  point: string;
}

export const refOf = (s: string): PointRef | undefined => {
  const at = s.indexOf("/");
  return at > 0 && at < s.length - 1 ? { edge: s.slice(0, at), point: s.slice(at + 1) } : undefined;
};
export const nameOf = (r: PointRef) => `${r.edge}/${r.point}`;
