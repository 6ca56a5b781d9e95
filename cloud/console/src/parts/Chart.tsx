import { LineChart } from "echarts/charts";
import {
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  DataZoomComponent,
} from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { Point, PointRule, Series } from "../api/types";
import { say } from "../i18n";
import { curve } from "./curve";
import { clock, dateTime, reading } from "./format";

use([
  LineChart,
  GridComponent,
  TooltipComponent,
  MarkLineComponent,
  MarkAreaComponent,
  DataZoomComponent,
  CanvasRenderer,
]);

interface Props {
  series: Series;
  rules: PointRule[];
  words: Point["enum"];
  height: number;
  hours: number;
}

/** Chart draws one series in the product's tokens: gaps shaded, thresholds drawn, states as steps. */
export default function Chart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  useEffect(() => {
    if (!box.current) return;
    const made = init(box.current);
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);
  useEffect(() => chart.current?.setOption(option(props), { notMerge: true }));
  return <div ref={box} className="chart" style={{ height: props.height }} role="img" />;
}

const token = (name: string) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function option({ series, rules, words, hours }: Props) {
  const to = Date.now();
  const from = to - hours * 3_600_000;
  const { line, low, high, gaps } = curve(series.buckets, {
    from,
    to,
    longest: Math.max(90_000, series.resolution_ms * 3),
  });
  const state = words !== undefined || series.unit === "";
  const quiet = token("quiet");
  const value = (v: number) => reading(v, series.unit, series.decimals, words);
  const thresholds = rules
    .filter((r) => r.on !== undefined && !state)
    .map((r) => ({
      yAxis: r.on,
      lineStyle: { color: token(r.severity), type: "dashed" },
      label: { formatter: say(r.title), color: token(r.severity), position: "insideStartTop" },
    }));
  const band = (data: typeof line, areaStyle?: object) => ({
    type: "line",
    data,
    symbol: "none",
    silent: true,
    lineStyle: { opacity: 0 },
    stack: "band",
    areaStyle,
  });
  const width = high.map(([t, v], i): [number, number | null] => [
    t,
    v === null ? null : v - (low[i]?.[1] ?? 0),
  ]);
  return {
    animation: false,
    grid: { left: 64, right: 16, top: 30, bottom: hours > 1 ? 56 : 28 },
    textStyle: { color: quiet },
    tooltip: {
      trigger: "axis",
      valueFormatter: (v: number | null) => (v === null || v === undefined ? "?" : value(v)),
      axisPointer: { label: { formatter: (p: { value: number }) => dateTime(p.value) } },
    },
    dataZoom:
      hours > 1 ? [{ type: "inside" }, { type: "slider", height: 18, bottom: 8 }] : [{ type: "inside" }],
    xAxis: {
      type: "time",
      min: from,
      max: to,
      axisLabel: {
        formatter: (v: number) => (hours > 24 ? dateTime(v).slice(0, 5) : clock(v).slice(0, 5)),
        color: quiet,
      },
      axisLine: { lineStyle: { color: token("line") } },
    },
    yAxis: {
      type: "value",
      scale: true,
      minInterval: state ? 1 : undefined,
      name: state ? "" : series.unit,
      nameTextStyle: { align: "right" },
      axisLabel: {
        formatter: (v: number) => (state ? value(v) : reading(v, "", series.decimals)),
        color: quiet,
        width: 56,
        overflow: "truncate",
      },
      splitLine: { lineStyle: { color: token("line") } },
    },
    series: [
      ...(state || series.raw ? [] : [band(low), band(width, { color: token("accent"), opacity: 0.18 })]),
      {
        type: "line",
        data: line,
        symbol: line.length < 60 ? "circle" : "none",
        symbolSize: 4,
        step: state ? "end" : false,
        lineStyle: { color: token("accent"), width: 2 },
        itemStyle: { color: token("accent") },
        markLine: { symbol: "none", silent: true, data: thresholds },
        markArea: {
          silent: true,
          itemStyle: { color: token("hatch"), opacity: 0.45, decal: {} },
          data: gaps.map(([from, to]) => [{ xAxis: from }, { xAxis: to }]),
        },
      },
    ],
  };
}
