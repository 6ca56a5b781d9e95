import { Input, type InputRef } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { useOpenAlarms, useOverview } from "../api/queries";
import type { Alarm, Overview } from "../api/types";
import { say } from "../i18n";
import { lifeSafety } from "../live/open";
import { useNow } from "../live/context";
import { AlarmPanel } from "../parts/AlarmPanel";
import { AlarmRow } from "../parts/AlarmRow";
import { age, placeName } from "../parts/format";
import { Pulse } from "../parts/Pulse";
import { Section } from "../parts/Section";
import { Empty, Loaded } from "../parts/states";
import { Tiles } from "../parts/Tiles";
import { useDesk } from "./Shell";

/** Console is the night shift's page: where, what, and what to do now. */
export function Console() {
  const { t } = useTranslation();
  const alarms = useOpenAlarms();
  const [params, setParams] = useSearchParams();
  const building = params.get("building") ?? "";
  const q = params.get("q") ?? "";
  const selected = params.get("alarm") ?? "";
  const set = (changes: Record<string, string>) =>
    setParams(
      (old) => {
        const next = new URLSearchParams(old);
        for (const [k, v] of Object.entries(changes)) v ? next.set(k, v) : next.delete(k);
        return next;
      },
      { replace: true },
    );
  const items = useMemo(
    () => (alarms.data?.items ?? []).filter((a) => (!building || a.building === building) && matches(a, q)),
    [alarms.data, building, q],
  );
  const current = items.find((a) => a.id === selected) ?? alarms.data?.items.find((a) => a.id === selected);
  const focus = useConsoleKeys(items, selected, (id) => set({ alarm: id }));
  return (
    <main className="console">
      <aside className="where">
        {building ? (
          <Section id={building} onBack={() => set({ building: "" })} />
        ) : (
          <Tiles onPick={(id) => set({ building: id })} />
        )}
      </aside>
      <section className="what" aria-label={t("console.unacked")}>
        <Input
          id="search"
          ref={focus.search}
          allowClear
          value={q}
          placeholder={t("console.search")}
          onChange={(e) => set({ q: e.target.value })}
          onKeyDown={(e) => {
            e.stopPropagation();
            if (e.key === "Escape") e.currentTarget.blur();
          }}
        />
        <Loaded query={alarms} lines={8}>
          {() => <Lists items={items} q={q} selected={selected} onSelect={(id) => set({ alarm: id })} />}
        </Loaded>
        <footer className="quiet keys">{t("console.keys")}</footer>
      </section>
      <aside className="now">
        {current ? (
          <AlarmPanel alarm={current} noting={focus.noting} setNoting={focus.setNoting} />
        ) : (
          <Pulse building={building} />
        )}
      </aside>
    </main>
  );
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

interface ListsProps {
  items: Alarm[];
  q: string;
  selected: string;
  onSelect: (id: string) => void;
}

function Lists({ items, q, selected, onSelect }: ListsProps) {
  const { t } = useTranslation();
  const overview = useOverview().data;
  const { shown, held, show, hover } = useHeldRows(items);
  const unacked = shown.filter((a) => a.state === "unacked");
  const rest = shown.filter((a) => a.state !== "unacked");
  const row = (a: Alarm) => (
    <AlarmRow key={a.id} alarm={a} selected={a.id === selected} onSelect={() => onSelect(a.id)} />
  );
  return (
    <div className="lists" {...hover}>
      <h2>
        {t("console.unacked")} ({unacked.length})
        {held > 0 && (
          <button type="button" className="more" onClick={show}>
            {t("console.more", { n: held })}
          </button>
        )}
      </h2>
      {unacked.length > 0 ? (
        <ol className="rows" id="unacked">
          {unacked.map(row)}
        </ol>
      ) : q ? (
        <Empty>{t("console.noMatch", { q })}</Empty>
      ) : (
        overview && <Calm overview={overview} />
      )}
      <h2>
        {t("console.rest")} ({rest.length})
      </h2>
      {rest.length > 0 ? <ol className="rows">{rest.map(row)}</ol> : <Empty>{t("console.noOther")}</Empty>}
    </div>
  );
}

/** Calm says why the list is empty; calm is only claimed when every point is known. */
function Calm({ overview }: { overview: Overview }) {
  const { t } = useTranslation();
  const now = useNow();
  const { good, total } = overview.points;
  if (total === 0) return <Empty>{t("fleet.none")}</Empty>;
  if (good < total) return <Empty>{t("console.nothingUnknown", { n: total - good })}</Empty>;
  const standing = overview.counts.acked + overview.counts.rtn_unacked;
  const heard = Math.max(...overview.edges.map((e) => Date.parse(e.last_seen ?? "") || 0));
  return (
    <Empty>
      <strong>{standing > 0 ? t("console.nothingNew", { n: standing }) : t("console.nothing")}</strong>
      <br />
      {t("console.nothingWhy", { good, total, age: age(t, now - heard) })}
      <br />
      {overview.buildings.map((b) => say(b.name)).join(" · ")}
    </Empty>
  );
}

/**
 * useHeldRows keeps the list still while the pointer is over it: alarms that are not
 * life-safety wait behind a "+n new" bar.
 */
function useHeldRows(items: Alarm[]) {
  const [over, setOver] = useState(false);
  const [known, setKnown] = useState<ReadonlySet<string>>(new Set());
  const isHeld = (a: Alarm) => over && !known.has(a.id) && !lifeSafety(a);
  const held = items.filter(isHeld).length;
  const ids = (list: Alarm[]) => new Set(list.map((a) => a.id));
  return {
    shown: held > 0 ? items.filter((a) => !isHeld(a)) : items,
    held,
    show: () => setKnown(ids(items)),
    hover: {
      onPointerEnter: () => {
        setKnown(ids(items));
        setOver(true);
      },
      onPointerLeave: () => setOver(false),
    },
  };
}

/** useConsoleKeys makes every act reachable without a mouse; focus is bound to an alarm's id, not to a row. */
function useConsoleKeys(items: Alarm[], selected: string, select: (id: string) => void) {
  const search = useRef<InputRef>(null);
  const [noting, setNoting] = useState<"ack" | "false" | undefined>();
  const navigate = useNavigate();
  const { muteTone } = useDesk();
  useEffect(() => {
    const at = items.findIndex((a) => a.id === selected);
    const move = (by: number) => {
      const next = items[Math.min(items.length - 1, Math.max(0, at + by))] ?? items[0];
      if (next) select(next.id);
    };
    const acts: Record<string, () => void> = {
      ArrowDown: () => move(1),
      j: () => move(1),
      ArrowUp: () => move(-1),
      k: () => move(-1),
      Enter: () => selected && void navigate(`/alarms/${selected}`),
      " ": muteTone,
      "/": () => search.current?.focus(),
      p: () => document.getElementById("launch")?.focus(),
      Escape: () => (noting ? setNoting(undefined) : select("")),
      a: () => {
        const first = items[at] ?? items.find((a) => a.state !== "acked");
        if (!first || first.state === "acked") return;
        if (first.id !== selected) select(first.id);
        setNoting("ack");
      },
    };
    const onKey = (e: KeyboardEvent) => {
      const target = e.target as HTMLElement;
      if (e.ctrlKey || e.metaKey || e.altKey || target.closest("input, textarea, select, [contenteditable]"))
        return;
      const onButton = target.closest("button, a") !== null && (e.key === "Enter" || e.key === " ");
      const act = acts[e.key.length === 1 ? e.key.toLowerCase() : e.key];
      if (!act || onButton) return;
      e.preventDefault();
      act();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [items, selected, select, navigate, muteTone, noting]);
  return { search, noting, setNoting };
}
