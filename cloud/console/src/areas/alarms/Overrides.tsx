import { App, Button, Input, Modal, Segmented, Table } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { say } from "../../i18n";
import { useNow } from "../../live/context";
import { dateTime, elapsed } from "../../parts/format";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Empty, Loaded, useProblemText } from "../../parts/states";
import { left, type Override, overdue, useAct, useOverrides } from "./api";
import { PolicyDialog } from "./PolicyDialog";
import "./alarms.css";

type Verb = "approve" | "refuse" | "extend" | "end";

/** Overrides is everything that is set aside: what, by whom, why, and until when. */
export function Overrides() {
  const { t } = useTranslation();
  const { may } = useSession();
  const [params, setParams] = useSearchParams();
  const state = params.get("state") === "ended" ? "ended" : "open";
  const list = useOverrides(state);
  const [acting, setActing] = useState<{ verb: Verb; o: Override }>();
  const [policy, setPolicy] = useState(false);
  return (
    <Page
      title={t("alarms.overrides")}
      about={t("alarms.overridesAbout")}
      verbs={
        <Button id="policy" onClick={() => setPolicy(true)}>
          {t(may("alarm.define") ? "alarms.policyEdit" : "alarms.policySee")}
        </Button>
      }
    >
      <div className="filters">
        <Segmented
          value={state}
          options={(["open", "ended"] as const).map((v) => ({ value: v, label: t(`alarms.list.${v}`) }))}
          onChange={(v) => setParams(v === "open" ? {} : { state: v }, { replace: true })}
        />
        {list.data && state === "open" && (
          <span className="quiet">
            {t("alarms.countsLine", {
              shelved: list.data.counts.shelved,
              suppressed: list.data.counts.suppressed,
              out: list.data.counts.out_of_service,
              requested: list.data.counts.requested,
            })}
          </span>
        )}
      </div>
      <Loaded query={list} lines={8}>
        {(d) => <Rows items={d.items} state={state} act={(verb, o) => setActing({ verb, o })} />}
      </Loaded>
      {acting && <ActDialog {...acting} onEnd={() => setActing(undefined)} />}
      {policy && <PolicyDialog onEnd={() => setPolicy(false)} />}
    </Page>
  );
}

function Rows(props: { items: Override[]; state: string; act: (verb: Verb, o: Override) => void }) {
  const { t } = useTranslation();
  const now = useNow();
  const c = (k: string) => t(`alarms.columns.${k}`);
  return (
    <Table<Override>
      rowKey="id"
      size="small"
      pagination={props.items.length > 50 ? { pageSize: 50 } : false}
      dataSource={props.items}
      locale={{ emptyText: <Empty>{t(`alarms.none.${props.state}`)}</Empty> }}
      rowClassName={(o) => (overdue(o, now) ? "overdue" : "")}
      columns={[
        {
          title: c("what"),
          render: (_, o) => (
            <>
              <b>{say(o.title)}</b>
              <br />
              <small className="quiet">
                {o.building} · {o.point || o.edge} · {o.rule || t("alarms.everyRule")}
              </small>
            </>
          ),
        },
        { title: c("kind"), width: 150, render: (_, o) => <Kind o={o} now={now} /> },
        {
          title: c("why"),
          render: (_, o) =>
            o.kind === "suppressed" ? (
              t("alarms.because", { cause: o.cause ?? "" })
            ) : (
              <>
                {t(`alarms.reason.${o.reason}`, { defaultValue: "" })} {o.text && <q>{o.text}</q>}
                {o.work_order && (
                  <>
                    <br />
                    <small className="quiet">
                      {t("alarms.work", { order: o.work_order, person: o.person })}
                    </small>
                  </>
                )}
              </>
            ),
        },
        {
          title: c("who"),
          width: 170,
          render: (_, o) => (
            <>
              {o.by ? o.by_name : t("actor.system")}
              <br />
              <small className="quiet">{dateTime(o.from)}</small>
              {o.approvals?.map((p) => (
                <small className="quiet approval" key={p.at}>
                  {t("alarms.approvedBy", { name: p.name })}
                </small>
              ))}
            </>
          ),
        },
        {
          title: c(props.state === "ended" ? "ended" : "left"),
          width: 170,
          render: (_, o) => <End o={o} now={now} />,
        },
        { title: "", width: 250, render: (_, o) => <Verbs o={o} act={props.act} /> },
      ]}
    />
  );
}

