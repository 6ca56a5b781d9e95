import type { Bucket } from "../api/types";

/** A drawn point: [time ms, value], or null where the line must break. */
export type Dot = [number, number | null];

export interface Curve {
  line: Dot[];
  low: Dot[];
  high: Dot[];
  /** spans of time without credible data, [from ms, to ms] */
  gaps: [number, number][];
}

/**
 * curve turns buckets into lines that break where data is missing or not good: silence
 * and bad quality are gaps, never a line drawn through. step is the expected distance
 * of buckets in ms; a hole of more than longest ms is a gap.
 */
export function curve(buckets: Bucket[], longest: number): Curve {
  const out: Curve = { line: [], low: [], high: [], gaps: [] };
  let lastGood: number | undefined;
  let broken = false;
  for (const b of buckets) {
    const t = Date.parse(b.t);
    const good = b.quality === "good" || b.quality.startsWith("uncertain");
    if (!good) {
      if (!broken) push(out, t, null);
      broken = true;
      continue;
    }
    if (lastGood !== undefined && (broken || t - lastGood > longest)) {
      if (!broken) push(out, lastGood + 1, null);
      out.gaps.push([lastGood, t]);
    }
    push(out, t, b);
    lastGood = t;
    broken = false;
  }
  const end = buckets.at(-1);
  if (broken && end) out.gaps.push([lastGood ?? Date.parse(buckets[0]?.t ?? end.t), Date.parse(end.t)]);
  return out;
}

function push(c: Curve, t: number, b: Bucket | null) {
  c.line.push([t, b?.mean ?? null]);
  c.low.push([t, b?.min ?? null]);
  c.high.push([t, b?.max ?? null]);
}
