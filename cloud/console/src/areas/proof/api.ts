import { useQuery, useQueryClient } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { components } from "../../api/schema.gen";

export type DueTest = components["schemas"]["DueTest"];
export type Test = components["schemas"]["OriginTest"];
export type State = DueTest["state"];

export const states: State[] = ["overdue", "due", "soon", "fine"];
export const keyOf = (d: DueTest) => `${d.edge}/${d.device}`;

const keys = { due: ["proof-tests"] as const, history: ["proof-history"] as const };

export const useDue = () =>
  useQuery({
    queryKey: keys.due,
    queryFn: async () => (await get<{ items: DueTest[] }>("/api/proof-tests")).items,
    refetchInterval: 60_000,
  });

export const useHistory = (device: string) =>
  useQuery({
    queryKey: [...keys.history, device],
    queryFn: async () => (await get<{ items: Test[] }>(`/api/devices/${device}/tests`)).items,
  });

/** useTold fetches anew what a noted test changes. */
export function useTold() {
  const cache = useQueryClient();
  return () => Promise.all([keys.due, keys.history].map((queryKey) => cache.invalidateQueries({ queryKey })));
}

/** daysTo is how many days of the community's calendar lie between two moments; negative is past. */
export function daysTo(due: string, now: number, wall: (at: number | string) => string): number {
  const at = (x: number | string) => Date.parse(`${wall(x).slice(0, 10)}T00:00:00Z`);
  return Math.round((at(due) - at(now)) / 86_400_000);
}

/** found narrows a list to a state and to what was typed. */
export function found(list: DueTest[], state: State | "all", q: string, words: (d: DueTest) => string) {
  const wanted = q.trim().toLowerCase();
  return list.filter(
    (d) => (state === "all" || d.state === state) && (!wanted || words(d).toLowerCase().includes(wanted)),
  );
}
