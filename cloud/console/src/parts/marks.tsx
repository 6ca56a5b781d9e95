import { useTranslation } from "react-i18next";
import type { Alarm, Point, Severity } from "../api/types";
import { useNow } from "../live/context";
import { aside } from "../live/open";
import { age, clock, credible, elapsed, qualityKey, reading } from "./format";
import { Clock, Wrench } from "./icons";

const shapes: Record<Severity, string> = { critical: "◆", major: "▲", minor: "●", notice: "○" };

/** SeverityMark is shape, colour and word; filled while unacknowledged, outlined after, with a dot when it is over but nobody said so. */
export function SeverityMark({
  severity,
  filled = false,
  dot = false,
  children,
}: {
  severity: Severity;
  filled?: boolean;
  dot?: boolean;
  children?: React.ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <span className={`mark ${severity} ${filled ? "filled" : ""} ${dot ? "dot" : ""}`}>
      {children ?? <span aria-hidden>{shapes[severity]}</span>} {t(`severity.${severity}`)}
    </span>
  );
}

/** AlarmMark is the chip of an alarm in its present state. */
export function AlarmMark({ alarm: a }: { alarm: Alarm }) {
  const out = aside(a);
  return (
    <SeverityMark severity={a.severity} filled={a.state === "unacked"} dot={a.state === "rtn_unacked"}>
      {out && (out.kind === "out_of_service" ? <Wrench /> : <Clock />)}
    </SeverityMark>
  );
}

export function Shape({ severity }: { severity: Severity | "" }) {
  if (!severity) return null;
  return (
    <span className={`shape ${severity}`} aria-hidden>
      {shapes[severity]}
    </span>
  );
}

/** StateWord says what an alarm waits for. */
export function StateWord({ alarm }: { alarm: Alarm }) {
  const { t } = useTranslation();
  const out = aside(alarm);
  return (
    <span className={`state ${alarm.state}`}>
      {out
        ? t(`desk.aside.${out.kind}`, { at: out.until ? clock(out.until) : "—" })
        : t(`state.${alarm.state}`)}
      {alarm.condition === "unknown" && <em className="unknown"> ? {t("condition.unknown")}</em>}
      {alarm.latched && <em> {t("latched")}</em>}
    </span>
  );
}

/** Remaining counts down to the end of an override, and up when it is overdue. */
export function Remaining({ until, now }: { until: string; now: number }) {
  const { t } = useTranslation();
  const ms = Date.parse(until) - now;
  return (
    <time className={ms < 0 ? "late" : ""} data-remaining>
      {t(ms < 0 ? "desk.overdue" : "desk.left", { time: elapsed(Math.abs(ms)) })}
    </time>
  );
}

/** QualityMark appears only when a value is not good: hatched, with its reason. */
export function QualityMark({ quality }: { quality: string }) {
  const { t } = useTranslation();
  if (quality === "good") return null;
  return <span className="quality hatch">? {t(qualityKey(quality))}</span>;
}

/**
 * Value shows a point's reading. A value that may not be believed never stands there as
 * if it were one: "unknown" takes its place, and the last credible one is only mentioned.
 */
export function Value({
  point: p,
}: {
  point: Pick<Point, "value" | "unit" | "decimals" | "enum" | "quality" | "at">;
}) {
  const { t } = useTranslation();
  const now = useNow();
  const when = p.at ? t("point.ago", { age: age(t, now - Date.parse(p.at)) }) : "";
  const written = reading(p.value, p.unit, p.decimals, p.enum);
  if (credible(p.quality)) {
    return (
      <span className="reading">
        <b>{written}</b> <QualityMark quality={p.quality} /> <small>{when}</small>
      </span>
    );
  }
  return (
    <span className="reading unknown">
      <b className="hatch">? {t("condition.unknown")}</b>{" "}
      <span className="why">{t(qualityKey(p.quality))}</span>{" "}
      <small>{p.at ? t("point.bad", { value: written, when }) : t("point.never")}</small>
    </span>
  );
}
