import { useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import { post } from "../../api/client";
import { say } from "../../i18n";
import { Page } from "../../parts/Page";
import { Empty, Loaded, useProblemText } from "../../parts/states";
import { useCatalogue } from "../hazards/api";
import { type Dict, useDict, useUsable, workKeys } from "../work/api";
import {
  condition,
  type Grade,
  grades,
  hazardsAt,
  type Look,
  lookKeys,
  type Regraded,
  riskKey,
  schemes,
  type Summary,
  useSummary,
} from "./api";
import { BuildingMap, Floors } from "./BuildingMap";
import { Library } from "./Library";
import { buildingOf, GradeMark, spotTitle } from "./marks";
import { PrintSheet } from "./PrintSheet";
import { RiskTable } from "./RiskTable";
import { Distribution, Matrix } from "./Scores";
import "../work/work.css";
import "./risks.css";

/** useLook keeps how the register is looked at in the address. */
function useLook() {
  const [params, setParams] = useSearchParams();
  const look = Object.fromEntries(lookKeys.map((k) => [k, params.get(k) ?? ""])) as unknown as Look;
  const set = (patch: Partial<Look>) => {
    const next = new URLSearchParams(params);
    for (const [k, v] of Object.entries(patch))
      if (v) next.set(k, v);
      else next.delete(k);
    setParams(next, { replace: true });
  };
  return { look, set, narrowed: lookKeys.some((k) => look[k] !== "") };
}

/** Risks is the four-colour map: every building in the colour of its gravest risk, the scores behind it, and the list. */
export function Risks() {
  const { t } = useTranslation();
  const go = useNavigate();
  const { look, set, narrowed } = useLook();
  const query = useSummary(look);
  const dict = useDict("risk_category").data;
  const catalogue = useCatalogue().data;
  const may = useUsable().data?.find((u) => u.key === "risk")?.actions ?? [];
  const [adding, setAdding] = useState(false);
  const filter = encodeURIComponent(JSON.stringify(condition(look)));
  return (
    <Page
      title={t("risks.title")}
      about={t("risks.about")}
      verbs={
        query.data && (
          <>
            {may.includes("create") && (
              <Button id="from-library" onClick={() => setAdding(true)}>
                {t("risks.fromLibrary")}
              </Button>
            )}
            <Button onClick={() => window.print()}>{t("risks.print")}</Button>
            {may.includes("export") && (
              <Button id="export-risks" href={`/api/forms/risk/export.xlsx?filter=${filter}`} download>
                {t("risks.export")}
              </Button>
            )}
            {may.includes("create") && (
              <Button
                type="primary"
                id="new-risk"
                onClick={() =>
                  void go(`/forms/risk/new${look.place ? `?place=${encodeURIComponent(look.place)}` : ""}`)
                }
              >
                {t("risks.create")}
              </Button>
            )}
          </>
        )
      }
    >
      <Loaded query={query} lines={12}>
        {(sum) => (
          <div className="risks">
            <Filters {...{ sum, look, set, narrowed, dict }} />
            {may.includes("edit") && sum.stale > 0 && <Stale n={sum.stale} />}
            {sum.all.total === 0 && !narrowed && (
              <Empty>
                <p>{t(may.includes("create") ? "risks.empty" : "risks.emptyReader")}</p>
                {may.includes("create") && (
                  <Button type="primary" onClick={() => setAdding(true)}>
                    {t("risks.fromLibrary")}
                  </Button>
                )}
              </Empty>
            )}
            <Numbers {...{ sum, look, set }} />
            <div className="risk-where">
              <BuildingMap {...{ sum, look, set }} />
              <Floors {...{ sum, look, set }} />
            </div>
            <div className="risk-how">
              <Matrix {...{ sum, catalogue, look, set }} />
              <Distribution {...{ sum, catalogue, look, set }} />
            </div>
            <RiskTable {...{ sum, look, dict }} />
            <PrintSheet {...{ sum, look }} />
            {adding && (
              <Library
                sum={sum}
                dict={dict}
                at={look.place ? buildingOf(look.place) : ""}
                close={() => setAdding(false)}
              />
            )}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

interface Part {
  sum: Summary;
  look: Look;
  set: (patch: Partial<Look>) => void;
}

function Filters({ sum, look, set, narrowed, dict }: Part & { narrowed: boolean; dict: Dict | undefined }) {
  const { t } = useTranslation();
  const pick = (key: "category" | "grade" | "scheme", all: string, options: [string, string][]) => (
    <Select
      id={`risk-${key}`}
      aria-label={all}
      value={look[key]}
      popupMatchSelectWidth={false}
      options={[{ value: "", label: all }, ...options.map(([value, label]) => ({ value, label }))]}
      onChange={(v) => set({ [key]: v, cell: "", score: "" })}
    />
  );
  return (
    <div className="filters risk-filters">
      <Select
        id="risk-building"
        showSearch
        optionFilterProp="label"
        aria-label={t("risks.allBuildings")}
        popupMatchSelectWidth={false}
        value={look.place ? buildingOf(look.place) : ""}
        options={[
          { value: "", label: t("risks.allBuildings") },
          ...sum.buildings.map((b) => ({ value: b.place, label: spotTitle(b, t) })),
        ]}
        onChange={(v) => set({ place: v, cell: "", score: "" })}
      />
      {pick(
        "category",
        t("risks.allCategories"),
        (dict?.items ?? []).map((i) => [i.code, say(i.label)]),
      )}
      {pick(
        "grade",
        t("risks.allGrades"),
        grades.map((g) => [g, t(`risks.grade.${g}`)]),
      )}
      {pick(
        "scheme",
        t("risks.allSchemes"),
        schemes.map((s) => [s, t(`risks.scheme.${s}`)]),
      )}
      {narrowed && (
        <Button type="text" onClick={() => set(Object.fromEntries(lookKeys.map((k) => [k, ""])))}>
          {t("risks.clear")}
        </Button>
      )}
    </div>
  );
}

/** Numbers are the counts of each grade and of what is not in order; each narrows the list. */
function Numbers({ sum, look, set }: Part) {
  const { t } = useTranslation();
  const one = (key: string, n: number, on: boolean, click: () => void, grade?: Grade) => (
    <button
      key={key}
      type="button"
      className={`risk-number ${grade ? `is-${grade}` : ""} ${n > 0 && !grade ? "some" : ""}`}
      data-number={key}
      aria-pressed={on}
      onClick={click}
    >
      <b>{n}</b>
      <span>
        {grade && <GradeMark grade={grade} />}{" "}
        {grade ? t(`risks.grade.${grade}`) : t(`risks.${key as "open"}`)}
      </span>
    </button>
  );
  return (
    <div className="risk-numbers">
      {grades.map((g) =>
        one(
          g,
          sum.all.counts[g] ?? 0,
          look.grade === g,
          () => set({ grade: look.grade === g ? "" : g, cell: "", score: "" }),
          g,
        ),
      )}
      {(["overdue", "open"] as const).map((k) =>
        one(k, sum.all[k], look.only === k, () => set({ only: look.only === k ? "" : k })),
      )}
      {sum.sees_hazards && (
        <Link
          className={`risk-number ${sum.all.hazards > 0 ? "some" : ""}`}
          data-number="hazards"
          to={hazardsAt(look.place)}
        >
          <b>{sum.all.hazards}</b>
          <span>{t("risks.hazards")}</span>
        </Link>
      )}
    </div>
  );
}

function Stale({ n }: { n: number }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const words = useProblemText();
  const [busy, setBusy] = useState(false);
  const again = async () => {
    setBusy(true);
    try {
      const r = await post<Regraded>("/api/risks/regrade");
      void message.success(
        [
          t("risks.regraded", { done: r.done, moved: r.moved }),
          r.left > 0 && t("risks.regradeLeft", { n: r.left }),
        ]
          .filter(Boolean)
          .join(" · "),
      );
      await client.invalidateQueries({ queryKey: riskKey });
      void client.invalidateQueries({ queryKey: workKeys.records("risk") });
    } catch (e) {
      void message.error(words(e), 8);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Alert
      type="warning"
      showIcon
      title={t("risks.stale", { n })}
      action={
        <Button size="small" loading={busy} onClick={() => void again()}>
          {t("risks.regrade")}
        </Button>
      }
    />
  );
}
