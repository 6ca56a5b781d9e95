import { Table } from "antd";
import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import { clock } from "../../parts/format";
import { Empty, Loaded } from "../../parts/states";
import { type Check, type Supervision, useSupervision } from "./api";
import { bytes } from "./measure";
import { Raised, useTook, Verdict } from "./verdict";

/** Now is everything that is supervised: well, not well, or not known. */
export function Now() {
  const { t } = useTranslation();
  const query = useSupervision();
  return (
    <Loaded query={query} lines={10}>
      {(s) => (
        <>
          <p className="quiet as-of">
            {t("health.asOf", { at: clock(s.at) })}
            {query.error ? ` · ${t("health.stale")}` : ""}
          </p>
          <div className="charts">
            <Part title={t("health.cloud")} is={s.cloud.state}>
              <Checks checks={s.cloud.checks} />
              <Raised alarms={s.cloud.alarms} />
            </Part>
            <Part title={t("health.desk")} is={s.desk.state}>
              <Checks checks={s.desk.checks} />
              <Raised alarms={s.desk.alarms} />
              <Seats s={s} />
            </Part>
          </div>
          <section className="card" id="health-edges">
            <h2>{t("health.edges")}</h2>
            <Edges s={s} />
          </section>
        </>
      )}
    </Loaded>
  );
}

function Part({ title, is, children }: { title: string; is: string; children: ReactNode }) {
  return (
    <section className="card" data-state={is}>
      <h2 className="part-head">
        {title} <Verdict is={is} />
      </h2>
      {children}
    </section>
  );
}

/** shown writes what a check found, in its own unit. */
function shown(t: TFunction, time: (s: number) => string, c: Check): string {
  if (c.text) return t(`health.engine.${c.text}`, { defaultValue: c.text });
  const v = c.value;
  if (v === null || v === undefined) return t("health.notKnown");
  switch (c.name) {
    case "heard":
    case "write":
      return t("health.ago", { age: time(v) });
    case "uptime":
      return time(v);
    case "clock":
      return `${v < 0 ? "−" : "+"}${time(Math.abs(v))}`;
    case "disk":
      return bytes(v);
    case "certificate":
      return t("health.days", { n: Math.floor(v) });
    case "sessions":
      return `${v} / ${c.limit ?? 0}`;
  }
  return String(v);
}

function Checks({ checks }: { checks: Check[] | null }) {
  const { t } = useTranslation();
  const time = useTook();
  return (
    <dl className="health-checks">
      {(checks ?? []).map((c) => (
        <div key={c.name} data-check={c.name} title={t(`health.checkAbout.${c.name}`)}>
          <dt>{t(`health.check.${c.name}`)}</dt>
          <dd>{shown(t, time, c)}</dd>
          <dd>
            <Verdict is={c.state} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Seats({ s }: { s: Supervision }) {
  const { t } = useTranslation();
  const seats = s.seats ?? [];
  if (seats.length === 0) return <Empty>{t("health.noSeats")}</Empty>;
  return (
    <ul className="seat-list">
      {seats.map((x) => (
        <li key={x.id}>
          <b>{x.name || t("health.unnamed")}</b> {x.person}
          <span className="quiet">
            {t(`desk.seats.kinds.${x.kind}`)} · {t(`desk.seats.states.${x.is}`)}
          </span>
          <Verdict is={x.state} />
        </li>
      ))}
    </ul>
  );
}

const columns = ["heard", "clock", "queue", "disk", "certificate"] as const;

function Edges({ s }: { s: Supervision }) {
  const { t } = useTranslation();
  const time = useTook();
  const edges = s.edges ?? [];
  return (
    <Table
      rowKey="id"
      size="small"
      pagination={edges.length > 50 ? { pageSize: 50 } : false}
      scroll={{ x: true }}
      dataSource={edges}
      locale={{ emptyText: <Empty>{t("health.noEdges")}</Empty> }}
      columns={[
        {
          title: t("health.edge"),
          render: (_, e) => (
            <>
              <b>{say(e.name) || e.id}</b> <small className="quiet">{e.id}</small>
              <div>
                <Raised alarms={e.alarms} />
              </div>
            </>
          ),
        },
        { title: t("health.state"), render: (_, e) => <Verdict is={e.state} /> },
        ...columns.map((name) => ({
          title: t(`health.check.${name}`),
          render: (_: unknown, e: (typeof edges)[number]) => {
            const c = e.checks?.find((x) => x.name === name);
            if (!c) return null;
            return (
              <span className="check-cell" title={t(`health.checkAbout.${name}`)}>
                {c.state !== "ok" && <Verdict is={c.state} />} {shown(t, time, c)}
              </span>
            );
          },
        })),
      ]}
    />
  );
}
