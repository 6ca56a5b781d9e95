import type { Alarm, Overview, Text } from "../api/types";
import { aside } from "./open";

/** Abnormal is something of the watch itself that is not as it should be: what, where, since when. */
export interface Abnormal {
  /** the same for as long as it lasts: it is heard once */
  id: string;
  what: "edge_lost" | "edge_degraded" | "edge_never" | "backlog" | "seat";
  name?: Text;
  building?: Text;
  since?: string;
  /** leads to the alarm that says so, where there is one */
  alarm?: string;
}

const backlogRule = "edge-backlog";

/** abnormal lists all of them, the worst first. onWatch is undefined until it is known. */
export function abnormal(
  overview: Pick<Overview, "edges" | "buildings"> | undefined,
  open: Alarm[],
  onWatch: number | undefined,
): Abnormal[] {
  const out: Abnormal[] = [];
  if (onWatch === 0) out.push({ id: "seat", what: "seat" });
  const building = (id: string) => overview?.buildings.find((b) => b.id === id)?.name;
  for (const e of overview?.edges ?? []) {
    if (e.state === "online") continue;
    const since = e.lost_since || e.last_seen;
    const what = `edge_${e.state}` as const;
    out.push({
      id: `${what} ${e.id} ${e.lost_since ?? ""}`,
      what,
      name: e.name,
      building: building(e.building),
      since,
    });
  }
  for (const a of open) {
    if (a.rule !== backlogRule || a.condition === "normal" || aside(a)) continue;
    out.push({
      id: `backlog ${a.id} ${a.count}`,
      what: "backlog",
      name: overview?.edges.find((e) => e.id === a.edge)?.name,
      building: a.building_name,
      since: a.raised_at,
      alarm: a.id,
    });
  }
  return out;
}
