import type { components } from "./schema.gen";

/**
 * What the cloud says, by the names the console uses. The shapes are generated from the
 * server's own handlers (`make api`); only words with a fixed set of values are narrowed
 * here. Times are RFC 3339, UTC.
 */
type Schemas = components["schemas"];
type Narrow<T, N> = Omit<T, keyof N> & N;

/** Lists is T with its lists never null: a list that is empty may be null on the wire, see withLists. */
type Lists<T> = { [K in keyof T]: NonNullable<T[K]> extends readonly (infer E)[] ? E[] : T[K] };

export type Severity = "critical" | "major" | "minor" | "notice";
export type AlarmState = "unacked" | "acked" | "rtn_unacked" | "closed";
export type Condition = "normal" | "active" | "unknown";

export type Text = Schemas["Text"];
export type Place = Schemas["Place"];
export type StampName = keyof Schemas["Stamps"];

/** The way of an alarm, in order. */
export const stampNames = [
  "sensed",
  "decided",
  "spooled",
  "received",
  "committed",
  "pushed",
  "painted",
  "acknowledged",
] as const satisfies StampName[];

export type Alarm = Narrow<
  Schemas["Alarm"],
  { severity: Severity; peak_severity: Severity; state: AlarmState; condition: Condition }
>;
export type AlarmEvent = Schemas["Event"];
export type AlarmAction = Schemas["ActionRow"];
export type AlarmDetail = Narrow<Lists<Schemas["AlarmDetail"]>, { alarm: Alarm }>;
export type Counts = Schemas["Counts"];
export type AlarmList = Narrow<Lists<Schemas["Page"]>, { items: Alarm[] }>;

export type Edge = Narrow<Schemas["Edge"], { state: "online" | "degraded" | "lost" | "never" }>;
export type BuildingTile = Narrow<
  Lists<Schemas["Building"]>,
  { worst: Severity | ""; state: "ok" | "alarm" | "unknown" | "lost" }
>;
export type Overview = Narrow<Lists<Schemas["Overview"]>, { buildings: BuildingTile[]; edges: Edge[] }>;
export type PointRule = Narrow<Lists<Schemas["RuleLine"]>, { severity: Severity }>;
export type Point = Narrow<Lists<Schemas["Point"]>, { rules: PointRule[] }>;
export type Device = Narrow<
  Lists<Schemas["Device"]>,
  { state: "ok" | "alarm" | "fault" | "unknown"; points: Point[] }
>;
export type BuildingDetail = { building: BuildingTile; devices: Device[] };
export type PointDetail = Narrow<
  Lists<Schemas["PointDetail"]>,
  { point: Point; device: Device; alarms: Alarm[] }
>;
export type Bucket = Schemas["Bucket"];
export type Series = Lists<Schemas["SeriesOut"]>;
export type CheckIn = Schemas["CheckIn"];

export type Plan = Lists<Schemas["PlanLine"]>;
export type Incident = Narrow<Lists<Schemas["IncidentHead"]>, { state: "open" | "closed" }>;
export type Role = Narrow<Lists<Schemas["RoleRun"]>, { state: "asked" | "accepted" | "unfilled" }>;
export type Task = Narrow<
  Lists<Schemas["TaskRun"]>,
  { state: "blocked" | "ready" | "running" | "done" | "skipped" }
>;
export type TimelineEntry = Schemas["Entry"];
export type IncidentDetail = Narrow<
  Lists<Schemas["IncidentView"]>,
  { incident: Incident; roles: Role[]; tasks: Task[]; alarms: Alarm[] }
>;
export type LaunchRequest = Schemas["LaunchInBody"];
export type Me = Lists<Schemas["Me"]>;
