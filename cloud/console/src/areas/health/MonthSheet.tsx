import { Button, Select, Table } from "antd";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { post } from "../../api/client";
import { say } from "../../i18n";
import { Figure as Plain } from "../../parts/Figure";
import { dateTime, wall } from "../../parts/format";
import { useSession } from "../../parts/session";
import { Empty, Failed, Loaded } from "../../parts/states";
import { type Availability, type Chain, type Chains, type Month, monthKey, useMonth } from "./api";
import { Apart, StageTable } from "./Clocks";
import { monthsBack, share } from "./measure";
import { useTook, Verdict } from "./verdict";

/** MonthSheet is the monthly compliance page: on the screen, on paper and as a file. */
export function MonthSheet() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const months = monthsBack(wall(Date.now()).slice(0, 7), 24);
  const asked = params.get("month") ?? "";
  const month = /^\d{4}-\d{2}$/.test(asked) ? asked : (months[0] ?? "");
  const query = useMonth(month);
  return (
    <>
      <div className="filters no-print">
        <Select
          aria-label={t("health.monthPick")}
          style={{ width: 160 }}
          value={month}
          options={(months.includes(month) ? months : [month, ...months]).map((m) => ({
            value: m,
            label: m,
          }))}
          onChange={(m) => setParams({ view: "month", month: m }, { replace: true })}
        />
        <Button href={`/api/health/month.xlsx?month=${month}`}>{t("alarms.excel")}</Button>
        <Button onClick={() => print()}>{t("health.print")}</Button>
      </div>
      <Loaded query={query} lines={12}>
        {(m) => <Sheet m={m} />}
      </Loaded>
    </>
  );
}

function Sheet({ m }: { m: Month }) {
  const { t } = useTranslation();
  const unfinished = Date.parse(m.to) > Date.parse(m.made);
  const nothing = m.clocks.alarms === 0;
  return (
    <article className="month" data-month={m.month}>
      <header>
        <h2>
          {t("health.monthTitle", { place: say(m.community), month: m.month })}
          {unfinished && <small className="quiet"> {t("health.unfinished", { at: dateTime(m.made) })}</small>}
        </h2>
        <p className="quiet">{t("health.monthAbout", { zone: m.time_zone })}</p>
      </header>
      <div className="figures five">
        <Figure
          name="edges"
          value={m.edge_percent === null ? t("health.notKnown") : share(m.edge_percent)}
          bad={m.edge_percent !== null && m.edge_percent < 100}
        />
        <Figure
          name="clocks"
          value={m.clocks_percent === null ? t("health.is.nothing") : share(m.clocks_percent)}
          bad={m.clocks_percent !== null && m.clocks_percent < 100}
          note={nothing ? t("health.noAlarms.month") : undefined}
        />
        <Figure
          name="unanswered"
          value={m.life.unanswered}
          bad={m.life.unanswered > 0}
          note={t("health.ofLife", { n: m.life.occurrences, unwatched: m.life.unwatched })}
        />
        <Figure
          name="out"
          value={m.out_of_service_h.toFixed(1)}
          note={t("health.shelvedHours", { n: m.shelved_h.toFixed(1) })}
        />
        <Figure name="alarms" value={m.alarms} />
      </div>
      <ChainsCard chains={m.chains} month={m.month} />
      <section className="card">
        <h2>{t("health.view.clocks")}</h2>
        {nothing ? (
          <Empty>{t("health.noAlarms.month")}</Empty>
        ) : (
          <>
            <StageTable stages={m.clocks.stages ?? []} />
            <Apart r={m.clocks} />
          </>
        )}
      </section>
      <section className="card">
        <h2>{t("health.availability")}</h2>
        <EdgeTable edges={m.edges ?? []} />
        <p className="quiet">{t("health.availabilityAbout")}</p>
      </section>
      <section className="card">
        <h2>{t("health.unanswered")}</h2>
        {(m.life.list ?? []).length === 0 ? (
          <Empty>{t(m.life.occurrences ? "health.allAnswered" : "health.noLife")}</Empty>
        ) : (
          <ul className="outages">
            {(m.life.list ?? []).map((u, i) => (
              <li key={`${u.alarm} ${i}`}>
                <time>{dateTime(u.at)}</time> <Link to={`/alarms/${u.alarm}`}>{say(u.title)}</Link>{" "}
                <span className="quiet">{u.building}</span>
              </li>
            ))}
          </ul>
        )}
      </section>
      <footer className="signatures">
        <span>{t("health.sign.made")}</span>
        <span>{t("health.sign.checked")}</span>
        <span>{t("health.sign.date")}</span>
      </footer>
    </article>
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
      label={t(`health.figure.${name}`)}
      note={note ?? t(`health.figure.${name}About`)}
      {...rest}
    />
  );
}