function Kind({ o, now }: { o: Override; now: number }) {
  const { t } = useTranslation();
  return (
    <span className={`override ${o.kind}`} data-override={o.status}>
      {t(`alarms.kind.${o.kind}`)}
      {o.status === "requested" && <em> · {t("alarms.waits")}</em>}
      {overdue(o, now) && <em className="late"> · {t("alarms.overdue")}</em>}
      {o.one_shot && <em> · {t("alarms.once")}</em>}
    </span>
  );
}

function End({ o, now }: { o: Override; now: number }) {
  const { t } = useTranslation();
  if (o.ended_at)
    return (
      <>
        {dateTime(o.ended_at)}
        <br />
        <small className="quiet">
          {o.ended_by === "system" ? t("actor.system") : o.ended_by}:{" "}
          {t(`alarms.endedWhy.${o.ended_why}`, { defaultValue: o.ended_why ?? "" })}
        </small>
      </>
    );
  if (!o.until) return <span className="quiet">{t("alarms.untilCauseGone")}</span>;
  return (
    <>
      <b className={overdue(o, now) ? "late countdown" : "countdown"}>
        {overdue(o, now) ? `+${elapsed(now - Date.parse(o.until))}` : elapsed(left(o.until, now))}
      </b>
      <br />
      <small className="quiet">{t("alarms.endsAt", { at: dateTime(o.until) })}</small>
      {o.wish && (
        <small className="approval">
          {t("alarms.wish", { name: o.wish.by_name, at: dateTime(o.wish.until) })}
        </small>
      )}
    </>
  );
}

function Verbs({ o, act }: { o: Override; act: (verb: Verb, o: Override) => void }) {
  const { t } = useTranslation();
  const { me, may } = useSession();
  if (o.status === "ended" || o.kind === "suppressed") return null;
  if (!may(o.kind === "shelved" ? "alarm.shelve" : "alarm.out_of_service")) return null;
  const asked = o.status === "requested" || o.wish;
  const mine = (o.wish ? o.wish.by : o.by) === me.id || o.by === me.id;
  const verb = (v: Verb, primary = false) => (
    <Button size="small" type={primary ? "primary" : "default"} data-verb={v} onClick={() => act(v, o)}>
      {t(
        v === "end"
          ? `alarms.put.${o.kind}`
          : v === "refuse" && mine
            ? "alarms.takeBack"
            : `alarms.verb.${v}`,
      )}
    </Button>
  );
  return (
    <div className="row-verbs">
      {asked && !mine && verb("approve", true)}
      {asked && verb("refuse")}
      {o.status === "active" && verb("extend")}
      {o.status === "active" && verb("end", !asked)}
    </div>
  );
}

const moreHours = [1, 2, 4, 8];

function ActDialog({ verb, o, onEnd }: { verb: Verb; o: Override; onEnd: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const now = useNow();
  const words = useProblemText();
  const act = useAct();
  const [text, setText] = useState("");
  const [hours, setHours] = useState(2);
  const base = Math.max(now, o.until ? Date.parse(o.until) : now);
  const until = new Date(o.kind === "shelved" ? now + hours * 3_600_000 : base + hours * 3_600_000);
  const send = () =>
    act.mutate(
      {
        path: `/api/overrides/${o.id}/${verb}`,
        body: verb === "extend" ? { until: until.toISOString(), text } : { text },
      },
      {
        onSuccess: () => {
          void message.success(t("alarms.done"));
          onEnd();
        },
      },
    );
  return (
    <Modal
      open
      title={t(`alarms.ask.${verb}`, { title: say(o.title) })}
      okText={t("common.ok")}
      cancelText={t("common.cancel")}
      confirmLoading={act.isPending}
      okButtonProps={{ id: "act-ok", danger: verb === "approve" && o.life_safety }}
      onCancel={onEnd}
      onOk={send}
    >
      <p className="quiet">
        {o.building} · {o.point}
      </p>
      <p>{t(`alarms.explain.${verb}`)}</p>
      {verb === "extend" && (
        <>
          <Segmented
            block
            value={hours}
            onChange={setHours}
            options={moreHours.map((h) => ({ value: h, label: t("alarms.hours", { n: h }) }))}
          />
          <p>{t("alarms.newEnd", { at: dateTime(until) })}</p>
        </>
      )}
      {verb !== "approve" && (
        <Input.TextArea
          maxLength={500}
          value={text}
          onChange={(e) => setText(e.target.value)}
          placeholder={t("alarms.text")}
        />
      )}
      {act.error && (
        <p role="alert" className="wrong">
          {words(act.error)}
        </p>
      )}
    </Modal>
  );
}
