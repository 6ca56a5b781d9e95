import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { type Drawn, useDrawn } from "../areas/points/queries";
import type { PointRef, Span } from "../areas/points/window";
import { say } from "../i18n";
import { useNow } from "../live/context";
import type { ChartProps } from "./Chart";
import { Empty, Failed, Loading } from "./states";

const Chart = lazy(() => import("./Chart"));

export const lineName = (d: Drawn) => `${say(d.detail.device.name)} · ${say(d.detail.point.name)}`;

/** PointsChart draws points over a span; the drawing library is fetched only when a chart is shown. */
export function PointsChart({
  refs,
  span,
  height,
  marks,
  onZoom,
}: {
  refs: PointRef[];
  span: Span;
  height: number;
} & Pick<ChartProps, "marks" | "onZoom">) {
  const { t } = useTranslation();
  const { drawn, pending, error, retry } = useDrawn(refs, span);
  if (drawn.length === 0) {
    if (error) return <Failed error={error} retry={retry} />;
    if (pending) return <Loading lines={5} />;
  }
  if (drawn.every((d) => d.series.buckets.length === 0)) return <Empty>{t("point.empty")}</Empty>;
  return (
    <Suspense fallback={<Loading lines={5} />}>
      <Chart
        lines={drawn.map((d) => ({
          name: lineName(d),
          series: d.series,
          rules: d.detail.point.rules,
          words: d.detail.point.enum,
        }))}
        span={span}
        height={height}
        label={drawn.map(lineName).join(", ")}
        marks={marks}
        onZoom={onZoom}
      />
    </Suspense>
  );
}

/** PointChart is one point over the last hours, or around an instant. */
export function PointChart({
  edge,
  point,
  hours,
  height,
  around,
  mark,
}: {
  edge: string;
  point: string;
  hours: number;
  height: number;
  /** an instant (RFC 3339) to stand in the middle, as far as time has gone on since */
  around?: string;
  mark?: string;
}) {
  const now = useNow();
  const length = hours * 3_600_000;
  const at = around ? Date.parse(around) : undefined;
  // Until half of the window has passed since the instant, the window still moves.
  const live = at === undefined || now - at < length / 2;
  const to = live || at === undefined ? now : at + length / 2;
  return (
    <PointsChart
      refs={[{ edge, point }]}
      span={{ from: to - length, to, live }}
      height={height}
      marks={at === undefined ? undefined : [{ at, text: mark ?? "" }]}
    />
  );
}
