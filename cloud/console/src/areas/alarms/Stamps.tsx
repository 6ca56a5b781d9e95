import { useTranslation } from "react-i18next";
import type { Alarm } from "../../api/types";
import { clockMs } from "../../parts/format";
import { spans } from "./spans";
import "./alarms.css";

/** Stamps draws the way of an alarm from the sensor to a person, each part against the time it is allowed. */
export function Stamps({ alarm: a }: { alarm: Alarm }) {
  const { t } = useTranslation();
  const list = spans(a.stamps);
  return (
    <ol className="way">
      {list.map((s) => {
        const scale = s.limit ? s.limit * 1.5 : Math.max(s.ms ?? 0, 1);
        const over = s.limit !== undefined && s.ms !== undefined && s.ms > s.limit;
        return (
          <li key={s.name} data-stamp={s.name} className={over ? "over" : ""}>
            <span>
              {t(`alarms.span.${s.name}`)}
              {s.at && (
                <>
                  <br />
                  <small className="quiet">{clockMs(s.at)}</small>
                </>
              )}
            </span>
            <div className="track" aria-hidden>
              {s.ms !== undefined && (
                <i
                  className="fill"
                  style={{ width: `${Math.min(100, (100 * Math.max(0, s.ms)) / scale)}%` }}
                />
              )}
              {s.limit && <i className="limit" style={{ left: `${(100 * s.limit) / scale}%` }} />}
            </div>
            <b>
              {s.ms === undefined ? t("common.none") : took(s.ms)}
              {s.limit && <small className="quiet"> ≤ {s.limit / 1000} s</small>}
              {over && <small className="late"> {t("alarms.tooLate")}</small>}
            </b>
          </li>
        );
      })}
    </ol>
  );
}

const took = (ms: number) => (Math.abs(ms) < 10_000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);
