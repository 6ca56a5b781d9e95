import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { deskKeys, type SeatList } from "../api/desk";
import { loadKey } from "../api/load";
import { keys } from "../api/queries";
import type { Alarm, AlarmList, BuildingDetail, Overview, PointDetail } from "../api/types";
import { useSession } from "../parts/session";
import { Player } from "../sound/player";
import { Frames, Throttle } from "./coalesce";
import { countAlarms, lifeSafety, merge, missed, withReadings } from "./open";
import { openAlarms } from "./open-list";
import { SeatLink } from "./seat";
import { type PointValue, Stream } from "./stream";

interface Live {
  stream: Stream;
  player: Player;
  seat: SeatLink;
  /** alarms that came while this seat was cut off, until someone says that they know */
  missed: Alarm[];
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

/** useNow is the server's time, ticking every second for everybody at once. */
export function useNow(): number {
  const { stream } = useLive();
  const second = useSyncExternalStore(stream.subscribeSecond, stream.second);
  return second;
}

/** useSeat is what this console says of itself, and what the server makes of it. */
export function useSeat() {
  const { seat } = useLive();
  return useSyncExternalStore(seat.subscribe, seat.current);
}

/** What alarms make stale is fetched again at most this often. */
const refetchEveryMs = 2_000;

/** LiveProvider keeps the cache in step with the server's events, a frame at a time. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const [stream] = useState(() => new Stream());
  const [player] = useState(() => new Player());
  const [seat] = useState(() => new SeatLink(stream, player));
  const told = useSession().me.reach["alarm.read"]?.all === true;
  const [gap, setGap] = useState<Alarm[]>([]);

  useEffect(() => {
    stream.start();
    return () => stream.stop();
  }, [stream]);

  useEffect(() => {
    const fresh = new Throttle(refetchEveryMs);
    const stale = (name: string, ...queryKeys: readonly (readonly string[])[]) =>
      fresh.do(name, () => {
        for (const queryKey of queryKeys) void cache.invalidateQueries({ queryKey });
      });
    const alarms = new Frames<Alarm>((changes) => {
      cache.setQueryData<AlarmList>(keys.open, (l) => l && merge(l, changes));
      stale("alarms", ["alarms", "list"], deskKeys.aside);
      stale("overview", keys.overview);
      if (!told) stale("load", loadKey);
      if (changes.some(lifeSafety)) stale("proofs", deskKeys.proofs);
      for (const b of new Set(changes.map((a) => a.building))) stale(`building ${b}`, keys.building(b));
      for (const a of changes) {
        if (cache.getQueryState(keys.alarm(a.id))) stale(`alarm ${a.id}`, keys.alarm(a.id));
      }
    });
    const values = new Frames<[string, PointValue[]]>((all) => {
      for (const [edge, v] of all) putValues(cache, edge, v);
    });
    const off = stream.on({
      alarm: (alarm) => alarms.push(alarm),
      edge(edge) {
        cache.setQueryData<Overview>(
          keys.overview,
          (o) => o && { ...o, edges: o.edges.map((e) => (e.id === edge.id ? edge : e)) },
        );
        stale("fleet", keys.fleet, keys.overview);
      },
      points: (edge, v) => values.push([edge, v]),
      incident: (id) => stale(`incident ${id}`, keys.incident(id), ["incidents"]),
      seat: () => stale("seats", deskKeys.seats),
      claim(alarm, claim) {
        cache.setQueryData<SeatList>(deskKeys.seats, (l) => {
          if (!l) return l;
          const others = l.claims.filter((c) => c.alarm !== alarm);
          return { ...l, claims: claim ? [...others, claim] : others };
        });
      },
      override: () => stale("overrides", ["overrides"], keys.overview),
      load: (l) => cache.setQueryData(loadKey, l),
      resync() {
        void resync(cache).then((came) => setGap((g) => [...g, ...came]));
      },
    });
    return () => {
      off();
      alarms.stop();
      values.stop();
      fresh.stop();
    };
  }, [stream, cache, told]);

  useCrossCheck(cache);

  const live = useMemo<Live>(
    () => ({ stream, player, seat, missed: gap, clearMissed: () => setGap([]) }),
    [stream, player, seat, gap],
  );
  return <Context value={live}>{children}</Context>;
}

/** resync fetches everything anew and returns the alarms that came meanwhile. */
async function resync(cache: QueryClient): Promise<Alarm[]> {
  const before = cache.getQueryData<AlarmList>(keys.open);
  try {
    const after = await openAlarms();
    cache.setQueryData(keys.open, after);
    await cache.invalidateQueries({
      predicate: (q) => q.queryKey[0] !== "alarms" || q.queryKey[1] !== "open",
    });
    return before ? missed(before.items, after.items) : [];
  } catch {
    await cache.invalidateQueries(); // asked again by each page; the link lamp says why
    return [];
  }
}

/**
 * useCrossCheck compares the server's counts with the list's. A difference that stands
 * at two looks in a row is no race: the list is fetched anew.
 */
function useCrossCheck(cache: QueryClient) {
  const doubts = useRef(0);
  useEffect(
    () =>
      cache.getQueryCache().subscribe((e) => {
        if (e.type !== "updated" || e.action.type !== "success" || e.query.queryKey[0] !== "overview") return;
        const server = (e.query.state.data as Overview | undefined)?.counts;
        const list = cache.getQueryData<AlarmList>(keys.open);
        if (!server || !list) return;
        const ours = countAlarms(list.items);
        const same =
          ours.unacked + ours.acked + ours.rtn_unacked === server.unacked + server.acked + server.rtn_unacked;
        doubts.current = same ? 0 : doubts.current + 1;
        if (doubts.current < 2) return;
        doubts.current = 0;
        void cache.invalidateQueries({ queryKey: keys.open });
      }),
    [cache],
  );
}

function putValues(cache: QueryClient, edge: string, values: PointValue[]) {
  const byID = new Map(values.map((v) => [v.point, v]));
  for (const [, d] of cache.getQueriesData<BuildingDetail>({ queryKey: ["building"] })) {
    if (d?.building.edge === edge) cache.setQueryData(keys.building(d.building.id), withValues(d, byID));
  }
  cache.setQueryData<AlarmList>(keys.open, (l) => l && withReadings(l, edge, byID));
  for (const v of values) {
    if (!cache.getQueryState(keys.point(edge, v.point))) continue;
    cache.setQueryData<PointDetail>(
      keys.point(edge, v.point),
      (d) => d && { ...d, point: { ...d.point, value: v.value, quality: v.quality, at: v.at } },
    );
  }
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
