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
          <span className="label">
            <i aria-hidden />
            {t("desk.strip.link")}
          </span>
          <span className="value">
            <b>{t(`strip.${link.state}`, { age: elapsed(link.silence ?? 0) })}</b>
            {!cut && link.silence !== undefined && (
              <small>{t("age.s", { n: Math.floor(link.silence / 1000) })}</small>
            )}
          </span>
        </span>
        {overview && (
          <Field overview={overview} now={now} backlog={wrong.some((x) => x.what === "backlog")} />
        )}
        {requested > 0 && (
          <Cell hot id="requested" label={<Link to="/?list=aside">{t("desk.requested")}</Link>}>
            <b>{requested}</b>
          </Cell>
        )}
        <Counts />
        <SoundCell open={openSound} mutedFor={mutedFor} />
        <SeatsCell />
        <Cell wide id="linkage" label={t("desk.strip.linkage")}>
          <b>{t("desk.strip.byEdge")}</b>
        </Cell>
        <Cell wide id="duty" label={t("desk.strip.duty")}>
          <em>{t("desk.strip.unused")}</em>
        </Cell>
        <span className="grow" />
        <Cell id="who" label={t(`user.${me.role}`, { defaultValue: me.role })}>
          <b>{me.name}</b>
          {seat && <small className="widest">{seat.name}</small>}
        </Cell>
        <Cell id="clock" label={t("desk.strip.time")}>
          <time>{clock(now)}</time>
        </Cell>
      </header>
      <p className="unseen" role="status">
        {cut ? t(`strip.${link.state}`, { age: "" }) : ""}
      </p>
      <Banners lost={link.state === "lost"} silence={link.silence ?? 0} openSound={openSound} wrong={wrong} />
    </>
  );
}

function Cell(props: {
  label: ReactNode;
  hot?: boolean;
  fire?: boolean;
  wide?: boolean;
  id: string;
  n?: number;
  children: ReactNode;
}) {
  const kind = props.fire ? "fire" : props.hot ? "hot" : props.wide ? "wide" : "";
  return (
    <span className={`cell ${kind}`} id={props.id} data-n={props.n}>
      <span className="label">{props.label}</span>
      <span className="value">{props.children}</span>
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
      <Cell hot={online < o.edges.length} id="edges" label={t("desk.strip.edges")}>
        <b>
          {online}/{o.edges.length}
        </b>
        {heard > 0 && <small>{t("desk.strip.heard", { age: age(t, now - heard) })}</small>}
      </Cell>
      <Cell hot={backlog} id="queue" label={t("desk.strip.queue")}>
        <b>{pending}</b>
      </Cell>
      <Cell wide id="last-event" label={t("desk.strip.lastEvent")}>
        <b>
          {o.last_event_at
            ? t("desk.strip.heard", { age: age(t, now - Date.parse(o.last_event_at)) })
            : t("desk.strip.none")}
        </b>
      </Cell>
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
      <Cell
        fire={worst === "critical"}
        hot={g.unacked.length > 0}
        id="count-unacked"
        n={g.unacked.length}
        label={t("desk.strip.unacked")}
      >
        <b>{g.unacked.length}</b>
      </Cell>
      <Cell id="count-acked" label={t("desk.strip.acked")}>
        <b>{g.acked.length}</b>
      </Cell>
      <Cell hot={g.rtn.length > 0} id="count-rtn" label={t("desk.strip.rtn")}>
        <b>{g.rtn.length}</b>
      </Cell>
      <Cell
        hot={(counts?.overdue_out_of_service ?? 0) > 0}
        id="count-aside"
        label={`${t("desk.strip.shelved")} · ${t("desk.strip.oos")}`}
      >
        <b>
          {counts?.shelved ?? "?"} · {counts?.out_of_service ?? "?"}
        </b>
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
      <span className="label">{t("desk.strip.sound")}</span>
      <b className="value">{mutedFor > 0 ? t("strip.muted", { s: mutedFor }) : t(`strip.sound.${state}`)}</b>
    </button>
  );
}

function SeatsCell() {
  const { t } = useTranslation();
  const list = useSeats().data;
  const ours = useSeat();
  const n = list?.on_watch ?? ours.onWatch;
  return (
    <Cell hot={n === 0} id="seats" label={t("desk.strip.seats")}>
      <b>{n}</b>
    </Cell>
  );
}
