import { useTranslation } from "react-i18next";
import { useTodoCounts } from "./api";
import "./work.css";

/** Waiting says how much waits for me, the most urgent first. */
export function Waiting() {
  const { t } = useTranslation();
  const c = useTodoCounts().data;
  if (!c) return null;
  return (
    <span id="waiting">
      {c.overdue > 0 && (
        <>
          <span className="work-late">{t("work.overdueCount", { n: c.overdue })}</span> ·{" "}
        </>
      )}
      {c.today > 0 && `${t("work.todayCount", { n: c.today })} · `}
      {t("work.openCount", { n: c.open })}
    </span>
  );
}
