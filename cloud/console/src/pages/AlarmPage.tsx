import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { type AlarmDetail, useAlarm } from "../api/queries";
import { type Alarm, type AlarmAction, stampNames } from "../api/types";
import { say } from "../i18n";
import { AlarmPanel, type Noting } from "../parts/AlarmPanel";
import { actorName, clock, clockMs, dateTime } from "../parts/format";
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
  return (
    <div className="alarm-page">
      <AlarmPanel alarm={a} noting={noting} setNoting={setNoting} />
      <div className="stack">
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
        <section className="card">
          <h2>{t("alarm.history")}</h2>
          {detail.events.length === 0 && <Empty>{t("alarm.noHistory")}</Empty>}
          <ol className="timeline">
            {detail.events.map((e) => (
              <li key={e.seq}>
                <time>{dateTime(e.at)}</time>
                <b>{t(`event.${e.kind}`, { defaultValue: e.kind })}</b>
                <span>{actorName(t, e.actor)}</span>
                {e.text && <q>{e.text}</q>}
              </li>
            ))}
          </ol>
        </section>
      </div>
    </div>
  );
}

/** Stamps draws the way of one alarm from the sensor to a person, with the time each step took. */
function Stamps({ alarm: a }: { alarm: Alarm }) {
  const { t } = useTranslation();
  let last: number | undefined;
  const steps = stampNames.map((name) => {
    const at = a.stamps[name];
    const ms = at ? Date.parse(at) : undefined;
    const took = ms !== undefined && last !== undefined ? ms - last : undefined;
    if (ms !== undefined) last = ms;
    return { name, at, took };
  });
  const { sensed, painted } = a.stamps;
  return (
    <>
      <ol className="stamps">
        {steps.map((s) => (
          <li key={s.name} className={s.at ? "" : "waiting"} data-stamp={s.name}>
            <b>{t(`stamp.${s.name}`)}</b>
            <time>{s.at ? clockMs(s.at) : "—"}</time>
            <small>{s.took === undefined ? "" : `+${took(s.took)}`}</small>
          </li>
        ))}
      </ol>
      {sensed && painted && <p>{t("alarm.total", { s: took(Date.parse(painted) - Date.parse(sensed)) })}</p>}
    </>
  );
}

const took = (ms: number) => (Math.abs(ms) < 10_000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);

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
