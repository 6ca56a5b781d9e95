import { useTranslation } from "react-i18next";
import { useSeats } from "../api/desk";
import { useOpenAlarms, useOverview } from "../api/queries";
import { useLink, useNow, useSeat } from "../live/context";
import { countAlarms } from "../live/open";
import { age, clock } from "./format";
import { Empty, Loading } from "./states";

/** Calm says why the list is empty; calm is only claimed when every point is known. */
export function Calm() {
  const { t } = useTranslation();
  const overview = useOverview().data;
  const open = useOpenAlarms().data?.items ?? []; // newer than the overview's counts
  const seats = useSeats().data;
  const onWatch = useSeat().onWatch || seats?.on_watch || 0;
  const now = useNow();
  const link = useLink().state;
  const cut = link === "stale" || link === "lost";
  if (!overview) return <Loading lines={3} />;
  const { good, total } = overview.points;
  if (total === 0) return <Empty>{t("fleet.none")}</Empty>;
  const { unacked: elsewhere, acked, rtn_unacked } = countAlarms(open); // the list is of one place or search
  const standing = acked + rtn_unacked;
  const { shelved, suppressed, out_of_service, oldest_expiry: oldest } = overview.counts;
  const setAside = shelved + suppressed + out_of_service;
  const heard = Math.max(0, ...overview.edges.map((e) => Date.parse(e.last_seen ?? "") || 0));
  const lost = overview.edges.filter((e) => e.state !== "online").length;
  const doubt = cut || elsewhere > 0 || good < total || lost > 0;
  const why = () => {
    if (cut) return t("desk.calm.cut");
    if (elsewhere > 0) return t("desk.calm.elsewhere", { n: elsewhere });
    if (good < total) return t("console.nothingUnknown", { n: total - good });
    if (lost > 0) return t("desk.calm.lost", { n: lost });
    return standing > 0 ? t("console.nothingNew", { n: standing }) : t("console.nothing");
  };
  return (
    <div className={`calm-why empty ${doubt ? "doubt" : ""}`} role="status">
      <strong>{why()}</strong>
      <dl>
        <dt>{t("desk.calm.points")}</dt>
        <dd>{t("desk.calm.pointsOf", { good, total })}</dd>
        <dt>{t("desk.calm.checked")}</dt>
        <dd>{heard ? t("point.ago", { age: age(t, now - heard) }) : t("desk.calm.never")}</dd>
        <dt>{t("desk.calm.edges")}</dt>
        <dd>
          {t("desk.calm.edgesOf", { online: overview.edges.length - lost, total: overview.edges.length })}
        </dd>
        <dt>{t("desk.calm.lastAlarm")}</dt>
        <dd>
          {overview.last_event_at
            ? t("point.ago", { age: age(t, now - Date.parse(overview.last_event_at)) })
            : t("desk.calm.noneYet")}
        </dd>
        <dt>{t("desk.calm.seats")}</dt>
        <dd>{t("desk.calm.seatsOf", { n: onWatch })}</dd>
        <dt>{t("desk.calm.aside")}</dt>
        <dd>
          {setAside === 0
            ? t("common.none")
            : t("desk.calm.asideOf", { n: setAside, at: oldest ? clock(oldest) : "—" })}
        </dd>
      </dl>
    </div>
  );
}
