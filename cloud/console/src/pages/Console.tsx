import { Input, type InputRef } from "antd";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { useLoad } from "../api/load";
import { useOpenAlarms } from "../api/queries";
import type { Alarm } from "../api/types";
import { usePainted } from "../live/painted";
import { AlarmLists, type Chosen, split } from "../parts/AlarmLists";
import { AlarmPanel, type Noting } from "../parts/AlarmPanel";
import { Calm } from "../parts/Calm";
import { placeName } from "../parts/format";
import { focusHold } from "../parts/Hold";
import { Queue, useUrgent } from "../parts/LifeCard";
import { Pulse } from "../parts/Pulse";
import { useSession } from "../parts/session";
import { Section, type Spot } from "../parts/Section";
import { Loaded } from "../parts/states";
import { Tiles } from "../parts/Tiles";
import { useDesk } from "./Shell";

type List = Chosen["list"];
const lists: List[] = ["acked", "rtn", "aside"];

/** Console is the night shift's page: where, what, and what to do now. */
export function Console() {
  const { t } = useTranslation();
  const alarms = useOpenAlarms();
  const view = useView();
  const { spot, q, selected, set } = view;
  const { flood } = useDesk();
  const load = useLoad().data;
  const open = alarms.data?.items;
  const items = useMemo(
    () =>
      (open ?? []).filter(
        (a) =>
          (!spot.building || a.building === spot.building) &&
          (!spot.floor || String(a.place?.floor ?? 0) === spot.floor) &&
          matches(a, q),
      ),
    [open, spot.building, spot.floor, q],
  );
  const groups = useMemo(() => split(items), [items]);
  const urgent = useUrgent();
  const current = open?.find((a) => a.id === selected) ?? (selected ? undefined : urgent[0]);
  const select = useCallback((id: string) => set({ alarm: id }), [set]);
  usePainted(useMemo(() => (current ? [current] : []), [current]));
  const reachable = useMemo(() => [...groups.unacked, ...groups[view.list]], [groups, view.list]);
  const focus = useConsoleKeys({ items: reachable, current, select, view });
  return (
    <main className="console">
      <aside className="where" aria-label={t("console.buildings")}>
        {spot.building ? (
          <Section spot={spot} go={set} />
        ) : (
          <>
            <h2>{t("console.buildings")}</h2>
            <Tiles onPick={(id) => set({ building: id })} />
          </>
        )}
      </aside>
      <section className="what">
        <header className="what-head">
          <h2>
            {t("console.unacked")} ({groups.unacked.length})
          </h2>
          <span className="grow" />
          <Input
            id="search"
            ref={focus.search}
            allowClear
            value={q}
            aria-label={t("console.search")}
            placeholder={t("console.search")}
            onChange={(e) => set({ q: e.target.value })}
            onKeyDown={(e) => {
              e.stopPropagation();
              if (e.key === "Escape" || e.key === "Enter") e.currentTarget.blur();
            }}
          />
        </header>
        <Loaded query={alarms} lines={8}>
          {() => (
            <AlarmLists
              groups={groups}
              flood={flood}
              load={q || spot.floor ? undefined : load}
              selected={current?.id ?? ""}
              select={select}
              list={view.list}
              setList={view.setList}
              noMatch={q ? t("console.noMatch", { q }) : undefined}
              calm={<Calm />}
            />
          )}
        </Loaded>
        <footer className="quiet keys">{t("desk.keys.line")}</footer>
      </section>
      <aside className="now" aria-label={t("desk.now")}>
        <Queue urgent={urgent} at={current?.id ?? ""} go={select} />
        {current ? (
          <AlarmPanel key={current.id} alarm={current} noting={focus.noting} setNoting={focus.setNoting} />
        ) : (
          <Pulse building={spot.building} />
        )}
      </aside>
    </main>
  );
}

interface View {
  spot: Spot;
  q: string;
  selected: string;
  list: List;
  setList: (l: List) => void;
  set: (changes: Record<string, string>) => void;
}

