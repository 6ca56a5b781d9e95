import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useOpenAlarms, useOverview } from "../api/queries";
import type { Alarm } from "../api/types";
import { say } from "../i18n";
import { useLink, useLive, useNow } from "../live/context";
import { raisedAt } from "../live/open";
import { usePainted } from "../live/painted";
import { split } from "../parts/AlarmLists";
import { Calm } from "../parts/Calm";
import { clock, elapsed, placeName, setZone } from "../parts/format";
import { HazardIcon } from "../parts/icons";
import { AlarmMark } from "../parts/marks";
import { Tiles } from "../parts/Tiles";

const none: Alarm[] = [];
const rows = 6;

/** Wall is the screen on the wall: nobody touches it, it turns no pages, and it does not count as watching. */
export function Wall() {
  const { t } = useTranslation();
  const open = useOpenAlarms().data?.items ?? none;
  const overview = useOverview().data;
  const { seat } = useLive();
  const link = useLink();
  const now = useNow();
  if (overview) setZone(overview.community.tz);
  useEffect(() => seat.start("wall"), [seat]);
  const g = useMemo(() => split(open), [open]);
  const shown = useMemo(() => g.unacked.slice(0, rows), [g.unacked]);
  usePainted(shown);
  const cut = link.state === "stale" || link.state === "lost";
  const figure = (n: number, label: string, hot = false) => (
    <span className={`figure ${hot ? "hot" : ""}`}>
      <b>{n}</b> {label}
    </span>
  );
  return (
    <main className="wall">
      <header className={cut ? "cut" : ""}>
        <h1>{overview ? say(overview.community.name) : t("app")}</h1>
        {cut && <strong>{t(`strip.${link.state}`, { age: elapsed(link.silence ?? 0) })}</strong>}
        {figure(g.unacked.length, t("desk.strip.unacked"), g.unacked.length > 0)}
        {figure(g.acked.length, t("desk.strip.acked"))}
        {figure(g.rtn.length, t("desk.strip.rtn"))}
        {figure(g.aside.length, t("desk.list.aside"))}
        <time className="clock">{clock(now)}</time>
      </header>
      <div className={cut ? "stale" : ""} style={cut ? { filter: "grayscale(1)", opacity: 0.5 } : undefined}>
        <section aria-label={t("console.buildings")}>
          <Tiles />
        </section>
        <section aria-label={t("console.unacked")} aria-live="polite">
          {shown.length === 0 ? (
            <Calm />
          ) : (
            <ol>
              {shown.map((a) => (
                <li key={a.id} className={a.severity} data-alarm={a.id}>
                  <p>
                    <AlarmMark alarm={a} />
                    <HazardIcon hazard={a.hazard} label={t(`hazard.${a.hazard}`)} />
                    {say(a.title)}
                    <time>{elapsed(now - raisedAt(a))}</time>
                  </p>
                  <p>{placeName(a.place, a.building_name)}</p>
                </li>
              ))}
              {g.unacked.length > rows && <li>{t("desk.moreOnDesk", { n: g.unacked.length - rows })}</li>}
            </ol>
          )}
        </section>
      </div>
    </main>
  );
}
