import { useTranslation } from "react-i18next";
import { useNow } from "../../live/context";
import { age, deadline } from "../../parts/format";

/** Due says until when something is asked for, and how long is left or how late it is. */
export function Due({ at }: { at: string }) {
  const { t } = useTranslation();
  const left = Date.parse(at) - useNow();
  return (
    <span className={left < 0 ? "work-late" : "quiet"}>
      {t("work.due")} {deadline(at)} ·{" "}
      {t(left < 0 ? "work.lateBy" : "work.left", { age: age(t, Math.abs(left)) })}
    </span>
  );
}
