import { useQuery, useQueryClient } from "@tanstack/react-query";
import { get, request } from "../../api/client";
import type { components } from "../../api/schema.gen";
import type { Device, Text } from "../../api/types";

type Schemas = components["schemas"];
type Lists<T> = { [K in keyof T]: NonNullable<T[K]> extends readonly (infer E)[] ? E[] : T[K] };

export type Community = Schemas["PlaceCommunity"];
export type Building = Lists<Schemas["PlaceBuilding"]>;
export type Entrance = Schemas["PlaceEntrance"];
export type Floor = Lists<Schemas["PlaceFloor"]>;
export type Room = Schemas["PlaceRoom"];
export type Contact = Schemas["PlaceContact"];
export type Camera = Schemas["PlaceCamera"];
export type Spot = Schemas["PlaceSpot"];
export type DeviceRow = Schemas["DeviceRow"];
export type Tree = Omit<Lists<Schemas["PlaceView"]>, "buildings" | "floors"> & {
  buildings: Building[];
  floors: Floor[];
};
export type ImportReport = Lists<Schemas["ImportOut"]>;
export type Kind = "community" | "building" | "entrance" | "floor" | "room" | "device";

export const put = <T>(path: string, body: unknown) => request<T>("PUT", path, body);

export const placeKeys = { tree: ["places"] as const, devices: ["devices"] as const };

export const useTree = (enabled = true) =>
  useQuery({ queryKey: placeKeys.tree, queryFn: () => get<Tree>("/api/places"), enabled });
export const useDevices = (enabled = true) =>
  useQuery({
    enabled,
    queryKey: placeKeys.devices,
    queryFn: () => get<{ items: DeviceRow[] }>("/api/devices"),
    refetchInterval: 15_000,
  });
export const useDevice = (edge: string, id: string) =>
  useQuery({
    queryKey: ["device", edge, id],
    queryFn: () => get<{ device: Device; row: DeviceRow }>(`/api/devices/${edge}/${id}`),
    refetchInterval: 5_000,
  });

/** useRefresh fetches everything anew that shows places, after a change. */
export function useRefresh() {
  const cache = useQueryClient();
  return () =>
    Promise.all(
      [
        placeKeys.tree,
        placeKeys.devices,
        ["overview"],
        ["building"],
        ["floorplan"],
        ["fleet"],
        ["device"],
      ].map((queryKey) => cache.invalidateQueries({ queryKey })),
    );
}

/** Node keys: c:<community>, b:<building>, e:<building>/<entrance>, f:<building>/<number>, r:<room>, d:<edge>/<device>. */
export type NodeKey = string;

export interface RefBody {
  kind: Kind;
  id: string;
  building?: string;
}

/** refOf is how the API names a node. */
export function refOf(key: NodeKey): RefBody {
  const rest = key.slice(2);
  const [building = "", id = ""] = rest.split("/");
  switch (key[0]) {
    case "c":
      return { kind: "community", id: rest };
    case "b":
      return { kind: "building", id: rest };
    case "e":
      return { kind: "entrance", building, id };
    case "f":
      return { kind: "floor", building, id };
    case "r":
      return { kind: "room", id: rest };
    default:
      return { kind: "device", id: rest };
  }
}

export const sameText = (a: Text | undefined, b: Text | undefined) =>
  (a?.zh ?? "") === (b?.zh ?? "") && (a?.en ?? "") === (b?.en ?? "");
