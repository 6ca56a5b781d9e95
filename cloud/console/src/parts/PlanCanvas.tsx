import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { say } from "../i18n";
import type { Schematic } from "./schematic";
import "./plan.css";

export interface Drawing {
  /** address of the image; without one the schematic is drawn */
  href?: string;
  w: number;
  h: number;
  schematic?: Schematic;
}

interface View {
  x: number;
  y: number;
  w: number;
}

const closest = 8;

/**
 * PlanCanvas is a drawing that can be zoomed and moved. What stands on it keeps its size
 * on the screen; `marks` gets how many units of the drawing one pixel is.
 */
export function PlanCanvas(props: {
  drawing: Drawing;
  label: string;
  compact?: boolean;
  /** a click on the drawing itself, as fractions of it */
  onSpot?: (spot: { x: number; y: number }) => void;
  /** something dropped on it from outside */
  onDropItem?: (spot: { x: number; y: number }, data: string) => void;
  marks: (
    unit: number,
    at: (e: { clientX: number; clientY: number }) => { x: number; y: number },
  ) => ReactNode;
}) {
  const { drawing: d } = props;
  const { t } = useTranslation();
  const svg = useRef<SVGSVGElement>(null);
  const [view, setView] = useState<View>({ x: 0, y: 0, w: d.w });
  const [width, setWidth] = useState(600);
  const drag = useRef<{ x: number; y: number; view: View } | undefined>(undefined);
  const dragged = useRef(false);
  useEffect(() => setView({ x: 0, y: 0, w: d.w }), [d.href, d.w, d.h]);
  useEffect(() => {
    const el = svg.current;
    if (!el) return;
    const observer = new ResizeObserver(() => setWidth(el.clientWidth || 600));
    observer.observe(el);
    return () => observer.disconnect();
  }, []);
  const fit = (v: View): View => {
    const w = Math.min(d.w, Math.max(d.w / closest, v.w));
    const h = (w * d.h) / d.w;
    return { w, x: clamp(v.x, 0, d.w - w), y: clamp(v.y, 0, d.h - h) };
  };
  const zoom = (by: number, at = { x: 0.5, y: 0.5 }) =>
    setView((v) => {
      const w = Math.min(d.w, Math.max(d.w / closest, v.w * by));
      const h = (s: number) => (s * d.h) / d.w;
      return fit({ w, x: v.x + (v.w - w) * at.x, y: v.y + (h(v.w) - h(w)) * at.y });
    });
  const wheel = useRef(zoom);
  wheel.current = zoom;
  useEffect(() => {
    const el = svg.current;
    if (!el || props.compact) return;
    const onWheel = (e: WheelEvent) => {
      e.preventDefault();
      const box = el.getBoundingClientRect();
      const at = { x: (e.clientX - box.left) / box.width, y: (e.clientY - box.top) / box.height };
      wheel.current(e.deltaY > 0 ? 1.2 : 1 / 1.2, at);
    };
    el.addEventListener("wheel", onWheel, { passive: false });
    return () => el.removeEventListener("wheel", onWheel);
  }, [props.compact]);
  const fraction = (e: { clientX: number; clientY: number }) => {
    const box = svg.current!.getBoundingClientRect();
    const h = (view.w * d.h) / d.w;
    return {
      x: clamp((view.x + ((e.clientX - box.left) / box.width) * view.w) / d.w, 0, 1),
      y: clamp((view.y + ((e.clientY - box.top) / box.height) * h) / d.h, 0, 1),
    };
  };
  const move = (e: PointerEvent) => {
    if (!drag.current || !svg.current) return;
    if (Math.hypot(e.clientX - drag.current.x, e.clientY - drag.current.y) > 4) dragged.current = true;
    const per = drag.current.view.w / svg.current.clientWidth;
    setView(
      fit({
        ...drag.current.view,
        x: drag.current.view.x - (e.clientX - drag.current.x) * per,
        y: drag.current.view.y - (e.clientY - drag.current.y) * per,
      }),
    );
  };
  const onKey = (e: KeyboardEvent) => {
    if (e.target !== e.currentTarget) return;
    const step = view.w / 8;
    const acts: Record<string, () => void> = {
      "+": () => zoom(1 / 1.3),
      "=": () => zoom(1 / 1.3),
      "-": () => zoom(1.3),
      "0": () => zoom(closest * 2),
      ArrowLeft: () => setView((v) => fit({ ...v, x: v.x - step })),
      ArrowRight: () => setView((v) => fit({ ...v, x: v.x + step })),
      ArrowUp: () => setView((v) => fit({ ...v, y: v.y - step })),
      ArrowDown: () => setView((v) => fit({ ...v, y: v.y + step })),
    };
    const act = acts[e.key];
    if (!act) return;
    e.preventDefault();
    e.stopPropagation();
    act();
  };
  const zoomed = view.w < d.w;
  return (
    <div className={`plan-canvas ${props.compact ? "compact" : ""}`}>
      <svg
        ref={svg}
        role="group"
        aria-label={props.label}
        tabIndex={props.compact ? -1 : 0}
        viewBox={`${view.x} ${view.y} ${view.w} ${(view.w * d.h) / d.w}`}
        style={{ aspectRatio: `${d.w} / ${d.h}`, cursor: zoomed ? "grab" : undefined }}
        onKeyDown={onKey}
        onClick={(e) => !dragged.current && props.onSpot?.(fraction(e))}
        onDragOver={(e) => props.onDropItem && e.preventDefault()}
        onDrop={(e) => {
          e.preventDefault();
          props.onDropItem?.(fraction(e), e.dataTransfer.getData("text/plain"));
        }}
        onPointerDown={(e) => {
          dragged.current = false;
          if (!zoomed || e.button !== 0) return;
          drag.current = { x: e.clientX, y: e.clientY, view };
          e.currentTarget.setPointerCapture(e.pointerId);
        }}
        onPointerMove={move}
        onPointerUp={() => (drag.current = undefined)}
        onPointerCancel={() => (drag.current = undefined)}
      >
        <defs>
          <pattern
            id="plan-hatch"
            width="8"
            height="8"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <rect width="8" height="8" fill="var(--panel)" />
            <rect width="3.5" height="8" fill="var(--hatch)" />
          </pattern>
        </defs>
        {d.href ? (
          <image className="plan-image" href={d.href} width={d.w} height={d.h} preserveAspectRatio="none" />
        ) : (
          d.schematic && <Rooms plan={d.schematic} />
        )}
        {props.marks(view.w / width, fraction)}
      </svg>
      {!props.compact && width >= 420 && (
        <div className="plan-zoom" role="toolbar" aria-label={t("places.plan.zoom")}>
          <button type="button" aria-label={t("places.plan.in")} onClick={() => zoom(1 / 1.5)}>
            ＋
          </button>
          <button
            type="button"
            aria-label={t("places.plan.out")}
            disabled={!zoomed}
            onClick={() => zoom(1.5)}
          >
            －
          </button>
          <button
            type="button"
            aria-label={t("places.plan.fit")}
            disabled={!zoomed}
            onClick={() => zoom(closest * 2)}
          >
            ⤢
          </button>
        </div>
      )}
    </div>
  );
}

