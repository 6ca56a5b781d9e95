import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { get } from "../api/client";
import { useBuilding, useOpenAlarms } from "../api/queries";
import type { components } from "../api/schema.gen";
import type { Alarm, Device, Point, Severity } from "../api/types";
import { say } from "../i18n";
import { loud } from "../live/open";
import { credible, floorName, reading } from "./format";
import { type Drawing, PlanCanvas } from "./PlanCanvas";
import { type PlanRoom, schematic, type Spot, spread } from "./schematic";
import { Failed, Loading } from "./states";

type Wire = components["schemas"]["FloorPlanOut"];
export type Position = components["schemas"]["FloorPosition"];
export type Plan = Omit<Wire, "rooms" | "positions" | "entrances"> & {
  rooms: PlanRoom[];
  positions: Position[];
  entrances: { id: string }[];
};

export const planKey = (building: string, floor: number) => ["floorplan", building, floor] as const;
export const planOf = (building: string, floor: number) =>
  get<Plan>(`/api/floorplans/${encodeURIComponent(building)}/${floor}`);

/** drawingOf is the uploaded image, or the schematic of the rooms. */
export function drawingOf(plan: Plan): Drawing {
  const { image: i } = plan;
  if (i) return { href: `/api/floorplan-images/${plan.building}/${i.hash}`, w: i.width, h: i.height };
  const s = schematic(
    plan.rooms,
    plan.entrances.map((e) => e.id),
  );
  return { w: s.w, h: s.h, schematic: s };
}

export interface Item {
  device: Device;
  /** set where a single point has a place of its own */
  point?: Point;
  spot?: Spot;
}

/** itemsOf finds where everything of a floor stands; what has no place has no spot. */
export function itemsOf(plan: Plan, drawing: Drawing, devices: Device[]): Item[] {
  const placed = new Map(plan.positions.map((p) => [`${p.edge}/${p.id}`, p]));
  const here = devices.filter((d) => (d.place.floor ?? 0) === plan.floor);
  const guessed = drawing.schematic
    ? spread(drawing.schematic, plan.rooms, here, (d) => d.place)
    : new Map<Device, Spot>();
  const points = devices.flatMap((d) =>
    d.points.flatMap((point) => {
      const spot = placed.get(`${d.edge}/${point.id}`);
      return spot ? [{ device: d, point, spot }] : [];
    }),
  );
  const wholes = here.map((device) => ({
    device,
    spot: placed.get(`${device.edge}/${device.id}`) ?? guessed.get(device),
  }));
  return [...wholes, ...points];
}

export const signs = { alarm: "◆", fault: "▲", unknown: "?", ok: "●" } as const;
const shapes: Record<Severity, string> = { critical: "◆", major: "▲", minor: "●", notice: "○" };

/** look says how an item is drawn: an alarm by its priority, the unknown never as if it were well. */
function look(item: Item, alarms: Alarm[]) {
  const { device: d, point: p } = item;
  const mine = alarms.filter(
    (a) =>
      a.edge === d.edge && (p ? a.point === p.id : a.point.split(".")[0] === d.id) && a.hazard !== "comms",
  );
  const standing = mine.filter((a) => a.condition !== "normal" || a.latched || loud(a));
  const ranks = Object.keys(shapes) as Severity[];
  const severity = ranks.find((s) => standing.some((a) => a.severity === s));
  if (severity)
    return { state: `alarm ${severity}`, sign: shapes[severity], loud: standing.some(loud), word: "alarm" };
  const state = p ? (credible(p.quality) ? "ok" : "unknown") : d.state;
  const word = state in signs ? state : "unknown";
  return { state: word, sign: signs[word as keyof typeof signs], loud: false, word };
}

/** first is the point whose value stands beside the device: one with a unit, if there is one. */
const first = (i: Item) => i.point ?? i.device.points.find((p) => p.unit) ?? i.device.points[0];

function valueOf(i: Item): string {
  const p = first(i);
  if (!p || (!p.unit && !i.point)) return "";
  return credible(p.quality) ? reading(p.value, p.unit, p.decimals, p.enum) : "?";
}

