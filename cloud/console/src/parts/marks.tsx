import { useTranslation } from "react-i18next";
import type { Alarm, Severity } from "../api/types";
import { qualityKey } from "./format";

const shapes: Record<Severity, string> = { critical: "◆", major: "▲", minor: "●", notice: "○" };

/** SeverityMark is shape, colour and word; filled while unacknowledged, outlined after. */
export function SeverityMark({ severity, filled = false }: { severity: Severity; filled?: boolean }) {
  const { t } = useTranslation();
  return (
    <span className={`mark ${severity} ${filled ? "filled" : ""}`}>
      <span aria-hidden>{shapes[severity]}</span> {t(`severity.${severity}`)}
    </span>
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
  return (
    <span className={`state ${alarm.state}`}>
      {t(`state.${alarm.state}`)}
      {alarm.condition === "unknown" && <em className="unknown"> ? {t("condition.unknown")}</em>}
      {alarm.latched && <em> {t("latched")}</em>}
    </span>
  );
}

/** QualityMark appears only when a value is not good: hatched, with its reason. */
export function QualityMark({ quality }: { quality: string }) {
  const { t } = useTranslation();
  if (quality === "good") return null;
  return <span className="quality hatch">? {t(qualityKey(quality))}</span>;
}