/** useView is all that the console shows, from its URL. */
function useView(): View {
  const [params, setParams] = useSearchParams();
  const get = (k: string) => params.get(k) ?? "";
  const set = useCallback(
    (changes: Record<string, string>) =>
      setParams(
        (old) => {
          const next = new URLSearchParams(old);
          for (const [k, v] of Object.entries(changes)) v ? next.set(k, v) : next.delete(k);
          return next;
        },
        { replace: true },
      ),
    [setParams],
  );
  const list = lists.find((l) => l === get("list")) ?? "acked";
  return {
    spot: { building: get("building"), floor: get("floor"), point: get("point") },
    q: get("q"),
    selected: get("alarm"),
    list,
    setList: (l) => set({ list: l === "acked" ? "" : l }),
    set,
  };
}

function matches(a: Alarm, q: string): boolean {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = [
    a.title.zh,
    a.title.en,
    a.device_name?.zh,
    a.device_name?.en,
    a.point,
    a.rule,
    placeName(a.place, a.building_name),
  ]
    .join(" ")
    .toLowerCase();
  return words.every((w) => text.includes(w));
}

interface KeyWorld {
  items: Alarm[];
  current: Alarm | undefined;
  select: (id: string) => void;
  view: View;
}

/** useConsoleKeys makes every act reachable without a mouse; focus is bound to an alarm's id, not to a row. */
function useConsoleKeys(world: KeyWorld) {
  const search = useRef<InputRef>(null);
  const [noting, setNoting] = useState<Noting>();
  const navigate = useNavigate();
  const { muteTone, showHelp } = useDesk();
  const latest = useRef<Record<string, () => void>>({});
  const { items, current, select, view } = world;
  const move = (by: number) => {
    const at = items.findIndex((a) => a.id === view.selected);
    const next = items[Math.min(items.length - 1, Math.max(0, at + by))] ?? items[0];
    if (next) select(next.id);
  };
  const tab = (by: number) =>
    view.setList(lists[(lists.indexOf(view.list) + by + lists.length) % lists.length] ?? "acked");
  const { may } = useSession();
  const note = (what: "ack" | "false") => {
    if (!may(what === "ack" ? "alarm.ack" : "alarm.confirm")) return;
    const on = current ?? items.find((a) => a.state === "unacked" || a.state === "rtn_unacked");
    if (!on || (what === "ack" && on.state !== "unacked" && on.state !== "rtn_unacked")) return;
    select(on.id);
    setNoting(what);
  };
  const back = () => {
    if (noting) setNoting(undefined);
    else if (view.selected) select("");
    else if (view.spot.floor) view.set({ floor: "", point: "" });
    else if (view.spot.building) view.set({ building: "" });
    else view.set({ q: "" });
  };
  latest.current = {
    ArrowDown: () => move(1),
    j: () => move(1),
    ArrowUp: () => move(-1),
    k: () => move(-1),
    Enter: () => current && void navigate(`/alarms/${current.id}`),
    " ": muteTone,
    "/": () => search.current?.focus(),
    p: () => focusHold("launch"),
    s: () => document.getElementById("shelve")?.click(),
    o: () => document.getElementById("out-of-service")?.click(),
    c: () => document.getElementById("claim")?.click(),
    b: () =>
      document.querySelector<HTMLElement>(".tile, .section .entrances > button:not(:disabled)")?.focus(),
    f: () => note("false"),
    a: () => note("ack"),
    "[": () => tab(-1),
    "]": () => tab(1),
    "?": showHelp,
    Escape: back,
  };
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      const target = e.target as HTMLElement;
      if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
      if (target.closest("input, textarea, select, [contenteditable], .ant-modal, .ant-drawer")) return;
      const onButton = target.closest("button, a") !== null && (e.key === "Enter" || e.key === " ");
      const inRow = target.closest(".row") !== null;
      const act = latest.current[e.key.length === 1 ? e.key.toLowerCase() : e.key];
      if (!act || (onButton && !inRow)) return;
      e.preventDefault();
      act();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return { search, noting, setNoting };
}
