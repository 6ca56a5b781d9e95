import { useQuery } from "@tanstack/react-query";
import { get } from "./client";
import type { components } from "./schema.gen";
import type { Severity } from "./types";

type Schemas = components["schemas"];
export type LoadGroup = Omit<Schemas["LoadGroup"], "worst"> & { worst: Severity };
export type LoadItem = Schemas["LoadItem"];

/** Load is how much there is for people to follow, as the server counts it. */
export interface Load {
  flood: boolean;
  since?: string;
  new_10min: number;
  groups: LoadGroup[];
  chattering: LoadItem[];
}

export const loadKey = ["load"] as const;

/** loadOf takes the server's word, whose lists may be null. */
export function loadOf(raw: unknown): Load {
  const l = raw as Load;
  return { ...l, groups: l.groups ?? [], chattering: l.chattering ?? [] };
}

/** useLoad is pushed to those who see every building; the others ask. */
export const useLoad = () =>
  useQuery({
    queryKey: loadKey,
    queryFn: async () => loadOf(await get("/api/alarms/load")),
    refetchInterval: 15_000,
  });