const clamp = (v: number, low: number, high: number) => Math.min(Math.max(v, low), Math.max(low, high));

/** Rooms draws the schematic; a name too long for its cell is cut with an ellipsis and kept as a title. */
function Rooms({ plan }: { plan: Schematic }) {
  const { t } = useTranslation();
  return (
    <g className="plan-rooms">
      {plan.heads.map((h) => (
        <text key={h.label} className="plan-head" x={h.x + h.w / 2} y={32} textAnchor="middle">
          {h.label ? t("places.entrance", { n: h.label }) : t("places.plan.common")}
        </text>
      ))}
      {plan.cells.map((c, i) => (
        <g key={c.id || i}>
          <rect className={c.corridor ? "corridor" : ""} x={c.x} y={c.y} width={c.w} height={c.h} rx={4} />
          <text x={c.x + 14} y={c.y + 34}>
            <title>{say(c.name)}</title>
            {cut(say(c.name), c.w - 20)}
          </text>
        </g>
      ))}
    </g>
  );
}

function cut(s: string, width: number): string {
  let used = 0;
  for (let i = 0; i < s.length; i++) {
    used += s.charCodeAt(i) > 0xff ? 26 : 14;
    if (used > width) return `${s.slice(0, Math.max(1, i - 1))}…`;
  }
  return s;
}
