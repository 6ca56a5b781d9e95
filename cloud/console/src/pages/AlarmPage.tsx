import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { type AlarmDetail, useAlarm } from "../api/queries";
import type { Alarm, AlarmAction } from "../api/types";
import { left, type Occurrence, type Override } from "../areas/alarms/api";
import { respond } from "../areas/alarms/respond";
import { Stamps } from "../areas/alarms/Stamps";
import { HazardsOfAlarm } from "../areas/work/AlarmLinks";
import { say } from "../i18n";
import { useNow } from "../live/context";
import { AlarmPanel, type Noting } from "../parts/AlarmPanel";
import { actorName, clock, dateTime, elapsed } from "../parts/format";
import { PointChart } from "../parts/PointChart";
import { Empty, Loaded } from "../parts/states";

/** AlarmPage is one alarm whole: its stamps, its history, what the edge did, the point's chart around it. */
export function AlarmPage() {
  const { id = "" } = useParams();
  return (
    <main className="page">
      <Loaded query={useAlarm(id)} lines={12}>
        {(d) => <Detail detail={d} />}
      </Loaded>
    </main>
  );
}

function Detail({ detail }: { detail: AlarmDetail }) {
  const { t } = useTranslation();
  const [noting, setNoting] = useState<Noting>();
  const a = detail.alarm;
  const overrides = detail.overrides ?? [];
  const occurrences = detail.occurrences ?? [];
  return (
    <div className="alarm-page">
      <AlarmPanel alarm={a} noting={noting} setNoting={setNoting} />
      <div className="stack">
        {overrides.length > 0 && (
          <section className="card">
            <h2>{t("alarms.setAside")}</h2>
            <Aside overrides={overrides} />
          </section>
        )}
        <section className="card">
          <h2>{t("alarms.meaning")}</h2>
          <Meaning alarm={a} />
        </section>
        <HazardsOfAlarm alarm={a} />
        <section className="card">
          <h2>{t("alarm.stamps")}</h2>
          <Stamps alarm={a} />
        </section>
        {a.point && a.unit !== undefined && (
          <section className="card">
            <h2>
              {t("alarm.chart")} <Link to={`/points/${a.edge}/${a.point}`}>{say(a.device_name)} →</Link>
            </h2>
            <PointChart edge={a.edge} point={a.point} hours={1} height={220} />
          </section>
        )}
        <section className="card">
          <h2>{t("alarm.actions")}</h2>
          {detail.actions.length === 0 ? (
            <Empty>{t("alarm.noActions")}</Empty>
          ) : (
            <Actions actions={detail.actions} />
          )}
        </section>
        {occurrences.length > 1 && (
          <section className="card">
            <h2>{t("alarm.occurrences")}</h2>
            <Occurrences items={occurrences} />
          </section>
        )}
        <section className="card">
          <h2>{t("alarm.history")}</h2>
          {detail.events.length === 0 && <Empty>{t("alarm.noHistory")}</Empty>}
          <ol className="timeline">
            {detail.events.map((e) => (
              <li key={e.seq}>
                <time>{dateTime(e.at)}</time>
                <b>{t([`event.${e.kind}`, `alarms.event.${e.kind}`], { defaultValue: e.kind })}</b>
                <span>{actorName(t, e.actor)}</span>
                {e.text && <q>{t(`alarms.endedWhy.${e.text}`, { defaultValue: e.text })}</q>}
              </li>
            ))}
          </ol>
        </section>
      </div>
    </div>
  );
}

/** Meaning is the definition frozen into the alarm: what happens if nobody acts, what to do, by when, and whose it is. */
function Meaning({ alarm: a }: { alarm: Alarm }) {
  const { t } = useTranslation();
  const now = useNow();
  const d = a.definition;
  if (!d) return <p className="late">{t("alarms.unrationalisedAbout", { rule: a.rule })}</p>;
  const late = a.state === "unacked" && a.respond_by && Date.parse(a.respond_by) < now;
  return (
    <dl className="meaning">
      <dt>{t("alarms.field.consequence")}</dt>
      <dd>{say(d.consequence)}</dd>
      <dt>{t("alarms.field.action")}</dt>
      <dd>{say(d.action)}</dd>
      <dt>{t("alarms.field.respond")}</dt>
      <dd className={late ? "late" : ""}>
        {respond(t, d.respond_s)}
        {a.respond_by && ` · ${t("alarms.respondBy", { at: dateTime(a.respond_by) })}`}
        {late && ` · ${t("alarms.answerLate", { by: elapsed(now - Date.parse(a.respond_by ?? "")) })}`}
      </dd>
      <dt>{t("alarms.field.owner")}</dt>
      <dd>
        {say(d.owner)}{" "}
        <Link to={`/definitions/${d.id}`}>
          {d.id} v{d.version}
        </Link>
      </dd>
    </dl>
  );
}

/** Aside is what sets the alarm aside, or waits for a second person to. */
function Aside({ overrides }: { overrides: Override[] }) {
  const { t } = useTranslation();
  const now = useNow();
  return (
    <ul>
      {overrides.map((o) => (
        <li key={o.id}>
          <b>{t(`alarms.kind.${o.kind}`)}</b>
          {o.status === "requested" && ` · ${t("alarms.waits")}`} · {o.by ? o.by_name : t("actor.system")}{" "}
          {o.reason && t(`alarms.reason.${o.reason}`)} {o.text && <q>{o.text}</q>}{" "}
          {o.until && `${t("alarms.endsAt", { at: dateTime(o.until) })} (${elapsed(left(o.until, now))})`}{" "}
          <Link to="/overrides">{t("alarms.overrides")} →</Link>
        </li>
      ))}
    </ul>
  );
}

function Occurrences({ items }: { items: Occurrence[] }) {
  const { t } = useTranslation();
  return (
    <ol className="timeline">
      {items.map((o) => (
        <li key={o.n}>
          <time>{dateTime(o.raised_at)}</time>
          <b>
            #{o.n} {t(`severity.${o.severity}`)}
          </b>
          <span>
            {o.acked_at ? t("alarms.ackedAt", { at: dateTime(o.acked_at) }) : t("alarms.notAcked")}
            {o.returned_at && ` · ${t("alarms.returnedAt", { at: dateTime(o.returned_at) })}`}
            {!o.announced && ` · ${t("alarms.silent")}`}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Actions({ actions }: { actions: AlarmAction[] }) {
  const { t } = useTranslation();
  return (
    <ol className="timeline">
      {actions.map((x, i) => (
        <li key={`${x.id}-${i}`} className={x.outcome === "confirmed" ? "" : x.outcome}>
          <time>{clock(x.at)}</time>
          <b>
            {say(x.name)} · {t(`verb.${x.verb}`, { defaultValue: x.verb })}
          </b>
          <span>{t(`outcome.${x.outcome}`, { defaultValue: x.outcome })}</span>
          {x.why && <q>{x.why}</q>}
        </li>
      ))}
    </ol>
  );
}
