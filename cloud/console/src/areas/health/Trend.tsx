import { LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { dateTime, day, wall } from "../../parts/format";
import type { Judged } from "./api";

use([LineChart, GridComponent, TooltipComponent, MarkLineComponent, CanvasRenderer]);

/** Trend draws p99 per hour or day with its limits; a time without an alarm is a gap. */
export default function Trend({
  at,
  values,
  limits,
  label,
  write,
}: {
  at: string[];
  values: (number | null)[];
  limits: Judged[];
  label: string;
  write: (s: number) => string;
}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return;
    const chart = init(box.current);
    const style = getComputedStyle(box.current);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const hourly = at.length > 1 && Date.parse(at[1] ?? "") - Date.parse(at[0] ?? "") < 86_400_000;
    const axis = { axisLine: { lineStyle: { color: colour("line") } }, axisTick: { show: false } };
    const highest = Math.max(0, ...values.map((v) => v ?? 0), ...limits.map((l) => l.seconds));
    chart.setOption({
      animation: false,
      grid: { left: 8, right: 16, top: 16, bottom: 4, containLabel: true },
      tooltip: {
        trigger: "axis",
        backgroundColor: colour("raised"),
        borderColor: colour("line"),
        textStyle: { color: colour("text") },
        formatter: (items: { dataIndex: number; value: number | null }[]) => {
          const it = items[0];
          const when = at[it?.dataIndex ?? 0] ?? "";
          return `${hourly ? dateTime(when) : day(when)}<br>P99 <b>${typeof it?.value === "number" ? write(it.value) : "–"}</b>`;
        },
      },
      xAxis: {
        type: "category",
        data: at.map((a) => (hourly ? wall(a).slice(11, 16) : wall(a).slice(5, 10))),
        axisLabel: { color: colour("quiet"), hideOverlap: true },
        ...axis,
      },
      yAxis: {
        type: "value",
        max: highest * 1.1 || 1,
        axisLabel: { color: colour("quiet"), formatter: write, showMaxLabel: false },
        splitLine: { lineStyle: { color: colour("line") } },
      },
      series: [
        {
          type: "line",
          data: values,
          symbolSize: 7,
          symbol: "circle",
          lineStyle: { color: colour("accent"), width: 2 },
          itemStyle: { color: colour("accent") },
          markLine: {
            symbol: "none",
            silent: true,
            data: [...new Set(limits.map((l) => l.seconds))].map((seconds, i) => ({
              yAxis: seconds,
              lineStyle: { color: colour("major"), type: "dashed" },
              label: {
                formatter: `≤ ${seconds} s`,
                color: colour("major-ink"),
                position: i % 2 ? "insideEndTop" : "insideStartTop",
              },
            })),
          },
        },
      ],
    });
    const observer = new ResizeObserver(() => chart.resize());
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      chart.dispose();
    };
  });
  return <div ref={box} className="trend" role="img" aria-label={label} />;
}
