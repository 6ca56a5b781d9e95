import { Button, Input, Segmented, Table } from "antd";
import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { get } from "../../api/client";
import { say } from "../../i18n";
import { dateTime } from "../../parts/format";
import { Figure as Plain } from "../../parts/Figure";
import { Page } from "../../parts/Page";
import { Empty, Loaded } from "../../parts/states";
import { type Frequent, type Kpi, severities } from "./api";
import { dateOf, rangeOf } from "./range";
import { respond } from "./respond";
import "./alarms.css";

const Bars = lazy(() => import("./Bars"));
const ranges = ["today", "days7", "month", "lastMonth"] as const;

/** Report is how alarms were over a time, against what a person can follow. */
export function Report() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const range = rangeOf(params, Date.now());
  const query = `from=${encodeURIComponent(range.from)}&to=${encodeURIComponent(range.to)}`;
  const kpi = useQuery({
    queryKey: ["alarm-kpi", range.from, range.to],
    queryFn: () => get<Kpi>(`/api/alarms/kpi?${query}`),
  });
  const own = (from: string, to: string) => setParams({ from, to }, { replace: true });
  return (
    <Page
      title={t("alarms.report")}
      about={t("alarms.reportAbout")}
      verbs={<Button href={`/api/alarms/kpi.xlsx?${query}`}>{t("alarms.excel")}</Button>}
    >
      <div className="filters">
        <Segmented
          value={range.name}
          options={[...ranges, ...(range.name === "own" ? (["own"] as const) : [])].map((r) => ({
            value: r,
            label: t(`alarms.range.${r}`),
          }))}
          onChange={(v) => v !== "own" && setParams(v === "month" ? {} : { range: v }, { replace: true })}
        />
        <Input
          type="date"
          aria-label={t("alarms.fromDay")}
          style={{ width: 160 }}
          value={dateOf(range.from)}
          onChange={(e) => e.target.value && own(e.target.value, dateOf(range.to))}
        />
        <Input
          type="date"
          aria-label={t("alarms.toDay")}
          style={{ width: 160 }}
          value={dateOf(range.to, -1)}
          onChange={(e) => e.target.value && own(dateOf(range.from), dateOf(e.target.value, 1))}
        />
      </div>
      <Loaded query={kpi} lines={10}>
        {(k) =>
          k.alarms === 0 && k.shelved_h === 0 ? <Empty>{t("alarms.noReport")}</Empty> : <Sheet k={k} />
        }
      </Loaded>
    </Page>
  );
}

function Sheet({ k }: { k: Kpi }) {
  const { t } = useTranslation();
  const share = (n: number) => (k.alarms ? `${Math.round((100 * n) / k.alarms)}%` : "0%");
  return (
    <>
      <div className="figures">
        <Figure name="alarms" value={k.alarms} />
        <Figure name="average" value={k.average_per_10.toFixed(2)} bad={k.average_per_10 > 1} />
        <Figure
          name="peak"
          value={k.peak_per_10}
          bad={k.peak_per_10 > 10}
          note={k.peak_at && dateTime(k.peak_at)}
        />
        <Figure name="flood" value={`${k.flood_percent.toFixed(1)}%`} bad={k.flood_percent > 1} />
        <Figure name="p50" value={k.answered ? respond(t, Math.round(k.ack_p50_s)) : t("common.none")} />
        <Figure name="p95" value={k.answered ? respond(t, Math.round(k.ack_p95_s)) : t("common.none")} />
        <Figure
          name="shelved"
          value={k.shelved_h.toFixed(1)}
          note={t("alarms.figure.out", { n: k.out_of_service_h.toFixed(1) })}
        />
      </div>
      <div className="charts">
        <Card title={t("alarms.perDay")}>
          <Suspense fallback={<div className="bars" />}>
            <Bars
              label={t("alarms.perDay")}
              names={(k.days ?? []).map((d) => d.day.slice(5))}
              values={(k.days ?? []).map((d) => d.alarms)}
            />
          </Suspense>
        </Card>
        <Card title={t("alarms.perHour")}>
          <Suspense fallback={<div className="bars" />}>
            <Bars
              label={t("alarms.perHour")}
              names={k.hour_of_day?.map((_, i) => String(i)) ?? []}
              values={k.hour_of_day ?? []}
            />
          </Suspense>
        </Card>
        <Card title={t("alarms.split")}>
          <ul className="shares">
            {severities.map((s) => (
              <li key={s}>
                <span>{t(`severity.${s}`)}</span>
                <i className={s} style={{ width: share(k.priorities[s] ?? 0) }} />
                <b>
                  {k.priorities[s] ?? 0} · {share(k.priorities[s] ?? 0)}
                </b>
              </li>
            ))}
          </ul>
          <p className="quiet">{t("alarms.splitAbout")}</p>
        </Card>
        <Card title={t("alarms.operators")}>
          <Table
            rowKey={(o) => `${o.name}/${o.seat}`}
            size="small"
            pagination={false}
            dataSource={k.operators ?? []}
            locale={{ emptyText: <Empty>{t("alarms.noAnswers")}</Empty> }}
            columns={[
              { title: t("alarms.operator"), render: (_, o) => o.name },
              { title: t("alarms.seat"), render: (_, o) => o.seat || t("common.none") },
              { title: t("alarms.answers"), align: "right", render: (_, o) => o.acks },
              { title: "P50", align: "right", render: (_, o) => respond(t, Math.round(o.ack_p50_s)) },
            ]}
          />
        </Card>
      </div>
      <Card title={t("alarms.top", { n: k.top_percent.toFixed(0) })}>
        <List items={k.top ?? []} empty={t("alarms.noReport")} />
      </Card>
      <div className="charts">
        <Card title={t("alarms.chattering")}>
          <List items={k.chattering ?? []} empty={t("alarms.noChattering")} />
        </Card>
        <Card title={t("alarms.stale")}>
          <List items={k.stale ?? []} empty={t("alarms.noStale")} hours />
        </Card>
      </div>
    </>
  );
}

function Figure({
  name,
  note,
  ...rest
}: {
  name: string;
  value: ReactNode;
  bad?: boolean;
  note?: string | undefined;
}) {
  const { t } = useTranslation();
  return (
    <Plain
      name={name}
      label={t(`alarms.figure.${name}`)}
      note={note ?? t(`alarms.figure.${name}Limit`, { defaultValue: "" })}
      {...rest}
    />
  );
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="card">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function List({ items, empty, hours }: { items: Frequent[]; empty: string; hours?: boolean }) {
  const { t } = useTranslation();
  return (
    <Table<Frequent>
      rowKey={(f) => `${f.edge}/${f.point}/${f.rule}`}
      size="small"
      pagination={items.length > 20 ? { pageSize: 20 } : false}
      dataSource={items}
      locale={{ emptyText: <Empty>{empty}</Empty> }}
      columns={[
        {
          title: t("history.columns.alarm"),
          render: (_, f) => (
            <>
              {say(f.title)} <small className="quiet">{f.rule}</small>
            </>
          ),
        },
        { title: t("history.columns.place"), render: (_, f) => `${f.building} · ${f.point || f.edge}` },
        {
          title: t(hours ? "alarms.stood" : "alarms.times"),
          align: "right",
          width: 120,
          render: (_, f) => (hours ? t("alarms.hours", { n: (f.hours ?? 0).toFixed(1) }) : f.count),
        },
      ]}
    />
  );
}
