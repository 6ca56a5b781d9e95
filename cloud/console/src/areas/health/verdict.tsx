import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Severity } from "../../api/types";
import { say } from "../../i18n";
import { Shape } from "../../parts/marks";
import type { AlarmRef } from "./api";
import { took } from "./measure";

const shapes: Record<string, string> = {
  passed: "✓",
  ok: "✓",
  failed: "✕",
  abnormal: "▲",
  nothing: "–",
  unknown: "?",
};

/** Verdict is a judgement as shape, word and colour together. */
export function Verdict({ is }: { is: string }) {
  const { t } = useTranslation();
  return (
    <span className={`verdict is-${is}`} data-verdict={is}>
      <i aria-hidden>{shapes[is]}</i> {t(`health.is.${is}`)}
    </span>
  );
}

/** useTook writes a time with its unit. */
export function useTook() {
  const { t } = useTranslation();
  return (s: number) => {
    const { n, unit } = took(s);
    return t(`health.unit.${unit}`, { n });
  };
}

/** Raised links the alarms that something has raised. */
export function Raised({ alarms }: { alarms: AlarmRef[] | null }) {
  return (
    <>
      {(alarms ?? []).map((a) => (
        <Link key={a.id} className="raised" to={`/alarms/${a.id}`}>
          <Shape severity={a.severity as Severity} /> {say(a.title)}
        </Link>
      ))}
    </>
  );
}
