import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { get } from "../../api/client";
import { keys } from "../../api/queries";
import type { PointDetail, Series } from "../../api/types";
import { nameOf, type PointRef, type Span } from "./window";

/** Drawn is one point with what is known of it in a span. */
export interface Drawn {
  ref: PointRef;
  detail: PointDetail;
  series: Series;
}

const path = (r: PointRef) => `/api/points/${r.edge}/${encodeURIComponent(r.point)}`;

/** useDrawn fetches points over a span; old curves stay while newer ones come. */
export function useDrawn(refs: PointRef[], span: Span) {
  const length = span.to - span.from;
  const every = span.live ? (length <= 3_600_000 ? 5_000 : 60_000) : false;
  // A live span moves with the clock: its key is its length, or every second would be a new query.
  const key = span.live ? `live ${length}` : `${span.from} ${span.to}`;
  const query = async (r: PointRef): Promise<Drawn> => {
    const to = span.live ? Date.now() : span.to;
    const window = `from=${new Date(to - length).toISOString()}&to=${new Date(to).toISOString()}`;
    const [detail, series] = await Promise.all([
      get<PointDetail>(path(r)),
      get<Series>(`${path(r)}/series?${window}&max=800`),
    ]);
    return { ref: r, detail, series };
  };
  return useQueries({
    queries: refs.map((r) => ({
      queryKey: [...keys.series(r.edge, r.point, key)],
      queryFn: () => query(r),
      refetchInterval: every,
      placeholderData: keepPreviousData,
    })),
    combine: (all) => ({
      drawn: all.flatMap((q) => (q.data ? [q.data] : [])),
      pending: all.some((q) => q.isPending),
      error: all.find((q) => q.error)?.error ?? null,
      retry: () => all.forEach((q) => void q.refetch()),
    }),
  });
}

/** exportPath is where a file of these points is. bucket is in seconds, 0 for every sample. */
export function exportPath(refs: PointRef[], span: Span, format: "csv" | "xlsx" | "parquet", bucket: number) {
  const q = new URLSearchParams({
    points: refs.map(nameOf).join(","),
    from: new Date(span.from).toISOString(),
    to: new Date(span.to).toISOString(),
    format,
    bucket: String(bucket),
  });
  return `/api/series/export?${q}`;
}
