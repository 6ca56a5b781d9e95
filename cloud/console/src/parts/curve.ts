import type { Bucket } from "../api/types";
import { credible } from "./format";

/** A drawn point: [time ms, value], or null where the line must break. */
export type Dot = [number, number | null];

/** Values of one instant, as drawn: the mean inside the band from low to high. */
interface Values {
  mean: number;
  min: number;
  max: number;
}

export interface Curve {
  line: Dot[];
  low: Dot[];
  high: Dot[];
  /** spans of time without credible data, [from ms, to ms] */
  gaps: [number, number][];
}

/** Window is what is looked at: from and to in ms; a silence of more than longest ms is a gap. */
export interface Window {
  from: number;
  to: number;
  longest: number;
}

/**
 * curve turns buckets into lines that break where data is missing or not good. Edges
 * report by exception, so a good value holds until the next one; it stops holding when
 * quality turns bad, or after a silence longer than an edge ever keeps.
 */
export function curve(buckets: Bucket[], w: Window): Curve {
  const out: Curve = { line: [], low: [], high: [], gaps: [] };
  let held: { at: number; values: Values } | undefined;
  let gapFrom: number | undefined = w.from;
  const end = (at: number) => {
    if (!held) return;
    const silent = at - held.at > w.longest;
    if (!silent) push(out, at, held.values);
    push(out, (silent ? held.at : at) + 1, null);
    gapFrom = silent ? held.at : at;
    held = undefined;
  };
  for (const b of buckets) {
    const t = Date.parse(b.t);
    if (!credible(b.quality)) {
      end(t);
      continue;
    }
    if (held && t - held.at > w.longest) end(t);
    if (gapFrom !== undefined && t - gapFrom > (out.line.length === 0 ? w.longest : 0))
      out.gaps.push([gapFrom, t]);
    gapFrom = undefined;
    held = { at: t, values: b };
    push(out, t, b);
  }
  end(w.to);
  if (gapFrom !== undefined && gapFrom < w.to) out.gaps.push([gapFrom, w.to]);
  return out;
}

function push(c: Curve, t: number, v: Values | null) {
  c.line.push([t, v?.mean ?? null]);
  c.low.push([t, v?.min ?? null]);
  c.high.push([t, v?.max ?? null]);
}
