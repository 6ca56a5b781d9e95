import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { get, post } from "../api/client";
import { keys } from "../api/queries";
import type { Alarm, AlarmList, BuildingDetail, Overview, PointDetail } from "../api/types";
import { Player } from "../sound/player";
import { missed, upsert, withReadings } from "./open";
import { type PointValue, Stream } from "./stream";

interface Live {
  stream: Stream;
  player: Player;
  seat: string;
  /** alarms that came while this seat was cut off, until someone says that they know */
  missed: number;
  clearMissed(): void;
}

const Context = createContext<Live | undefined>(undefined);

export function useLive(): Live {
  const live = useContext(Context);
  if (!live) throw new Error("useLive outside LiveProvider");
  return live;
}

export function useLink() {
  const { stream } = useLive();
  return useSyncExternalStore(stream.subscribe, stream.current);
}

/** useNow is the server's time, ticking. */
export function useNow(everyMs = 1000): number {
  const { stream } = useLive();
  const [now, setNow] = useState(() => stream.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(stream.now()), everyMs);
    return () => clearInterval(timer);
  }, [stream, everyMs]);
  return now;
}

function seatName(): string {
  const key = "anlan.seat";
  const old = localStorage.getItem(key);
  if (old) return old;
  const made = `seat-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}`;
  localStorage.setItem(key, made);
  return made;
}

/** LiveProvider keeps the cache in step with the server's events. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const [stream] = useState(() => new Stream());
  const [player] = useState(() => new Player());
  const [seat] = useState(seatName);
  const [gap, setGap] = useState(0);

  useEffect(() => {
    stream.start();
    return () => stream.stop();
  }, [stream]);

  useEffect(
    () =>
      stream.on({
        alarm(alarm) {
          cache.setQueryData<AlarmList>(keys.open, (l) => l && upsert(l, alarm));
          void cache.invalidateQueries({ queryKey: keys.alarm(alarm.id) });
          void cache.invalidateQueries({ queryKey: ["alarms", "list"] });
          void cache.invalidateQueries({ queryKey: keys.overview });
          void cache.invalidateQueries({ queryKey: keys.building(alarm.building) });
        },
        edge(edge) {
          cache.setQueryData<Overview>(
            keys.overview,
            (o) => o && { ...o, edges: o.edges.map((e) => (e.id === edge.id ? edge : e)) },
          );
          void cache.invalidateQueries({ queryKey: keys.fleet });
          void cache.invalidateQueries({ queryKey: keys.overview });
        },
        points(edge, values) {
          const byID = new Map(values.map((v) => [v.point, v]));
          for (const [, d] of cache.getQueriesData<BuildingDetail>({ queryKey: ["building"] })) {
            if (d?.building.edge === edge)
              cache.setQueryData(keys.building(d.building.id), withValues(d, byID));
          }
          cache.setQueryData<AlarmList>(keys.open, (l) => l && withReadings(l, edge, byID));
          for (const v of values) {
            cache.setQueryData<PointDetail>(
              keys.point(edge, v.point),
              (d) => d && { ...d, point: { ...d.point, value: v.value, quality: v.quality, at: v.at } },
            );
          }
        },
        incident(id) {
          void cache.invalidateQueries({ queryKey: keys.incident(id) });
          void cache.invalidateQueries({ queryKey: ["incidents"] });
        },
        resync() {
          void resync(cache).then((n) => setGap((g) => g + n));
        },
      }),
    [stream, cache],
  );

  const live = useMemo<Live>(
    () => ({ stream, player, seat, missed: gap, clearMissed: () => setGap(0) }),
    [stream, player, seat, gap],
  );
  return <Context value={live}>{children}</Context>;
}

/** resync fetches everything anew and returns how many alarms came meanwhile. */
async function resync(cache: ReturnType<typeof useQueryClient>): Promise<number> {
  const before = cache.getQueryData<AlarmList>(keys.open);
  const after = await get<AlarmList>("/api/alarms?view=open&limit=500");
  cache.setQueryData(keys.open, after);
  await cache.invalidateQueries();
  return before ? missed(before.items, after.items) : 0;
}

function withValues(d: BuildingDetail, values: Map<string, PointValue>): BuildingDetail {
  return {
    ...d,
    devices: d.devices.map((dev) => ({
      ...dev,
      points: dev.points.map((p) => {
        const v = values.get(p.id);
        return v ? { ...p, value: v.value, quality: v.quality, at: v.at } : p;
      }),
    })),
  };
}

const painted = new Set<string>();

/** usePainted tells the server, once an occurrence, that this seat has really painted it. */
export function usePainted(alarms: Alarm[]) {
  const { stream, seat } = useLive();
  useEffect(() => {
    const fresh = alarms.filter((a) => !painted.has(`${a.id}/${a.count}`));
    if (fresh.length === 0 || document.visibilityState !== "visible") return;
    // Two frames: the first is scheduled before the paint, the second runs after it.
    const frame = requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const at = new Date(stream.now()).toISOString();
        for (const a of fresh) {
          painted.add(`${a.id}/${a.count}`);
          post(`/api/alarms/${a.id}/painted`, { at, seat }).catch(() => painted.delete(`${a.id}/${a.count}`));
        }
      }),
    );
    return () => cancelAnimationFrame(frame);
  }, [alarms, stream, seat]);
}
