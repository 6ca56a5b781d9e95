/** What the cloud says, as the console uses it. Times are RFC 3339, UTC. */
export interface Text {
  zh: string;
  en?: string;
}

export type Severity = "critical" | "major" | "minor" | "notice";
export type AlarmState = "unacked" | "acked" | "rtn_unacked" | "closed";
export type Condition = "normal" | "active" | "unknown";

export interface Place {
  building: string;
  unit_entrance?: string;
  floor?: number;
  room?: Text;
  zone?: string;
}

export const stampNames = [
  "sensed",
  "decided",
  "spooled",
  "received",
  "committed",
  "pushed",
  "painted",
  "acknowledged",
] as const;
export type StampName = (typeof stampNames)[number];

export interface Alarm {
  id: string;
  edge: string;
  point: string;
  rule: string;
  building: string;
  building_name: Text;
  device_name?: Text;
  title: Text;
  do?: Text;
  hazard: string;
  severity: Severity;
  peak_severity: Severity;
  place: Place;
  channel?: string;
  condition: Condition;
  latched: boolean;
  value: number;
  unit: string;
  quality: string;
  state: AlarmState;
  ack?: { by: string; name: string; note: string; at: string };
  muted: boolean;
  count: number;
  raised_at: string;
  first_at: string;
  normal_at?: string;
  closed_at?: string;
  updated_at: string;
  stamps: Partial<Record<StampName, string>>;
  incident?: string;
  version: number;
}

export interface AlarmEvent {
  seq: number;
  alarm: string;
  kind: string;
  at: string;
  recv_at: string;
  actor: string;
  text?: string;
  data?: Record<string, unknown>;
}

export interface AlarmAction {
  id: string;
  output: string;
  name: Text;
  verb: string;
  outcome: string;
  why?: string;
  cause: string;
  attempt: number;
  at: string;
}

export interface AlarmList {
  items: Alarm[];
  next?: string;
  counts: Counts;
}

export interface Counts {
  unacked: number;
  acked: number;
  rtn_unacked: number;
}

export interface Edge {
  id: string;
  name: Text;
  building: string;
  state: "online" | "degraded" | "lost" | "never";
  last_seen?: string;
  clock_offset_ms: number;
  config?: string;
  pending?: Record<string, number>;
  disk_free?: number;
  devices: number;
  points: number;
}

export interface BuildingTile {
  id: string;
  name: Text;
  floors: number[];
  unit_entrances?: string[];
  worst: Severity | "";
  unknown_points: number;
  open_alarms: number;
  state: "ok" | "alarm" | "unknown" | "lost";
  edge: string;
}

export interface Overview {
  seq: number;
  server_time: string;
  community: { id: string; name: Text; tz: string };
  buildings: BuildingTile[];
  edges: Edge[];
  counts: Counts;
  points: { total: number; good: number };
  last_event_at?: string;
}

export interface PointRule {
  id: string;
  title: Text;
  on?: number;
  off?: number;
  severity: Severity;
}

export interface Point {
  id: string;
  edge: string;
  name: Text;
  unit: string;
  decimals: number;
  enum?: Record<string, Text>;
  alarm: boolean;
  value: number;
  quality: string;
  at?: string;
  age_ms?: number;
  rules: PointRule[];
}

export interface Device {
  id: string;
  edge: string;
  name: Text;
  place: Place;
  profile: string;
  model: string;
  verified: boolean;
  state: "ok" | "alarm" | "fault" | "unknown";
  points: Point[];
}

export interface BuildingDetail {
  building: BuildingTile;
  devices: Device[];
}

export interface PointDetail {
  point: Point;
  device: Device;
  place: Place;
  building_name: Text;
  alarms: Alarm[];
}

export interface Bucket {
  t: string;
  min: number;
  max: number;
  mean: number;
  last: number;
  n: number;
  quality: string;
}

export interface Series {
  unit: string;
  decimals: number;
  resolution_ms: number;
  raw: boolean;
  buckets: Bucket[];
}

export interface Plan {
  id: string;
  version: number | string;
  title: Text;
  hazard: string;
  available: boolean;
  problems?: string[];
}

export interface Incident {
  id: string;
  human_no: string;
  plan: string;
  plan_version: number | string;
  title: Text;
  hazard: string;
  drill: boolean;
  state: "open" | "closed";
  building: string;
  building_name: Text;
  place: Place;
  launched_by: string;
  launched_at: string;
  cause?: string;
  closed_at?: string;
  alarms: string[];
  overdue: number;
  version: number;
}

export interface Role {
  key: string;
  name: Text;
  state: "asked" | "accepted" | "unfilled";
  person?: string;
  person_name?: string;
  asked_at?: string;
  accepted_at?: string;
  accept_by?: string;
}

export interface Task {
  key: string;
  phase: string;
  phase_name: Text;
  role: string;
  text: Text;
  critical: boolean;
  state: "blocked" | "ready" | "running" | "done" | "skipped";
  waits_for?: string[];
  due_at?: string;
  overdue: boolean;
  assignee?: string;
  assignee_name?: string;
  accepted_at?: string;
  done_at?: string;
  note?: string;
  prohibits?: Text[];
}

export interface TimelineEntry {
  seq: number;
  at: string;
  actor: string;
  kind: string;
  text: Text;
}

export interface IncidentDetail {
  incident: Incident;
  roles: Role[];
  tasks: Task[];
  timeline: TimelineEntry[];
  alarms: Alarm[];
}

export interface Me {
  id: string;
  username: string;
  name: string;
  role: string;
  permissions: string[];
  must_change_password: boolean;
}

export interface User {
  id: string;
  username: string;
  name: string;
  role: string;
}
