import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, request } from "../../api/client";
import type { components } from "../../api/schema.gen";

/** What the desk asks about the life of alarms: overrides, definitions, reports. */
type Schemas = components["schemas"];
export type Override = Schemas["Override"];
export type Definition = Schemas["DefinitionVersion"];
export type Policy = Schemas["Policy"];
export type Kpi = Schemas["KPI"];
export type Frequent = Schemas["Frequent"];
export type Filter = Schemas["Filter"];
export type Occurrence = Schemas["Occurrence"];

export const reasons = ["stale", "chattering", "maintenance", "nuisance", "test", "other"] as const;
export const hazards = [
  "fire",
  "gas",
  "toxic",
  "entrapment",
  "equipment",
  "water",
  "comms",
  "linkage",
  "order",
  "self",
];
export const severities = ["critical", "major", "minor", "notice"] as const;

export const alarmKeys = {
  overrides: (state: string) => ["overrides", state] as const,
  definitions: ["definitions"] as const,
  definition: (id: string) => ["definitions", id] as const,
  policy: ["alarm-policy"] as const,
  filters: ["alarm-filters"] as const,
  people: ["alarm-people"] as const,
};

export const useOverrides = (state: "open" | "ended") =>
  useQuery({
    queryKey: alarmKeys.overrides(state),
    queryFn: () => get<{ items: Override[]; counts: Schemas["Counts"] }>(`/api/overrides?state=${state}`),
    refetchInterval: 10_000,
  });

export const useDefinitions = () =>
  useQuery({
    queryKey: alarmKeys.definitions,
    queryFn: async () => {
      const l = await get<Schemas["DefinitionList"]>("/api/alarm-definitions");
      return { items: l.items ?? [], undefinedRules: l.not_rationalised ?? [] };
    },
  });

export const useDefinition = (id: string) =>
  useQuery({
    queryKey: alarmKeys.definition(id),
    queryFn: async () =>
      (await get<Schemas["DefinitionVersions"]>(`/api/alarm-definitions/${id}`)).versions ?? [],
    enabled: id !== "",
    retry: false,
  });

export const usePolicy = () =>
  useQuery({ queryKey: alarmKeys.policy, queryFn: () => get<Policy>("/api/alarm-policy") });

export const useFilters = () =>
  useQuery({
    queryKey: alarmKeys.filters,
    queryFn: async () => (await get<{ items: Filter[] }>("/api/alarms/filters")).items,
  });

export const usePeople = () =>
  useQuery({
    queryKey: alarmKeys.people,
    queryFn: async () => (await get<{ items: { id: string; name: string }[] }>("/api/alarms/people")).items,
    staleTime: 60_000,
  });

/** useAct sends one act and looks again at everything about alarms. */
export function useAct<T = unknown>() {
  const cache = useQueryClient();
  return useMutation<T, Error, { method?: string; path: string; body?: unknown }>({
    mutationFn: ({ method = "POST", path, body = {} }) => request<T>(method, path, body),
    onSettled: () => {
      for (const key of [
        "overrides",
        "alarms",
        "alarm",
        "definitions",
        "alarm-policy",
        "alarm-filters",
        "overview",
      ])
        void cache.invalidateQueries({ queryKey: [key] });
    },
  });
}

/** until writes how long something still lasts: 7:59:12, or nothing when it is over. */
export const left = (until: string | undefined, now: number): number =>
  until ? Math.max(0, Date.parse(until) - now) : 0;

/** overdue says whether a point is out of service for longer than planned. */
export const overdue = (o: Pick<Override, "kind" | "status" | "until">, now: number): boolean =>
  o.kind === "out_of_service" && o.status === "active" && !!o.until && Date.parse(o.until) <= now;
