import { useQuery } from "@tanstack/react-query";
import { get } from "./client";
import type { components } from "./schema.gen";
import type { Text } from "./types";

/** What the desk asks of the server beyond alarms: who watches, who handles what, whom to call. */
export type SeatState = "watching" | "asleep" | "deaf" | "blind" | "gone";
export type SeatKind = "desk" | "view" | "wall";
type Schemas = components["schemas"];
export type Seat = Omit<Schemas["Seat"], "state" | "kind"> & { state: SeatState; kind: SeatKind };
export type Claim = Schemas["Claim"];
export type SeatList = { items: Seat[]; claims: Claim[]; on_watch: number };
export type Proof = Schemas["Proof"];

export interface Contact {
  name: Text;
  phone: string;
  /** "" is every building */
  building: string;
}

export interface DeskSetting {
  data_centre_phone: string;
  contacts: Contact[];
}

export const deskKeys = {
  seats: ["seats"] as const,
  proofs: ["proofs"] as const,
  setting: ["desk"] as const,
  aside: ["alarms", "aside"] as const,
};

export const useSeats = () =>
  useQuery({
    queryKey: deskKeys.seats,
    queryFn: async () => {
      const l = await get<{ items: Seat[]; claims: Claim[] | null; on_watch: number }>("/api/seats");
      return { ...l, claims: l.claims ?? [] };
    },
    refetchInterval: 10_000,
  });

/** useProofs is asked again whenever life-safety alarms change; see the live provider. */
export const useProofs = (enabled: boolean) =>
  useQuery({
    queryKey: deskKeys.proofs,
    queryFn: async () => (await get<{ items: Proof[] }>("/api/proofs")).items,
    enabled,
    refetchInterval: 30_000,
  });

const settingKey = "anlan.desk";

/** Whom to call must be known when the server can not be asked any more. */
function remembered(): DeskSetting | undefined {
  try {
    return JSON.parse(localStorage.getItem(settingKey) ?? "") as DeskSetting;
  } catch {
    return undefined;
  }
}

export const useDeskSetting = () =>
  useQuery({
    queryKey: deskKeys.setting,
    queryFn: async () => {
      const d = await get<{ data_centre_phone: string; contacts: Contact[] | null }>("/api/desk");
      const setting = { ...d, contacts: d.contacts ?? [] };
      localStorage.setItem(settingKey, JSON.stringify(setting));
      return setting;
    },
    initialData: remembered,
    initialDataUpdatedAt: 0,
    staleTime: 60_000,
  });
