import { Button } from "antd";
import { type ComponentType, lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { usePlans } from "../api/queries";
import type { Alarm } from "../api/types";
import { say } from "../i18n";
import { useNow } from "../live/context";
import { aside, lifeSafety } from "../live/open";
import { Claimed } from "./Claimed";
import { FloorPlanSlot } from "./FloorPlanSlot";
import { HazardIcon } from "./icons";
import { People } from "./People";
import { NoteForm } from "./Acknowledge";
import { clock, credible, elapsed, placeName, reading } from "./format";
import { Hold } from "./Hold";
import { AlarmMark, QualityMark, StateWord } from "./marks";
import { useSession } from "./session";
import { useAlarmVerbs, useLaunch } from "./verbs";

export type Noting = "ack" | "false" | undefined;

/** AlarmPanel is the "now": what this alarm wants, and the verbs for it. */
export function AlarmPanel(props: { alarm: Alarm; noting: Noting; setNoting: (n: Noting) => void }) {
  const { alarm: a, noting, setNoting } = props;
  const { t } = useTranslation();
  const now = useNow();
  const verbs = useAlarmVerbs();
  const { may } = useSession();
  const submit = (note: string) => {
    if (noting === "ack")
      verbs.acknowledge.mutate({ alarm: a, note }, { onSuccess: () => setNoting(undefined) });
    else
      verbs.judge.mutate({ alarm: a, verb: "false-alarm", note }, { onSuccess: () => setNoting(undefined) });
  };
  return (
    <article className={`panel ${a.severity}`} data-panel={a.id} aria-label={say(a.title)}>
      <header>
        <p className="chips">
          <AlarmMark alarm={a} />
          <HazardIcon hazard={a.hazard} label={t(`hazard.${a.hazard}`, { defaultValue: a.hazard })} />
          <span>{t(`hazard.${a.hazard}`, { defaultValue: a.hazard })}</span>
        </p>
        <h1>{say(a.title)}</h1>
        <p className="place">{placeName(a.place, a.building_name)}</p>
      </header>
      {a.do && (
        <section className="first">
          <h2>{t("console.first")}</h2>
          <p>{say(a.do)}</p>
        </section>
      )}
      <dl>
        <dt>{t("alarm.since")}</dt>
        <dd>{elapsed(now - Date.parse(a.raised_at))}</dd>
        <dt>{t("alarm.device")}</dt>
        <dd>{say(a.device_name) || a.point || a.edge}</dd>
        {a.unit && (
          <>
            <dt>{t("alarm.value")}</dt>
            <dd>
              {credible(a.quality) && reading(a.value, a.unit, 1)} <QualityMark quality={a.quality} />
            </dd>
          </>
        )}
        <dt>{t("history.columns.state")}</dt>
        <dd>
          <StateWord alarm={a} />
        </dd>
      </dl>
      {a.ack && (
        <p className="ack">
          {t("alarm.by", { name: a.ack.name, at: clock(a.ack.at) })}
          {a.ack.note && <q>{a.ack.note}</q>}
        </p>
      )}
      {noting && may(noting === "ack" ? "alarm.ack" : "alarm.confirm") ? (
        <NoteForm
          alarm={a}
          busy={verbs.acknowledge.isPending || verbs.judge.isPending}
          kind={noting}
          title={t(noting === "ack" ? "alarm.acknowledge" : "alarm.falseWhy")}
          onSubmit={submit}
          onCancel={() => setNoting(undefined)}
        />
      ) : (
        <Verbs alarm={a} verbs={verbs} setNoting={setNoting} />
      )}
      <Claimed alarm={a} />
      {a.place?.floor ? (
        <FloorPlanSlot building={a.building} floor={a.place.floor} point={a.point} compact />
      ) : null}
      {lifeSafety(a) && a.state !== "closed" && <People alarm={a} />}
      <Link to={`/alarms/${a.id}`}>{t("alarm.detail")} →</Link>
    </article>
  );
}

/** A latch may be the rule's or the device's own; of the latter the edge is the judge. */
const resettable = (a: Alarm) =>
  a.state !== "closed" && (a.latched || (a.condition === "active" && lifeSafety(a)));

function Verbs(props: {
  alarm: Alarm;
  verbs: ReturnType<typeof useAlarmVerbs>;
  setNoting: (n: Noting) => void;
}) {
  const { alarm: a, verbs, setNoting } = props;
  const { t } = useTranslation();
  const { may } = useSession();
  const open = a.state !== "closed";
  return (
    <div className="verbs">
      {may("alarm.ack") && open && a.state !== "acked" && !aside(a) && (
        <Button type="primary" size="large" id="acknowledge" onClick={() => setNoting("ack")}>
          {t("alarm.acknowledge")} (A)
        </Button>
      )}
      {may("alarm.confirm") && open && (
        <>
          <Button size="large" onClick={() => verbs.judge.mutate({ alarm: a, verb: "confirm", note: "" })}>
            {t("alarm.confirm")}
          </Button>
          <Button size="large" onClick={() => setNoting("false")}>
            {t("alarm.false")} (F)
          </Button>
        </>
      )}
      {may("alarm.mute") && open && a.condition !== "normal" && !a.muted && (
        <Button size="large" onClick={() => verbs.mute.mutate(a)}>
          {t("alarm.mute")}
        </Button>
      )}
      {may("alarm.reset") && resettable(a) && (
        <Button size="large" id="reset" loading={verbs.reset.isPending} onClick={() => verbs.reset.mutate(a)}>
          {t("alarm.reset")}
        </Button>
      )}
      <SetAside alarm={a} />
      <Launch alarm={a} />
    </div>
  );
}

interface DialogProps {
  alarm: Alarm;
  onDone: () => void;
}
const dialogs = import.meta.glob<Record<string, ComponentType<DialogProps>>>(
  "../areas/alarms/{Shelve,OutOfService}Dialog.tsx",
);
const dialog = (name: string) => {
  const load = dialogs[`../areas/alarms/${name}.tsx`];
  return load && lazy(async () => ({ default: (await load())[name] as ComponentType<DialogProps> }));
};
const Shelve = dialog("ShelveDialog");
const OutOfService = dialog("OutOfServiceDialog");

/** SetAside silences an alarm for a time, with a reason; what may hurt people only goes out of service. */
function SetAside({ alarm: a }: { alarm: Alarm }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const [open, setOpen] = useState<"shelve" | "oos">();
  if (a.state === "closed" || aside(a)) return null;
  const done = () => setOpen(undefined);
  return (
    <>
      {Shelve && may("alarm.shelve") && !lifeSafety(a) && (
        <Button size="large" id="shelve" onClick={() => setOpen("shelve")}>
          {t("desk.shelve")} (S)
        </Button>
      )}
      {OutOfService && may("alarm.out_of_service") && a.point !== "" && (
        <Button size="large" id="out-of-service" onClick={() => setOpen("oos")}>
          {t("desk.outOfService")} (O)
        </Button>
      )}
      <Suspense fallback={null}>
        {open === "shelve" && Shelve && <Shelve alarm={a} onDone={done} />}
        {open === "oos" && OutOfService && <OutOfService alarm={a} onDone={done} />}
      </Suspense>
    </>
  );
}

/** Launch leads to the alarm's incident, or starts the plan for its hazard. */
function Launch({ alarm: a }: { alarm: Alarm }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const navigate = useNavigate();
  const plans = usePlans(may("plan.launch")).data ?? [];
  const launch = useLaunch((i) => void navigate(`/incidents/${i.id}`));
  if (a.incident) {
    return (
      <Link className="incident-link" id="incident" to={`/incidents/${a.incident}`}>
        {t("alarm.incident")} →
      </Link>
    );
  }
  const plan = plans.find((p) => p.hazard === a.hazard && p.available);
  if (!plan || a.state === "closed") return null;
  return (
    <Hold
      id="launch"
      label={t("alarm.launch", { plan: say(plan.title) })}
      holding={t("alarm.launchHold")}
      disabled={launch.isPending}
      letter="p"
      again={t("desk.again", { key: "P" })}
      onDone={() => launch.mutate({ plan: plan.id, building: a.building, place: a.place, alarm: a.id })}
    />
  );
}
