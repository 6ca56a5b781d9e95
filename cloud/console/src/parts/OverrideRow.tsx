import { type CSSProperties, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useOverview } from "../api/queries";
import type { Alarm } from "../api/types";
import { type Override, useOverrides } from "../areas/alarms/api";
import { say } from "../i18n";
import { useNow } from "../live/context";
import { Clock, Wrench } from "./icons";
import { clock } from "./format";
import { Remaining } from "./marks";

export type { Override };

/** asked says whether an override waits for a second person: to begin, or to last longer. */
export const asked = (o: Override) => o.status === "requested" || o.wish !== undefined;

/** useExtra are the overrides without an alarm in the list of those set aside, and the requests: the rest the alarms' own rows tell. */
export function useExtra(setAside: Alarm[]): Override[] {
  const open = useOverrides("open").data?.items;
  return useMemo(() => {
    const told = new Set(setAside.flatMap((a) => (a.overrides ?? []).map((o) => o.id)));
    return (open ?? []).filter((o) => o.status === "requested" || !told.has(o.id));
  }, [open, setAside]);
}

/** OverrideRow is a point that is set aside and has no alarm now, or is to be. It leads to the page with the verbs. */
export function OverrideRow({ override: o, style }: { override: Override; style: CSSProperties }) {
  const { t } = useTranslation();
  const now = useNow();
  const building = useOverview().data?.buildings.find((b) => b.id === o.building);
  return (
    <li
      className={`row aside ${asked(o) ? "asked" : ""}`}
      style={style}
      data-override={o.id}
      data-status={o.status}
    >
      <Link to="/overrides">
        <span className="line first">
          {o.kind === "out_of_service" ? <Wrench /> : <Clock />}
          <b>{say(o.title) || o.point || o.edge}</b>
          <span className="place">{say(building?.name) || o.building}</span>
          {o.until && <Remaining until={o.until} now={now} />}
        </span>
        <span className="line">
          <span className={o.status === "requested" ? "claim" : "state"}>
            {t(o.status === "requested" ? "desk.waitsSecond" : `desk.aside.${o.kind}`, {
              at: o.until ? clock(o.until) : "—",
            })}
          </span>
          <span className="quiet">{o.by_name}</span>
          {o.text && <q className="quiet">{o.text}</q>}
        </span>
      </Link>
    </li>
  );
}
