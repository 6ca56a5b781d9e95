import type { Point, PointRule, Series } from "../api/types";
import { say } from "../i18n";
import type { ChartProps } from "./Chart";
import { curve, type Dot } from "./curve";
import { clock, dateTime, reading } from "./format";

/** Line is one point to be drawn. */
export interface Line {
  name: string;
  series: Series;
  rules: PointRule[];
  words: Point["enum"];
}

const token = (name: string) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const day = 86_400_000;

/** Points are told apart by colour and by stroke, for those who see no colours. */
const strokes = ["solid", "dashed", "dotted", [12, 4, 2, 4], [2, 6], [16, 6]] as const;
const colours = ["accent", "major", "quiet", "drill", "minor", "text"] as const;

/** isState says that a point has states rather than values. */
export const isState = (l: Line) => l.words !== undefined || l.series.unit === "";

/** axesOf gives every unit an axis of its own; states share one. */
export function axesOf(lines: Line[]): string[] {
  return [...new Set(lines.map((l) => (isState(l) ? "" : l.series.unit)))];
}

/** option is the whole drawing. */
export function option({ lines, span, marks, onZoom }: ChartProps) {
  const axes = axesOf(lines);
  const quiet = token("quiet");
  const length = span.to - span.from;
  return {
    animation: false,
    grid: {
      left: 68,
      right: axes.length > 1 ? 68 + 60 * (axes.length - 2) : 20,
      top: 30,
      bottom: 28,
    },
    textStyle: { color: quiet, fontFamily: getComputedStyle(document.body).fontFamily },
    brush: onZoom && { toolbox: [], xAxisIndex: 0, throttleType: "debounce", transformable: false },
    toolbox: { show: false },
    tooltip: {
      trigger: "axis",
      backgroundColor: token("raised"),
      borderColor: token("line"),
      textStyle: { color: token("text") },
      formatter: (items: { axisValue: number; seriesIndex: number; value: Dot }[]) => tooltip(items, lines),
    },
    xAxis: {
      type: "time",
      min: span.from,
      max: span.to,
      axisLabel: {
        formatter: (v: number) =>
          length > day ? dateTime(v).slice(0, 5) : clock(v).slice(0, length > 600_000 ? 5 : 8),
        color: quiet,
        hideOverlap: true,
      },
      axisLine: { lineStyle: { color: token("line") } },
    },
    yAxis: axes.map((unit, i) => axis(unit, i, lines)),
    series: lines.flatMap((l, i) => drawn(l, i, axes, span, i === 0 ? marks : undefined)),
  };
}

function axis(unit: string, i: number, lines: Line[]) {
  const first = lines.find((l) => (isState(l) ? "" : l.series.unit) === unit);
  const colour = i === 0 ? token("quiet") : token("text");
  return {
    type: "value",
    scale: true,
    position: i === 0 ? "left" : "right",
    offset: i > 1 ? 60 * (i - 1) : 0,
    minInterval: unit === "" ? 1 : undefined,
    name: unit,
    nameTextStyle: { align: i === 0 ? "right" : "left", color: colour },
    axisLabel: {
      formatter: (v: number) =>
        unit === "" ? reading(v, "", 0, first?.words) : String(Number(v.toPrecision(6))),
      color: colour,
      fontSize: 13,
      width: 56,
      overflow: "truncate",
    },
    splitLine: { show: i === 0, lineStyle: { color: token("line") } },
  };
}

function drawn(l: Line, i: number, axes: string[], span: ChartProps["span"], marks: ChartProps["marks"]) {
  const { line, low, high, gaps } = curve(l.series.buckets, {
    from: span.from,
    to: span.to,
    longest: Math.max(90_000, l.series.resolution_ms * 3),
  });
  const state = isState(l);
  const colour = token(colours[i % colours.length] ?? "accent");
  const yAxisIndex = axes.indexOf(state ? "" : l.series.unit);
  const band = (name: string, data: Dot[], areaStyle?: object) => ({
    type: "line",
    name,
    yAxisIndex,
    data,
    symbol: "none",
    silent: true,
    lineStyle: { opacity: 0 },
    stack: `band ${i}`,
    areaStyle,
    tooltip: { show: false },
  });
  const width = high.map(([t, v], k): Dot => [t, v === null ? null : v - (low[k]?.[1] ?? 0)]);
  return [
    ...(state || l.series.raw || i > 0
      ? []
      : [band("", low), band("", width, { color: colour, opacity: 0.18 })]),
    {
      type: "line",
      name: String(i),
      yAxisIndex,
      data: line,
      symbol: line.length < 60 ? "circle" : "none",
      symbolSize: 4,
      step: state ? "end" : false,
      lineStyle: { color: colour, width: 2, type: strokes[i % strokes.length] },
      itemStyle: { color: colour },
      markLine: { symbol: "none", silent: true, data: [...thresholds(l, state), ...instants(marks)] },
      // Only the first point's gaps are shaded: shades of several would say nothing.
      markArea: i === 0 && {
        silent: true,
        itemStyle: { color: token("hatch"), opacity: 0.45 },
        data: gaps.map(([from, to]) => [{ xAxis: from }, { xAxis: to }]),
      },
    },
  ];
}

function thresholds(l: Line, state: boolean) {
  return l.rules
    .filter((r) => r.on !== undefined && !state)
    .map((r) => ({
      yAxis: r.on,
      lineStyle: { color: token(r.severity), type: "dashed" },
      label: { formatter: say(r.title), color: token(r.severity), position: "insideStartTop" },
    }));
}

function instants(marks: ChartProps["marks"]) {
  return (marks ?? []).map((m) => ({
    xAxis: m.at,
    lineStyle: { color: token("critical"), type: "solid" },
    label: { formatter: m.text, color: token("critical"), position: "end" },
  }));
}

const escaped = (s: string) => s.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** tooltip writes time, then every point's value; names come from people and are escaped. */
function tooltip(
  items: { axisValue: number; seriesIndex: number; value: Dot; seriesName?: string }[],
  lines: Line[],
) {
  const at = items[0]?.axisValue;
  const rows = items.flatMap((it) => {
    const l = it.seriesName ? lines[Number(it.seriesName)] : undefined;
    if (!l) return [];
    const v = it.value[1];
    const text = v === null ? "?" : reading(v, l.series.unit, l.series.decimals, l.words);
    return [`${escaped(l.name)} <b>${escaped(text)}</b>`];
  });
  return [at === undefined ? "" : dateTime(at), ...new Set(rows)].join("<br>");
}
