import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "react-router";
import { useOpenAlarms } from "../api/queries";
import type { Alarm } from "../api/types";
import { say } from "../i18n";
import { lifeSafety, loud } from "../live/open";
import { usePainted } from "../live/painted";
import { placeName } from "./format";
import { AlarmMark } from "./marks";

const none: Alarm[] = [];

/** useUrgent are the life-safety alarms nobody has acknowledged, worst and newest first. */
export function useUrgent(): Alarm[] {
  const open = useOpenAlarms().data?.items ?? none;
  return useMemo(() => open.filter((a) => loud(a) && lifeSafety(a)), [open]);
}

/** Queue says how many wait, and leads from one to the next. It never hides a list. */
export function Queue(props: { urgent: Alarm[]; at: string; go: (id: string) => void }) {
  const { t } = useTranslation();
  const { urgent } = props;
  if (urgent.length === 0) return null;
  const i = urgent.findIndex((a) => a.id === props.at);
  const step = (by: number) => {
    const next = urgent[(i + by + urgent.length) % urgent.length];
    if (next) props.go(next.id);
  };
  return (
    <div className="queue" role="alert" id="queue-bar" data-n={urgent.length}>
      ◆ {i < 0 ? t("desk.queueOther", { n: urgent.length }) : t("desk.queue", { i: i + 1, n: urgent.length })}
      <span className="grow" />
      {(i < 0 || urgent.length > 1) && (
        <>
          {i >= 0 && (
            <button type="button" aria-label={t("desk.prev")} onClick={() => step(-1)}>
              ‹
            </button>
          )}
          <button
            type="button"
            aria-label={t("desk.next")}
            onClick={() => (i < 0 ? props.go(urgent[0]!.id) : step(1))}
          >
            {i < 0 ? t("desk.look") : "›"}
          </button>
        </>
      )}
    </div>
  );
}

/** LifeCard follows the person to every other page of the desk. */
export function LifeCard() {
  const { t } = useTranslation();
  const urgent = useUrgent();
  const { pathname } = useLocation();
  const [at, setAt] = useState("");
  const first = urgent.find((a) => a.id === at) ?? urgent[0];
  const away = pathname !== "/" && first !== undefined && pathname !== `/alarms/${first.id}`;
  usePainted(useMemo(() => (away ? urgent : none), [away, urgent]));
  if (!away) return null;
  return (
    <aside className="life-card panel" aria-label={t("desk.lifeSafety")}>
      <Queue urgent={urgent} at={first.id} go={setAt} />
      <AlarmMark alarm={first} />
      <h1>{say(first.title)}</h1>
      <p className="place">{placeName(first.place, first.building_name)}</p>
      {first.do && <p>→ {say(first.do)}</p>}
      <Link className="incident-link" to={`/?alarm=${first.id}`}>
        {t("desk.toConsole")} →
      </Link>
    </aside>
  );
}