export function Mark(props: {
  item: Item & { spot: Spot };
  at: { x: number; y: number };
  unit: number;
  alarms: Alarm[];
  highlight: boolean;
  label: boolean;
  onPick?: () => void;
}) {
  const { item, at, unit } = props;
  const { t } = useTranslation();
  const l = look(item, props.alarms);
  const name = item.point ? `${say(item.device.name)} ${say(item.point.name)}` : say(item.device.name);
  const value = valueOf(item);
  return (
    <g
      className={`plan-mark ${l.state} ${l.loud ? "loud" : ""}`}
      data-mark={item.point?.id ?? item.device.id}
      data-state={l.word}
      transform={`translate(${at.x} ${at.y}) scale(${unit})`}
      role="button"
      tabIndex={0}
      aria-label={`${name}: ${t(`device.state.${l.word}`)} ${value}`}
      onClick={props.onPick}
      onKeyDown={(e) => {
        if (e.key === "Enter") props.onPick?.();
      }}
    >
      <title>{`${name} · ${t(`device.state.${l.word}`)}`}</title>
      {props.highlight && <circle className="ring" r={22} />}
      {l.loud && <circle className="ring-alarm" r={18} />}
      <circle className="body" r={13} />
      <text className="sign">{l.sign}</text>
      {props.label && (
        <text className="name" y={26}>
          {name}
        </text>
      )}
      {(props.label || value === "?") && value && (
        <text className="name" y={props.label ? 43 : 26}>
          {value}
        </text>
      )}
    </g>
  );
}

/**
 * FloorPlan is the plan of a floor with its live points: shape, text and colour say how
 * each is. Where nobody has uploaded a drawing, one is made of the rooms. What has no
 * place on it is named below, so that nothing is hidden.
 */
export function FloorPlan(props: {
  building: string;
  floor: number;
  /** point or device id */
  highlight?: string;
  onPick?: (device: Device, point?: Point) => void;
  compact?: boolean;
}) {
  const { building, floor, highlight = "" } = props;
  const { t } = useTranslation();
  const navigate = useNavigate();
  const plan = useQuery({
    queryKey: planKey(building, floor),
    queryFn: () => planOf(building, floor),
    refetchInterval: 60_000,
  });
  const detail = useBuilding(building);
  const open = useOpenAlarms().data?.items;
  const alarms = useMemo(() => (open ?? []).filter((a) => a.building === building), [open, building]);
  const drawn = useMemo(() => plan.data && drawingOf(plan.data), [plan.data]);
  if (!plan.data || !detail.data || !drawn) {
    const failed = plan.error ?? detail.error;
    return failed ? <Failed error={failed} retry={() => void plan.refetch()} /> : <Loading lines={3} />;
  }
  const items = itemsOf(plan.data, drawn, detail.data.devices);
  const pick = (i: Item) => {
    const point = i.point ?? first(i);
    if (props.onPick) props.onPick(i.device, i.point);
    else if (point) void navigate(`/points/${i.device.edge}/${point.id}`);
  };
  const isOn = (i: Item) =>
    i.point
      ? i.point.id === highlight
      : i.device.id === highlight ||
        (i.device.id === highlight.split(".")[0] && !items.some((x) => x.point?.id === highlight));
  const standing = items.filter((i): i is Item & { spot: Spot } => i.spot !== undefined);
  // The one that is looked for is drawn last, on top.
  standing.sort((a, b) => Number(isOn(a)) - Number(isOn(b)));
  const loose = items.filter((i) => !i.spot);
  return (
    <div className="floor-plan" data-floor-plan={`${building}/${floor}`}>
      <PlanCanvas
        drawing={drawn}
        compact={props.compact}
        label={t("places.plan.label", { floor: floorName(floor) })}
        marks={(unit) =>
          standing.map((i) => (
            <Mark
              key={`${i.device.edge}/${i.point?.id ?? i.device.id}`}
              item={i}
              at={{ x: i.spot.x * drawn.w, y: i.spot.y * drawn.h }}
              unit={unit}
              alarms={alarms}
              highlight={isOn(i)}
              label={!props.compact || isOn(i)}
              onPick={() => pick(i)}
            />
          ))
        }
      />
      {(loose.length > 0 || (items.length === 0 && !props.compact)) && (
        <div className="plan-foot">
          {items.length === 0 && <span className="quiet">{t("places.plan.empty")}</span>}
          {loose.length > 0 && <span className="quiet">{t("places.plan.loose")}</span>}
          {loose.map((i) => (
            <button
              type="button"
              key={`${i.device.edge}/${i.device.id}`}
              className={isOn(i) ? "on" : ""}
              onClick={() => pick(i)}
            >
              {look(i, alarms).sign} {say(i.device.name)}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
