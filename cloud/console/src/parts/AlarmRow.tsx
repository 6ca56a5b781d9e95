import { memo, type CSSProperties } from "react";
import { useTranslation } from "react-i18next";
import type { Claim, Proof } from "../api/desk";
import type { Alarm } from "../api/types";
import { language, say } from "../i18n";
import { useNow } from "../live/context";
import { aside, loud, raisedAt } from "../live/open";
import { clock, credible, elapsed, placeName, reading } from "./format";
import { HazardIcon } from "./icons";
import { AlarmMark, QualityMark, Remaining, StateWord } from "./marks";

export interface RowNotes {
  proof?: Proof;
  claim?: Claim;
  firstOut: boolean;
}

/** rowHeight leaves the place a line of its own where the list is narrow or the words are long. */
export const rowHeight = (width: number) => (width < 760 || language() === "en" ? 106 : 80);
export const quietRowHeight = (width: number) => (width < 760 || language() === "en" ? 102 : 76);

/** AlarmRow is one alarm: how bad, what, where, since when, and the first thing to do. */
export const AlarmRow = memo(function AlarmRow(props: {
  alarm: Alarm;
  notes?: RowNotes;
  selected: boolean;
  style: CSSProperties;
  onSelect: (id: string) => void;
}) {
  const { alarm: a, selected, notes } = props;
  const { t } = useTranslation();
  const unacked = loud(a);
  const tall = Number(props.style.height) > 80;
  const place = <span className="place">{placeName(a.place, a.building_name)}</span>;
  return (
    <li
      className={`row ${a.severity} ${a.state} ${selected ? "selected" : ""}`}
      style={props.style}
      data-alarm={a.id}
      data-rule={a.rule}
      data-point={a.point}
    >
      <button
        type="button"
        tabIndex={selected ? 0 : -1}
        onClick={() => props.onSelect(a.id)}
        aria-current={selected}
      >
        <span className="line first">
          <AlarmMark alarm={a} />
          <HazardIcon hazard={a.hazard} label={t(`hazard.${a.hazard}`, { defaultValue: a.hazard })} />
          <b>{say(a.title)}</b>
          {a.unit && (
            <span className="value">
              {credible(a.quality) && reading(a.value, a.unit, 1)} <QualityMark quality={a.quality} />
            </span>
          )}
          {!tall && place}
          {notes?.proof && <span className="proof">{t("desk.proof", { ...notes.proof })}</span>}
          {notes?.firstOut && <span className="firstout">{t("desk.firstOut")}</span>}
          <Elapsed alarm={a} />
        </span>
        {tall && <span className="line">{place}</span>}
        <span className="line">
          {notes?.claim && (
            <span className="claim">{t("desk.claimed", { name: notes.claim.person_name })}</span>
          )}
          {unacked && (a.latched || a.condition === "unknown") && <StateWord alarm={a} />}
          {unacked && a.do ? <span className="do">→ {say(a.do)}</span> : <StateWord alarm={a} />}
          {a.ack && <span className="quiet">{t("alarm.by", { name: a.ack.name, at: clock(a.ack.at) })}</span>}
          {a.count > 1 && <span className="quiet">{t("console.of", { n: a.count })}</span>}
        </span>
      </button>
    </li>
  );
});

function Elapsed({ alarm: a }: { alarm: Alarm }) {
  const now = useNow();
  const until = aside(a)?.until;
  if (until) return <Remaining until={until} now={now} />;
  return <time title={clock(a.raised_at)}>{elapsed(now - raisedAt(a))}</time>;
}
