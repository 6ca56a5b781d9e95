import { BarChart, HeatmapChart, LineChart, PieChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { Chart } from "./stats";

use([
  BarChart,
  LineChart,
  PieChart,
  HeatmapChart,
  GridComponent,
  TooltipComponent,
  LegendComponent,
  VisualMapComponent,
  CanvasRenderer,
]);

export interface StatChartProps {
  kind: Chart["kind"];
  rows: string[];
  /** one without a second dimension */
  columns: string[];
  values: (number | null)[][];
  label: string;
  onPick: (row: number, column: number) => void;
}

const colours = ["accent", "major", "minor", "quiet", "drill", "text"];
const patterns = ["solid", "dashed", "dotted"];
const escaped = (s: string) => s.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** StatChart draws groups in the product's tokens; a click on one asks for its records. */
export default function StatChart(props: StatChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    if (!box.current) return;
    const made = init(box.current);
    chart.current = made;
    made.on("click", (e) => {
      const { kind, onPick } = latest.current;
      if (kind !== "heat") return onPick(e.dataIndex, e.seriesIndex ?? 0);
      const [column, row] = e.value as number[];
      onPick(row ?? 0, column ?? 0);
    });
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);
  const { kind, rows, columns, values, label } = props;
  const drawn = JSON.stringify([kind, rows, columns, values, label, document.documentElement.dataset]);
  useEffect(() => {
    const style = getComputedStyle(box.current ?? document.documentElement);
    chart.current?.setOption(
      option(latest.current, (name) => style.getPropertyValue(`--${name}`).trim()),
      { notMerge: true },
    );
  }, [drawn]);
  return <div ref={box} className="work-chart" role="img" aria-label={label} />;
}

function option({ kind, rows, columns, values, label }: StatChartProps, colour: (name: string) => string) {
  const text = { color: colour("text") };
  const quiet = { color: colour("quiet") };
  const line = { lineStyle: { color: colour("line") } };
  const base = {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 14 },
    tooltip: {
      confine: true,
      trigger: kind === "bar" || kind === "line" ? "axis" : "item",
      backgroundColor: colour("raised"),
      borderColor: colour("line"),
      textStyle: text,
      ...(kind === "heat" && {
        formatter: ({ value: [c, r, v] }: { value: [number, number, number] }) =>
          `${escaped(rows[r] ?? "")}<br>${escaped(columns[c] ?? "")} <b>${v}</b>`,
      }),
    },
    legend:
      kind !== "heat" && columns.length > 1 && kind !== "pie"
        ? { type: "scroll", top: 0, textStyle: text, pageTextStyle: text }
        : undefined,
  };
  const category = (data: string[]) => ({
    type: "category",
    data,
    axisLine: line,
    axisTick: { show: false },
    axisLabel: { ...quiet, fontSize: 14, hideOverlap: true, width: 120, overflow: "truncate" },
  });
  const paint = (i: number) => colour(colours[i % colours.length] ?? "accent");
  if (kind === "pie")
    return {
      ...base,
      series: [
        {
          type: "pie",
          radius: ["38%", "68%"],
          itemStyle: { borderColor: colour("panel"), borderWidth: 2 },
          label: { ...text, fontSize: 14, formatter: "{b}  {c} ({d}%)" },
          data: rows.map((name, i) => ({ name, value: values[i]?.[0] ?? 0, itemStyle: { color: paint(i) } })),
        },
      ],
    };
  const grid = { left: 8, right: 16, top: columns.length > 1 ? 36 : 16, bottom: 4, containLabel: true };
  if (kind === "heat") {
    const all = values.flat().filter((v) => v !== null);
    return {
      ...base,
      grid: { ...grid, top: 8, bottom: 56 },
      xAxis: category(columns),
      yAxis: { ...category(rows), inverse: true },
      visualMap: {
        min: 0,
        max: Math.max(1, ...all),
        orient: "horizontal",
        left: "center",
        bottom: 0,
        textStyle: text,
        text: [String(Math.max(1, ...all)), "0"],
        calculable: false,
        inRange: { color: [colour("panel"), colour("accent")], opacity: 0.7 },
      },
      series: [
        {
          type: "heatmap",
          name: label,
          data: values.flatMap((r, y) => r.flatMap((v, x) => (v === null ? [] : [[x, y, v]]))),
          label: { show: all.length < 200, fontSize: 14, color: colour("text") },
          itemStyle: { borderColor: colour("line"), borderWidth: 1 },
        },
      ],
    };
  }
  return {
    ...base,
    grid,
    xAxis: category(rows),
    yAxis: { type: "value", splitLine: line, axisLabel: { ...quiet, fontSize: 14 } },
    series: columns.map((name, i) => ({
      type: kind,
      name: name || label,
      stack: kind === "bar" && columns.length > 1 ? "all" : undefined,
      data: values.map((r) => r[i] ?? null),
      connectNulls: false,
      itemStyle: { color: paint(i), borderColor: colour("panel"), borderWidth: columns.length > 1 ? 1 : 0 },
      lineStyle: { color: paint(i), type: patterns[i % patterns.length] },
      symbolSize: 8,
      barMaxWidth: 40,
    })),
  };
}
