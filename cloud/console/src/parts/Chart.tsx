import { LineChart } from "echarts/charts";
import {
  BrushComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  ToolboxComponent,
  TooltipComponent,
} from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { zoomed, type Span } from "../areas/points/window";
import { option, type Line } from "./chart-option";

use([
  LineChart,
  GridComponent,
  TooltipComponent,
  ToolboxComponent,
  BrushComponent,
  MarkLineComponent,
  MarkAreaComponent,
  CanvasRenderer,
]);

export interface ChartProps {
  lines: Line[];
  span: Span;
  height: number;
  label: string;
  /** instants drawn as vertical lines, such as an alarm's */
  marks?: { at: number; text: string }[];
  /** with it, dragging over a stretch asks for that stretch */
  onZoom?: (span: Span) => void;
}

/** Chart draws points over time in the product's tokens: gaps shaded, thresholds drawn, states as steps. */
export default function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const dragging = useRef(false);
  useEffect(() => {
    if (!box.current) return;
    const made = init(box.current);
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(box.current);
    // A chart that moves on with the clock stands still under a hand.
    made.getZr().on("mousedown", () => (dragging.current = true));
    const release = () => (dragging.current = false);
    addEventListener("mouseup", release);
    made.on("brushEnd", (e) => {
      const { span, onZoom } = latest.current;
      const range = (e as { areas: { coordRange?: [number, number] }[] }).areas[0]?.coordRange;
      made.dispatchAction({ type: "brush", areas: [] });
      if (!range || !onZoom) return;
      const part = (t: number) => (t - span.from) / (span.to - span.from);
      const next = zoomed(span, part(range[0]), part(range[1]));
      if (next) onZoom(next);
    });
    return () => {
      observer.disconnect();
      removeEventListener("mouseup", release);
      made.dispose();
    };
  }, []);
  useEffect(() => {
    const made = chart.current;
    if (dragging.current) return;
    made?.setOption(option(props), { notMerge: true });
    // The brush is the pointer's first meaning: drag to zoom, without a tool to pick.
    if (props.onZoom)
      made?.dispatchAction({
        type: "takeGlobalCursor",
        key: "brush",
        brushOption: { brushType: "lineX", brushMode: "single" },
      });
  });
  return (
    <div ref={box} className="chart" style={{ height: props.height }} role="img" aria-label={props.label} />
  );
}
