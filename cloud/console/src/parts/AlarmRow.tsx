import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Alarm } from "../api/types";
import { say } from "../i18n";
import { useNow } from "../live/context";
import { clock, credible, elapsed, placeName, reading } from "./format";
import { QualityMark, SeverityMark, StateWord } from "./marks";

/** AlarmRow is one alarm: how bad, what, where, since when, and the first thing to do. */
export function AlarmRow({
  alarm: a,
  selected,
  onSelect,
}: {
  alarm: Alarm;
  selected: boolean;
  onSelect: () => void;
}) {
  const { t } = useTranslation();
  const now = useNow();
  const ref = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (selected) ref.current?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  const unacked = a.state === "unacked";
  return (
    <li
      ref={ref}
      className={`row ${a.severity} ${a.state} ${selected ? "selected" : ""}`}
      data-alarm={a.id}
      data-rule={a.rule}
      data-point={a.point}
    >
      <button type="button" onClick={onSelect} aria-current={selected}>
        <span className="line">
          <SeverityMark severity={a.severity} filled={unacked} />
          <b>{say(a.title)}</b>
          {a.unit && (
            <span className="value">
              {credible(a.quality) && reading(a.value, a.unit, 1)} <QualityMark quality={a.quality} />
            </span>
          )}
          <span className="place">{placeName(a.place, a.building_name)}</span>
          <time title={clock(a.raised_at)}>{elapsed(now - Date.parse(a.raised_at))}</time>
        </span>
        <span className="line second">
          {unacked && a.do ? <span className="do">→ {say(a.do)}</span> : <StateWord alarm={a} />}
          {unacked && (a.latched || a.condition === "unknown") && <StateWord alarm={a} />}
          {a.ack && <span className="quiet">{t("alarm.by", { name: a.ack.name, at: clock(a.ack.at) })}</span>}
          {a.count > 1 && <span className="quiet">{t("console.of", { n: a.count })}</span>}
        </span>
      </button>
    </li>
  );
}
