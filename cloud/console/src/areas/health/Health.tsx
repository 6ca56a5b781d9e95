import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { Page } from "../../parts/Page";
import { Clocks } from "./Clocks";
import { MonthSheet } from "./MonthSheet";
import { Now } from "./Now";
import "../alarms/alarms.css";
import "./health.css";

const views = ["now", "clocks", "month"] as const;

/** Health is the system about itself: what is supervised now, its clocks against the law, and the month for the file. */
export function Health() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const view = views.find((v) => v === params.get("view")) ?? "now";
  return (
    <Page title={t("health.title")} about={t("health.about")}>
      <div className="filters no-print">
        <Segmented
          value={view}
          options={views.map((v) => ({ value: v, label: t(`health.view.${v}`) }))}
          onChange={(v) => setParams(v === "now" ? {} : { view: v }, { replace: true })}
        />
      </div>
      {view === "now" && <Now />}
      {view === "clocks" && <Clocks />}
      {view === "month" && <MonthSheet />}
    </Page>
  );
}
