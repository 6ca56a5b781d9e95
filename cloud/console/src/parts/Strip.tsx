import { type ReactNode, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useDeskSetting, useSeats } from "../api/desk";
import { useOpenAlarms, useOverview } from "../api/queries";
import type { Alarm, Overview } from "../api/types";
import { say } from "../i18n";
import { useNewBuild } from "../live/build";
import { useLink, useLive, useNow, useSeat } from "../live/context";
import { navigation } from "../navigation";
import { aside } from "../live/open";
import type { Muted } from "../sound/tones";
import { split } from "./AlarmLists";
import { useSession } from "./session";
import { age, clock, elapsed, placeName } from "./format";

const none: Alarm[] = [];

/** Strip never scrolls: is the screen alive, what is open, can it be heard, who watches. */
export function Strip({ muted, openSound }: { muted: Muted | undefined; openSound: () => void }) {
  const { t } = useTranslation();
  const link = useLink();
  const { me } = useSession();
  const overview = useOverview().data;
  const now = useNow();
  const cut = link.state === "stale" || link.state === "lost";
  const mutedFor = muted && muted.until > now ? Math.ceil((muted.until - now) / 1000) : 0;
  const seat = useSeat().seat;
  const requested = (overview?.counts as { requested?: number } | undefined)?.requested ?? 0;
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
        {overview && <Field overview={overview} now={now} />}
        {requested > 0 && (
          <Cell hot id="requested">
            <Link to={navigation.find((n) => n.to.includes("overrid"))?.to ?? "/?list=aside"}>
              {t("desk.requested")}
            </Link>{" "}
            <b>{requested}</b>
          </Cell>
        )}
        <Counts />
        <SoundCell open={openSound} mutedFor={mutedFor} />
        <SeatsCell />
        <span className="cell wide" id="linkage">
          {t("desk.strip.linkage")} <b>{t("desk.strip.byEdge")}</b>
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
      <Banners lost={link.state === "lost"} silence={link.silence ?? 0} openSound={openSound} />
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

/** Field is the way to the buildings: edges, their last word, and how long alarms wait to be delivered. */
function Field({ overview: o, now }: { overview: Overview; now: number }) {
  const { t } = useTranslation();
  const online = o.edges.filter((e) => e.state === "online").length;
  const heard = Math.max(0, ...o.edges.map((e) => Date.parse(e.last_seen ?? "") || 0));
  const pending = o.edges.reduce((n, e) => n + (e.pending?.alarm ?? 0), 0);
  const oldest = Math.max(0, ...o.edges.map((e) => oldestOf(e.pending)));
  return (
    <>
      <Cell hot={online < o.edges.length} id="edges">
        {t("desk.strip.edges")}{" "}
        <b>
          {online}/{o.edges.length}
        </b>
        {heard > 0 && <small>{t("desk.strip.heard", { age: age(t, now - heard) })}</small>}
      </Cell>
      <Cell hot={pending > 0 && oldest > 10_000} id="queue">
        {t("desk.strip.queue")} <b>{pending}</b>
        {oldest > 0 && <small>{age(t, oldest)}</small>}
      </Cell>
    </>
  );
}

/** How long the oldest undelivered event has waited, ms; 0 when the edge does not say. */
function oldestOf(pending: unknown): number {
  const p = pending as Record<string, unknown> | undefined;
  for (const key of ["oldest_event_age_ms", "oldest_ms", "events_age_ms"]) {
    if (typeof p?.[key] === "number") return p[key];
  }
  const at = Date.parse(String(p?.["oldest_event_at"] ?? p?.["oldest_at"] ?? ""));
  return Number.isFinite(at) ? Math.max(0, Date.now() - at) : 0;
}

function Counts() {
  const { t } = useTranslation();
  const g = split(useOpenAlarms().data?.items ?? none);
  const until = g.aside[0] && aside(g.aside[0])?.until;
  const oos = g.aside.filter((a) => aside(a)?.kind === "out_of_service").length;
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
      <Cell id="count-aside">
        {t("desk.strip.shelved")} <b>{g.aside.length - oos}</b> · {t("desk.strip.oos")} <b>{oos}</b>
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

/** Banners are what is abnormal of the screen itself; alarms have their own places. */
function Banners({ lost, silence, openSound }: { lost: boolean; silence: number; openSound: () => void }) {
  const { t } = useTranslation();
  const { player } = useLive();
  const sound = useSyncExternalStore(player.subscribe, player.state);
  const phone = useDeskSetting().data?.data_centre_phone;
  const build = useNewBuild();
  return (
    <>
      {lost && (
        <div className="banner critical" role="alert" id="link-banner">
          {t("strip.lost", { age: elapsed(silence) })} · {t("desk.lostHelp")}
          {phone ? (
            <a href={`tel:${phone.replace(/[^\d+]/g, "")}`}>{t("desk.dataCentre", { phone })}</a>
          ) : (
            <span>{t("desk.noDataCentre")}</span>
          )}
        </div>
      )}
      {sound === "blocked" && (
        <div className="banner critical" role="alert" id="deaf">
          {t("desk.deaf")}
          <button type="button" onClick={() => void player.arm()}>
            {t("desk.sound.arm")}
          </button>
        </div>
      )}
      {sound === "unarmed" && (
        <div className="banner major" role="alert" id="arm">
          {t("desk.unarmed")}
          <button
            type="button"
            id="arm-sound"
            onClick={() => {
              void player.arm();
              openSound();
            }}
          >
            {t("desk.sound.arm")}
          </button>
        </div>
      )}
      {build && (
        <div className="banner" role="status" id="new-build">
          {t("desk.newBuild")}
          <button type="button" onClick={() => location.reload()}>
            {t("desk.newBuildLoad")}
          </button>
        </div>
      )}
      <Missed />
    </>
  );
}

function Missed() {
  const { t } = useTranslation();
  const { missed, clearMissed } = useLive();
  if (missed.length === 0) return null;
  return (
    <div className="banner" role="alert" id="missed">
      {t("strip.missed", { n: missed.length })}
      <ul>
        {missed.slice(0, 5).map((a) => (
          <li key={a.id}>
            <Link to={`/?alarm=${a.id}`}>
              {clock(a.raised_at)} {say(a.title)} {placeName(a.place, a.building_name)}
            </Link>
          </li>
        ))}
        {missed.length > 5 && <li>…</li>}
      </ul>
      <button type="button" onClick={clearMissed}>
        {t("strip.dismiss")}
      </button>
    </div>
  );
}
