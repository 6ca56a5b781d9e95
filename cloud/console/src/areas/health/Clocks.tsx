import { Segmented, Table } from "antd";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { say } from "../../i18n";
import { dateTime } from "../../parts/format";
import { Empty, Loaded } from "../../parts/states";
import { type Judged, type Report, type Slow, type Stage, useClocks } from "./api";
import { spanOf, spans } from "./measure";
import { useTook, Verdict } from "./verdict";

const Trend = lazy(() => import("./Trend"));

/** Clocks is how long alarms took on their way, against what the law and this product demand. */
export function Clocks() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const span = spanOf(params.get("range"), Date.now());
  const kind = params.get("class") === "life" ? "life" : "all";
  const query = useClocks(span.from, span.to, kind);
  const set = (key: string, value: string) =>
    setParams(
      (p) => {
        p.set(key, value);
        return p;
      },
      { replace: true },
    );
  return (
    <>
      <div className="filters">
        <Segmented
          value={span.name}
          options={spans.map((v) => ({ value: v, label: t(`health.span.${v}`) }))}
          onChange={(v) => set("range", v)}
        />
        <Segmented
          value={kind}
          options={(["all", "life"] as const).map((v) => ({ value: v, label: t(`health.class.${v}`) }))}
          onChange={(v) => set("class", v)}
        />
      </div>
      <Loaded query={query} lines={10}>
        {(r) =>
          r.alarms === 0 ? (
            <Empty>{t(`health.noAlarms.${span.name}`)}</Empty>
          ) : (
            <Sheet r={r} chosen={params.get("stage") ?? ""} choose={(s) => set("stage", s)} />
          )
        }
      </Loaded>
    </>
  );
}

function Sheet({ r, chosen, choose }: { r: Report; chosen: string; choose: (stage: string) => void }) {
  const { t } = useTranslation();
  const time = useTook();
  const stages = r.stages ?? [];
  const stage = stages.find((s) => s.stage === chosen) ?? stages[0];
  return (
    <>
      <section className="card">
        <StageTable stages={stages} chosen={stage?.stage ?? ""} choose={choose} />
        <Apart r={r} />
      </section>
      {stage && (
        <div className="charts">
          <section className="card">
            <h2>{t("health.trend", { stage: t(`health.stage.${stage.stage}`) })}</h2>
            {stage.count === 0 ? (
              <Empty>{t("health.nothingMeasured")}</Empty>
            ) : (
              <Suspense fallback={<div className="bars" />}>
                <Trend
                  label={t("health.trend", { stage: t(`health.stage.${stage.stage}`) })}
                  at={r.buckets ?? []}
                  values={stage.trend ?? []}
                  limits={(stage.limits ?? []).filter((l) => l.seconds > 0)}
                  write={time}
                />
              </Suspense>
            )}
          </section>
          <section className="card">
            <h2>{t("health.worst")}</h2>
            <Worst list={stage.worst ?? []} />
          </section>
        </div>
      )}
    </>
  );
}

/** StageTable is the stages with their limits; without choose it is for paper. */
export function StageTable({
  stages,
  chosen,
  choose,
}: {
  stages: Stage[];
  chosen?: string;
  choose?: (stage: string) => void;
}) {
  const { t } = useTranslation();
  const time = useTook();
  const figure = (key: "p50_s" | "p95_s" | "p99_s" | "max_s", title: string) => ({
    title,
    align: "right" as const,
    className: "num",
    render: (_: unknown, s: Stage) => (s.count ? time(s[key]) : "–"),
  });
  return (
    <Table<Stage>
      rowKey="stage"
      size="small"
      pagination={false}
      scroll={{ x: true }}
      dataSource={stages}
      rowClassName={(s) => (choose ? (s.stage === chosen ? "clickable chosen" : "clickable") : "")}
      onRow={(s) =>
        choose
          ? {
              onClick: () => choose(s.stage),
              onKeyDown: (k) => k.key === "Enter" && choose(s.stage),
              tabIndex: 0,
            }
          : {}
      }
      columns={[
        {
          title: t("health.stageTitle"),
          render: (_, s) => (
            <>
              <b>{t(`health.stage.${s.stage}`)}</b>
              <div>
                <Verdict is={s.verdict} />
              </div>
            </>
          ),
        },
        { title: t("health.count"), align: "right", render: (_, s) => s.count },
        figure("p50_s", "P50"),
        figure("p95_s", "P95"),
        figure("p99_s", "P99"),
        figure("max_s", t("health.max")),
        {
          title: t("health.missing"),
          render: (_, s) => <Missing s={s} />,
        },
        {
          title: t("health.limits"),
          render: (_, s) => (
            <ul className="limits">
              {(s.limits ?? []).map((l, i) => (
                <Limit key={i} l={l} />
              ))}
            </ul>
          ),
        },
      ]}
    />
  );
}

function Missing({ s }: { s: Stage }) {
  const { t } = useTranslation();
  if (!s.never && !s.unknown && !s.waiting) return <span className="quiet">{t("common.none")}</span>;
  return (
    <div className="missing">
      {s.never > 0 && <b className="late">{t(`health.never.${s.stage}`, { n: s.never })}</b>}
      {s.waiting > 0 && <span>{t("health.waiting", { n: s.waiting })}</span>}
      {s.unknown > 0 && <span>{t("health.startUnknown", { n: s.unknown })}</span>}
    </div>
  );
}

function Limit({ l }: { l: Judged }) {
  const { t } = useTranslation();
  return (
    <li>
      <Verdict is={l.verdict} />
      <b>{t(`health.limit.${l.at}`, { n: l.seconds })}</b>
      {l.of > 0 && <span>{t("health.over", { n: l.over, of: l.of })}</span>}
      <small className="quiet">
        {say(l.source)} <em className={`sure is-${l.verified}`}>{t(`health.sure.${l.verified}`)}</em>
      </small>
    </li>
  );
}

/** Apart says what is in none of the figures, so that nothing is left out in silence. */
export function Apart({ r }: { r: Report }) {
  const { t } = useTranslation();
  return (
    <p className="quiet apart">
      {t("health.counted", { n: r.alarms })}
      {r.aside > 0 && ` · ${t("health.aside", { n: r.aside })}`}
      {r.replaced > 0 && ` · ${t("health.replaced", { n: r.replaced })}`}
      {r.skewed > 0 && ` · ${t("health.skewed", { n: r.skewed })}`}
      {r.truncated && ` · ${t("health.truncated")}`}
    </p>
  );
}

function Worst({ list }: { list: Slow[] }) {
  const { t } = useTranslation();
  const time = useTook();
  return (
    <Table<Slow>
      rowKey="alarm"
      size="small"
      pagination={false}
      dataSource={list}
      locale={{ emptyText: <Empty>{t("health.nothingMeasured")}</Empty> }}
      columns={[
        {
          title: t("history.columns.alarm"),
          render: (_, w) => <Link to={`/alarms/${w.alarm}`}>{say(w.title) || w.alarm}</Link>,
        },
        { title: t("history.columns.time"), render: (_, w) => dateTime(w.at) },
        {
          title: t("health.took"),
          align: "right",
          render: (_, w) =>
            w.took_s === null ? <b className="late">{t("health.neverWord")}</b> : time(w.took_s),
        },
      ]}
    />
  );
}
