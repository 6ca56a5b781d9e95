import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useOverview } from "../api/queries";
import { useLink, useLive, useNow } from "../live/context";
import { useSession } from "./session";
import { clock, elapsed } from "./format";
import type { Muted } from "../sound/tones";

/** Strip never scrolls: is the screen alive, what is open, can it be heard. */
export function Strip({ muted }: { muted: Muted | undefined }) {
  const { t } = useTranslation();
  const link = useLink();
  const { me } = useSession();
  const overview = useOverview().data;
  const now = useNow();
  const online = overview?.edges.filter((e) => e.state === "online").length ?? 0;
  const total = overview?.edges.length ?? 0;
  const counts = overview?.counts;
  const cut = link.state === "stale" || link.state === "lost";
  const mutedFor = muted && muted.until > now ? Math.ceil((muted.until - now) / 1000) : 0;
  return (
    <>
      <header className={`strip ${cut ? "cut" : ""}`}>
        <span className={`lamp ${link.state}`} id="link-lamp" data-state={link.state} role="status">
          <i aria-hidden />
          {cut ? t(`strip.${link.state}`, { age: elapsed(link.silence ?? 0) }) : t(`strip.${link.state}`)}
        </span>
        <span className={online < total ? "abnormal" : ""}>{t("strip.edges", { online, total })}</span>
        <span className={counts?.unacked ? "abnormal" : ""} id="count-unacked">
          {t("strip.unacked", { n: counts?.unacked ?? 0 })}
        </span>
        <span>{t("strip.acked", { n: counts?.acked ?? 0 })}</span>
        <span>{t("strip.rtn", { n: counts?.rtn_unacked ?? 0 })}</span>
        <SoundLamp />
        {mutedFor > 0 && <span className="abnormal">{t("strip.muted", { s: mutedFor })}</span>}
        <span className="grow" />
        <span>
          {me.name} <em>{t(`user.${me.role}`)}</em>
        </span>
        <time>{clock(now)}</time>
      </header>
      {link.state === "lost" && (
        <div className="banner critical" role="alert">
          {t("strip.lost", { age: elapsed(link.silence ?? 0) })} · {t("strip.lostHelp")}
        </div>
      )}
      <MissedBanner />
    </>
  );
}

function SoundLamp() {
  const { t } = useTranslation();
  const { player } = useLive();
  const state = useSyncExternalStore(player.subscribe, player.state);
  return (
    <button
      type="button"
      id="sound"
      className={`sound ${state}`}
      data-state={state}
      onClick={(e) => {
        e.currentTarget.blur(); // or the space bar would press it again instead of muting
        void player.arm();
      }}
    >
      {t(`strip.sound.${state}`)}
    </button>
  );
}

function MissedBanner() {
  const { t } = useTranslation();
  const { missed, clearMissed } = useLive();
  if (missed === 0) return null;
  return (
    <div className="banner" role="alert">
      {t("strip.missed", { n: missed })}
      <button type="button" onClick={clearMissed}>
        {t("strip.dismiss")}
      </button>
    </div>
  );
}
