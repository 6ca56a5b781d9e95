import { type ReactNode, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSeats } from "../api/desk";
import { useOpenAlarms, useOverview } from "../api/queries";
import type { Alarm, Overview } from "../api/types";
import type { Abnormal } from "../live/abnormal";
import { useLink, useLive, useNow, useSeat } from "../live/context";
import type { Muted } from "../sound/tones";
import { split } from "./AlarmLists";
import { Banners } from "./Banners";
import { useSession } from "./session";
import { age, clock, elapsed } from "./format";

const none: Alarm[] = [];

/** Strip never scrolls: is the screen alive, what is open, can it be heard, who watches. */
export function Strip(props: { muted: Muted | undefined; openSound: () => void; wrong: Abnormal[] }) {
  const { muted, openSound, wrong } = props;
  const { t } = useTranslation();
  const link = useLink();
  const { me } = useSession();
  const overview = useOverview().data;
  const now = useNow();
  const cut = link.state === "stale" || link.state === "lost";
  const mutedFor = muted && muted.until > now ? Math.ceil((muted.until - now) / 1000) : 0;
  const seat = useSeat().seat;
  const requested = overview?.counts.requested ?? 0;
  return (
    <>
      <header className={`strip ${cut ? "cut" : ""}`} aria-label={t("desk.strip.label")}>
        <span className={`cell lamp ${link.state}`} id="link-lamp" data-state={link.state}>
          <i aria-hidden />
          {cut ? t(`strip.${link.state}`, { age: elapsed(link.silence ?? 0) }) : t(`strip.${link.state}`)}
          {!cut && link.silence !== undefined && (
            <small>{t("age.s", { n: Math.floor(link.silence / 1000) })}</small>
          )}
        </span>
        {overview && (
          <Field overview={overview} now={now} backlog={wrong.some((x) => x.what === "backlog")} />
        )}
        {requested > 0 && (
          <Cell hot id="requested">
            <Link to="/?list=aside">{t("desk.requested")}</Link> <b>{requested}</b>
          </Cell>
        )}
        <Counts />
        <SoundCell open={openSound} mutedFor={mutedFor} />
        <SeatsCell />
        <span className="cell wide" id="linkage">
          {t("desk.strip.linkage")} <b>{t("desk.strip.byEdge")}</b>
        </span>
        <span className="cell wide" id="duty">
          {t("desk.strip.muster")} · {t("desk.strip.handover")} <em>{t("desk.strip.unused")}</em>
        </span>
        <span className="cell grow" />
        <span className="cell">
          {me.name} <em>{t(`user.${me.role}`, { defaultValue: me.role })}</em>
          {seat && <em className="widest">{seat.name}</em>}
        </span>
        <span className="cell">
          <time>{clock(now)}</time>
        </span>
      </header>
      <p className="unseen" role="status">
        {cut ? t(`strip.${link.state}`, { age: "" }) : ""}
      </p>
      <Banners lost={link.state === "lost"} silence={link.silence ?? 0} openSound={openSound} wrong={wrong} />
    </>
  );
}

function Cell({ hot, id, children }: { hot?: boolean; id?: string; children: ReactNode }) {
  return (
    <span className={`cell ${hot ? "hot" : ""}`} id={id}>
      {children}
    </span>
  );
}

/** Field is the way to the buildings: edges, their last heartbeat, what waits to be delivered, and the last event. */
function Field({ overview: o, now, backlog }: { overview: Overview; now: number; backlog: boolean }) {
  const { t } = useTranslation();
  const online = o.edges.filter((e) => e.state === "online").length;
  const heard = Math.max(0, ...o.edges.map((e) => Date.parse(e.last_seen ?? "") || 0));
  const pending = o.edges.reduce((n, e) => n + (e.pending?.alarm ?? 0), 0);
  return (
    <>
      <Cell hot={online < o.edges.length} id="edges">
        {t("desk.strip.edges")}{" "}
        <b>
          {online}/{o.edges.length}
        </b>
        {heard > 0 && <small>{t("desk.strip.heard", { age: age(t, now - heard) })}</small>}
      </Cell>
      <Cell hot={backlog} id="queue">
        {t("desk.strip.queue")} <b>{pending}</b>
      </Cell>
      <span className="cell wide" id="last-event">
        {t("desk.strip.lastEvent")}{" "}
        <b>
          {o.last_event_at
            ? t("desk.strip.heard", { age: age(t, now - Date.parse(o.last_event_at)) })
            : t("desk.strip.none")}
        </b>
      </span>
    </>
  );
}

function Counts() {
  const { t } = useTranslation();
  const g = split(useOpenAlarms().data?.items ?? none);
  const counts = useOverview().data?.counts;
  const until = counts?.oldest_expiry;
  const worst = g.unacked[0]?.severity;
  return (
    <>
      <span
        className={`cell ${worst === "critical" ? "fire" : g.unacked.length > 0 ? "hot" : ""}`}
        id="count-unacked"
        data-n={g.unacked.length}
      >
        {t("desk.strip.unacked")} <b>{g.unacked.length}</b>
      </span>
      <Cell id="count-acked">
        {t("desk.strip.acked")} <b>{g.acked.length}</b>
      </Cell>
      <Cell hot={g.rtn.length > 0} id="count-rtn">
        {t("desk.strip.rtn")} <b>{g.rtn.length}</b>
      </Cell>
      <Cell hot={(counts?.overdue_out_of_service ?? 0) > 0} id="count-aside">
        {t("desk.strip.shelved")} <b>{counts?.shelved ?? "?"}</b> · {t("desk.strip.oos")}{" "}
        <b>{counts?.out_of_service ?? "?"}</b>
        {until && <small>{t("desk.strip.until", { at: clock(until).slice(0, 5) })}</small>}
      </Cell>
    </>
  );
}

function SoundCell({ open, mutedFor }: { open: () => void; mutedFor: number }) {
  const { t } = useTranslation();
  const { player } = useLive();
  const state = useSyncExternalStore(player.subscribe, player.state);
  return (
    <button
      type="button"
      id="sound"
      className={`cell sound ${state}`}
      data-state={state}
      onClick={(e) => {
        e.currentTarget.blur(); // or the space bar would press it again instead of muting
        if (state === "armed") open();
        else void player.arm();
      }}
    >
      {mutedFor > 0 ? t("strip.muted", { s: mutedFor }) : t(`strip.sound.${state}`)}
    </button>
  );
}

function SeatsCell() {
  const { t } = useTranslation();
  const list = useSeats().data;
  const ours = useSeat();
  const n = list?.on_watch ?? ours.onWatch;
  return (
    <Cell hot={n === 0} id="seats">
      {t("desk.strip.seats")} <b>{n}</b>
    </Cell>
  );
}
