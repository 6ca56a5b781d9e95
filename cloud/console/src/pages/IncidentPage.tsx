import { Button, Input, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useIncident } from "../api/queries";
import type { IncidentDetail, Role } from "../api/types";
import { say } from "../i18n";
import { useNow } from "../live/context";
import { actorName, clock, dateTime, elapsed, placeName } from "../parts/format";
import { SeverityMark, StateWord } from "../parts/marks";
import { NoteDialog } from "../parts/NoteDialog";
import { useSession } from "../parts/session";
import { Empty, Loaded } from "../parts/states";
import { Tasks } from "../parts/Tasks";
import { useIncidentVerbs } from "../parts/verbs";

const columns = ["tasks", "roles", "timeline"] as const;

/** IncidentPage is where several people work one incident at once: who, what, and what was said. */
export function IncidentPage() {
  const { id = "" } = useParams();
  return (
    <main className="page wide">
      <Loaded query={useIncident(id)} lines={14}>
        {(d) => <Detail d={d} />}
      </Loaded>
    </main>
  );
}

function Detail({ d }: { d: IncidentDetail }) {
  const { t } = useTranslation();
  const [tab, setTab] = useState<(typeof columns)[number]>("tasks");
  return (
    <div className={`incident ${d.incident.drill ? "drill" : ""}`} data-incident={d.incident.id}>
      <Head d={d} />
      <div className="tabs">
        <Segmented
          block
          value={tab}
          options={columns.map((c) => ({ value: c, label: t(`incident.${c}`) }))}
          onChange={setTab}
        />
      </div>
      <div className="columns" data-tab={tab}>
        <section className="card roles">
          <h2>{t("incident.roles")}</h2>
          <ul>
            {d.roles.map((r) => (
              <RoleLine key={r.key} r={r} id={d.incident.id} open={d.incident.state === "open"} />
            ))}
          </ul>
          <h2>{t("incident.alarms")}</h2>
          {d.alarms.length === 0 && <Empty>{t("common.none")}</Empty>}
          <ul className="links">
            {d.alarms.map((a) => (
              <li key={a.id}>
                <SeverityMark severity={a.severity} filled={a.state === "unacked"} />
                <Link to={`/alarms/${a.id}`}>{say(a.title)}</Link>
                <small>
                  {placeName(a.place, undefined)} <StateWord alarm={a} />
                </small>
              </li>
            ))}
          </ul>
        </section>
        <section className="card tasks">
          <h2>{t("incident.tasks")}</h2>
          <Tasks d={d} />
        </section>
        <section className="card timeline-card">
          <h2>{t("incident.timeline")}</h2>
          <Talk d={d} />
        </section>
      </div>
    </div>
  );
}

function Head({ d }: { d: IncidentDetail }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const now = useNow();
  const [closing, setClosing] = useState(false);
  const i = d.incident;
  const done = d.tasks.filter((x) => x.state === "done" || x.state === "skipped").length;
  const end = i.closed_at ? Date.parse(i.closed_at) : now;
  return (
    <header className="card incident-head">
      <div>
        <h1>
          {i.drill && t("incident.drill")}
          {say(i.title)} <small>{i.human_no}</small>
        </h1>
        <p className="place">{placeName(i.place, i.building_name)}</p>
        <p className="quiet">
          {t("incident.launched", { by: actorName(t, i.launched_by), at: dateTime(i.launched_at) })}
        </p>
      </div>
      <dl>
        <dt>{t("incident.clock")}</dt>
        <dd>
          <time>{elapsed(end - Date.parse(i.launched_at))}</time>
        </dd>
        <dt>{t("incident.tasks")}</dt>
        <dd>{t("incident.progress", { done, total: d.tasks.length })}</dd>
      </dl>
      {i.state === "closed" ? (
        <span className="state closed">{t("incident.closed")}</span>
      ) : (
        may("incident.close") && <Button onClick={() => setClosing(true)}>{t("incident.close")}</Button>
      )}
      {closing && (
        <NoteDialog
          id={i.id}
          path="close"
          title={t("incident.close")}
          label={t("incident.closeWhy")}
          onEnd={() => setClosing(false)}
        />
      )}
    </header>
  );
}

function RoleLine({ r, id, open }: { r: Role; id: string; open: boolean }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const now = useNow();
  const verb = useIncidentVerbs(id);
  const left = r.accept_by ? Date.parse(r.accept_by) - now : undefined;
  return (
    <li className={`role ${r.state}`} data-role={r.key} data-state={r.state}>
      <b>{say(r.name)}</b>
      {r.state === "accepted" ? (
        <span>
          {r.person_name} <small className="quiet">{r.accepted_at && clock(r.accepted_at)}</small>
        </span>
      ) : (
        <span className={r.state === "unfilled" || (left ?? 1) < 0 ? "abnormal" : "quiet"}>
          {t(r.state === "unfilled" ? "incident.unfilled" : "incident.asked")}
          {left !== undefined && ` · ${left >= 0 ? elapsed(left) : `+${elapsed(-left)}`}`}
        </span>
      )}
      {open && r.state !== "accepted" && may("incident.work") && (
        <Button
          size="small"
          loading={verb.isPending}
          onClick={() => verb.mutate({ path: `roles/${r.key}/accept` })}
        >
          {t("incident.accept")}
        </Button>
      )}
    </li>
  );
}

const icons: Record<string, string> = {
  launched: "▶",
  alarm: "◆",
  role: "☺",
  task: "✓",
  message: "“",
  action: "⚙",
  overdue: "!",
  closed: "■",
  forbid: "⊘",
};

function Talk({ d }: { d: IncidentDetail }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const verb = useIncidentVerbs(d.incident.id);
  const [text, setText] = useState("");
  const send = () =>
    text.trim() &&
    verb.mutate({ path: "messages", body: { text: text.trim() } }, { onSuccess: () => setText("") });
  return (
    <>
      {may("incident.work") && d.incident.state === "open" && (
        <Input.Search
          id="message"
          value={text}
          maxLength={1000}
          placeholder={t("incident.message")}
          enterButton={t("incident.send")}
          loading={verb.isPending}
          onChange={(e) => setText(e.target.value)}
          onSearch={send}
        />
      )}
      <ol className="timeline">
        {[...d.timeline].reverse().map((e) => (
          <li key={e.seq} className={e.kind}>
            <time>{clock(e.at)}</time>
            <i aria-hidden>{icons[e.kind] ?? "·"}</i>
            <span>
              <b>{actorName(t, e.actor)}</b> {say(e.text)}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
