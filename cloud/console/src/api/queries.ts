import { useQuery } from "@tanstack/react-query";
import { openAlarms } from "../live/open-list";
import type { components } from "./schema.gen";
import { get } from "./client";
import type {
  Alarm,
  AlarmAction,
  AlarmEvent,
  BuildingDetail,
  CheckIn,
  Edge,
  Incident,
  IncidentDetail,
  Me,
  Overview,
  Plan,
  PointDetail,
  Series,
} from "./types";

/** Keys of the cache; live events write to the same ones. */
export const keys = {
  me: ["me"] as const,
  overview: ["overview"] as const,
  open: ["alarms", "open"] as const,
  alarm: (id: string) => ["alarm", id] as const,
  building: (id: string) => ["building", id] as const,
  point: (edge: string, id: string) => ["point", edge, id] as const,
  series: (edge: string, id: string, range: string) => ["series", edge, id, range] as const,
  plans: ["plans"] as const,
  incidents: (state: string) => ["incidents", state] as const,
  incident: (id: string) => ["incident", id] as const,
  fleet: ["fleet"] as const,
};

export interface AlarmDetail {
  alarm: Alarm;
  events: AlarmEvent[];
  actions: AlarmAction[];
  overrides: components["schemas"]["Override"][] | null;
  occurrences: components["schemas"]["Occurrence"][] | null;
}

export const useMe = () => useQuery({ queryKey: keys.me, queryFn: () => get<Me>("/api/me"), retry: false });
export const useOverview = () =>
  useQuery({
    queryKey: keys.overview,
    queryFn: () => get<Overview>("/api/overview"),
    refetchInterval: 15_000,
  });
export const useOpenAlarms = () => useQuery({ queryKey: keys.open, queryFn: openAlarms });
export const useAlarm = (id: string) =>
  useQuery({
    queryKey: keys.alarm(id),
    queryFn: () => get<AlarmDetail>(`/api/alarms/${encodeURIComponent(id)}`),
  });
export const useBuilding = (id: string) =>
  useQuery({
    queryKey: keys.building(id),
    queryFn: () => get<BuildingDetail>(`/api/buildings/${encodeURIComponent(id)}`),
    refetchInterval: 10_000,
  });
export const usePoint = (edge: string, id: string) =>
  useQuery({
    queryKey: keys.point(edge, id),
    queryFn: () => get<PointDetail>(`/api/points/${edge}/${encodeURIComponent(id)}`),
    refetchInterval: 10_000,
  });
export const usePlans = (enabled = true) =>
  useQuery({ queryKey: keys.plans, queryFn: () => get<Plan[]>("/api/plans"), enabled, staleTime: 60_000 });
export const useIncidents = (state: string) =>
  useQuery({
    queryKey: keys.incidents(state),
    queryFn: () => get<Incident[]>(`/api/incidents?state=${state}`),
    refetchInterval: 30_000,
  });
export const useIncident = (id: string) =>
  useQuery({
    queryKey: keys.incident(id),
    queryFn: () => get<IncidentDetail>(`/api/incidents/${encodeURIComponent(id)}`),
    refetchInterval: 15_000,
  });
export const useFleet = () =>
  useQuery({
    queryKey: keys.fleet,
    queryFn: () => get<{ edges: Edge[] }>("/api/fleet"),
    refetchInterval: 10_000,
  });

export const useCheckIns = () =>
  useQuery({
    queryKey: ["checkins"],
    queryFn: () => get<{ items: CheckIn[] }>("/api/checkins?limit=50"),
    refetchInterval: 10_000,
  });

export function useSeries(edge: string, id: string, hours: number) {
  return useQuery({
    queryKey: keys.series(edge, id, String(hours)),
    queryFn: () => {
      const to = new Date();
      const from = new Date(to.getTime() - hours * 3_600_000);
      return get<Series>(
        `/api/points/${edge}/${encodeURIComponent(id)}/series?from=${from.toISOString()}&to=${to.toISOString()}&max=800`,
      );
    },
    refetchInterval: hours <= 1 ? 5_000 : 60_000,
  });
}