function ChainsCard({ chains, month }: { chains: Chains; month: string }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const client = useQueryClient();
  const verify = useMutation({
    mutationFn: () => post<Chains>("/api/health/verify"),
    onSuccess: () => client.invalidateQueries({ queryKey: monthKey(month) }),
  });
  return (
    <section className="card">
      <h2 className="part-head">
        {t("health.chains")}
        {may("audit.read") && (
          <Button className="no-print" loading={verify.isPending} onClick={() => verify.mutate()}>
            {t("health.verify")}
          </Button>
        )}
      </h2>
      <ChainLine name={t("health.auditChain")} c={chains.audit_log} />
      <ChainLine name={t("health.alarmChain")} c={chains.alarm_log} />
      {verify.error && <Failed error={verify.error} />}
    </section>
  );
}

function ChainLine({ name, c }: { name: string; c: Chain | null }) {
  const { t } = useTranslation();
  return (
    <p className="chain-line">
      <b>{name}</b> <Verdict is={c ? (c.ok ? "ok" : "abnormal") : "unknown"} />{" "}
      {c
        ? t(c.ok ? "health.chainHolds" : "health.chainBroken", { n: c.rows, at: dateTime(c.at) })
        : t("health.chainNot")}{" "}
      {c?.broken && <code>{c.broken}</code>}
    </p>
  );
}

function EdgeTable({ edges }: { edges: Availability[] }) {
  const { t } = useTranslation();
  const time = useTook();
  return (
    <Table<Availability>
      rowKey="edge"
      size="small"
      pagination={false}
      dataSource={edges}
      locale={{ emptyText: <Empty>{t("health.noEdges")}</Empty> }}
      columns={[
        {
          title: t("health.edge"),
          render: (_, e) => (
            <>
              <b>{say(e.name) || e.edge}</b> <small className="quiet">{e.edge}</small>
            </>
          ),
        },
        {
          title: t("health.heardShare"),
          align: "right",
          render: (_, e) =>
            e.percent === null ? (
              <Verdict is="unknown" />
            ) : (
              <b className={e.percent < 100 ? "late" : ""}>{share(e.percent)}</b>
            ),
        },
        {
          title: t("health.lostFor"),
          align: "right",
          render: (_, e) => (e.lost_s ? time(e.lost_s) : t("common.none")),
        },
        { title: t("health.since"), render: (_, e) => dateTime(e.since) },
        {
          title: t("health.outages"),
          render: (_, e) =>
            (e.outages ?? []).length === 0 ? (
              <span className="quiet">{t("common.none")}</span>
            ) : (
              <ul className="outages">
                {(e.outages ?? []).map((o, i) => (
                  <li key={i}>
                    <Link to={`/alarms/${o.alarm}`}>{dateTime(o.from)}</Link> · {time(o.seconds)}
                    {!o.to && <b className="late"> {t("health.lasts")}</b>}
                  </li>
                ))}
              </ul>
            ),
        },
      ]}
    />
  );
}
