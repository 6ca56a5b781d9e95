import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { post } from "../../api/client";
import type { Text } from "../../api/types";
import { useProblemText } from "../../parts/states";
import {
  type Building,
  type Community,
  type DeviceRow,
  type Entrance,
  type Floor,
  put,
  refOf,
  type Room,
  type Spot,
  useRefresh,
} from "./api";

interface Versioned {
  version: number;
}

const text = (t: Text | undefined): Text => ({
  zh: t?.zh?.trim() ?? "",
  ...(t?.en ? { en: t.en.trim() } : {}),
});

/** Each save writes a row with the version it was read at, and answers with the next one. */
export const save = {
  community: (c: Omit<Community, "rev">) =>
    put<Community>(`/api/places/communities/${c.id}`, {
      name: text(c.name),
      time_zone: c.time_zone,
      address: c.address ?? "",
      pos: c.pos,
      version: c.version,
    }),
  building: (b: Omit<Building, "rev">) =>
    put<Building>(`/api/places/buildings/${b.id}`, {
      community: b.community,
      name: text(b.name),
      address: b.address ?? "",
      pos: b.pos,
      contacts: b.contacts ?? [],
      cameras: b.cameras ?? [],
      version: b.version,
    }),
  entrance: (e: Omit<Entrance, "rev">) =>
    put<Entrance>(`/api/places/buildings/${e.building}/entrances/${encodeURIComponent(e.id)}`, {
      name: text(e.name),
      pos: e.pos,
      version: e.version,
    }),
  floor: (f: Omit<Floor, "rev">) =>
    put<Floor>(`/api/places/buildings/${f.building}/floors/${f.number}`, {
      name: text(f.name),
      pos: f.pos,
      contacts: f.contacts ?? [],
      cameras: f.cameras ?? [],
      version: f.version,
    }),
  room: (r: Omit<Room, "rev">) => {
    const body = {
      building: r.building,
      floor: r.floor,
      unit_entrance: r.unit_entrance ?? "",
      name: text(r.name),
      pos: r.pos,
      version: r.version,
    };
    return r.id ? put<Room>(`/api/places/rooms/${r.id}`, body) : post<Room>("/api/places/rooms", body);
  },
  device: (d: DeviceFields) =>
    put<DeviceRow>(`/api/devices/${d.edge}/${d.id}`, {
      ...(d.name ? { name: text(d.name) } : {}),
      ...(d.spot ? { spot: d.spot } : {}),
      note: d.note ?? "",
      model: d.model ?? "",
      version: d.version,
    }),
};

export interface DeviceFields extends Versioned {
  edge: string;
  id: string;
  /** left out: as the edge reports */
  name?: Text;
  spot?: Spot;
  note?: string;
  model?: string;
}

/** fieldsOf is what people have said of a device so far. */
export function fieldsOf(d: DeviceRow): DeviceFields {
  return {
    edge: d.edge,
    id: d.id,
    version: d.version,
    note: d.note ?? "",
    model: d.reported ? "" : (d.model ?? ""),
    ...(d.renamed ? { name: d.name } : {}),
    ...(d.moved ? { spot: spotOf(d) } : {}),
  };
}

export const spotOf = (d: DeviceRow): Spot => ({
  building: d.place.building,
  ...(d.place.floor ? { floor: d.place.floor } : {}),
  ...(d.place.unit_entrance ? { unit_entrance: d.place.unit_entrance } : {}),
  ...(d.room ? { room: d.room } : {}),
  ...(d.place.zone ? { zone: d.place.zone } : {}),
});

/** useEdit runs a change, says so, and offers to undo it where that is possible. */
export function useEdit() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const refresh = useRefresh();
  const words = useProblemText();
  const run = async <T,>(act: () => Promise<T>, said?: string, undo?: (done: T) => Promise<unknown>) => {
    try {
      const done = await act();
      await refresh();
      const key = `edit-${Date.now()}`;
      void message.success({
        key,
        duration: undo ? 8 : 3,
        content: (
          <>
            {said ?? t("places.tree.saved")}
            {undo && (
              <Button
                type="link"
                size="small"
                id="undo"
                onClick={() => {
                  message.destroy(key);
                  void run(() => undo(done), t("places.tree.undone"));
                }}
              >
                {t("places.tree.undo")}
              </Button>
            )}
          </>
        ),
      });
      return true;
    } catch (e) {
      void message.error(words(e), 6);
      await refresh();
      return false;
    }
  };
  const remove = (key: string, version: number) =>
    run(() => post<{ archived: boolean }>("/api/places/remove", { ...refOf(key), version }), undefined);
  const restore = (key: string, version: number) =>
    run(() => post("/api/places/restore", { ...refOf(key), version }));
  const takeOver = (key: string, field: string, version: number) =>
    run(() => post("/api/places/take-over", { ...refOf(key), field, version }));
  return { run, remove, restore, takeOver };
}
