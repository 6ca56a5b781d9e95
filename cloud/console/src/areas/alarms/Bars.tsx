import { BarChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";

use([BarChart, GridComponent, TooltipComponent, CanvasRenderer]);

/** Bars draws counts as bars in the product's tokens. */
export default function Bars({ names, values, label }: { names: string[]; values: number[]; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return;
    const chart = init(box.current);
    const style = getComputedStyle(box.current);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const axis = {
      axisLine: { lineStyle: { color: colour("line") } },
      axisLabel: { color: colour("quiet") },
      axisTick: { show: false },
    };
    chart.setOption({
      animation: false,
      grid: { left: 8, right: 8, top: 12, bottom: 4, containLabel: true },
      tooltip: {
        trigger: "axis",
        backgroundColor: colour("raised"),
        borderColor: colour("line"),
        textStyle: { color: colour("text") },
      },
      xAxis: { type: "category", data: names, ...axis },
      yAxis: {
        type: "value",
        minInterval: 1,
        splitLine: { lineStyle: { color: colour("line") } },
        axisLabel: { color: colour("quiet") },
      },
      series: [
        { type: "bar", data: values, name: label, itemStyle: { color: colour("accent") }, barMaxWidth: 24 },
      ],
    });
    const observer = new ResizeObserver(() => chart.resize());
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      chart.dispose();
    };
  });
  return <div ref={box} className="bars" role="img" aria-label={label} />;
}
