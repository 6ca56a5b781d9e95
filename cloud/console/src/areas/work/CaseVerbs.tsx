import { App, Button, Dropdown, Input, Modal, Popconfirm, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQueryClient } from "@tanstack/react-query";
import { post } from "../../api/client";
import type { Text } from "../../api/types";
import { say } from "../../i18n";
import { instant } from "../../parts/format";
import { useSpelled } from "../../parts/pinyin";
import { useSession } from "../../parts/session";
import { useProblemText } from "../../parts/states";
import { type Case, type Node, nodeOf, type Task, useDirectory, workKeys } from "./api";

export type Act = (body: unknown) => Promise<Case>;
export type Chosen = Record<string, { id: string; name: string }[]>;

/** passed are the nodes people have been at on the way to one. */
export function passed(c: Case, here: string): Node[] {
  const ids = [...new Set((c.state.runs ?? []).filter((r) => r.node !== here).map((r) => r.node))];
  return ids
    .map((id) => nodeOf(c.def.nodes, id))
    .filter((n): n is Node => !!n && ["start", "approve", "fill"].includes(n.type));
}

/** Persons chooses people by name. */
function Persons({
  id,
  value,
  set,
  many,
}: {
  id: string;
  value: string[];
  set: (ids: string[]) => void;
  many: boolean;
}) {
  const { t } = useTranslation();
  const people = useDirectory().data?.people ?? [];
  const fits = useSpelled();
  return (
    <Select
      id={id}
      mode={many ? "multiple" : undefined}
      showSearch={{ filterOption: (word, o) => fits(o?.label ?? "", word) }}
      placeholder={t("work.choose")}
      value={(many ? value : value[0]) as never}
      onChange={(v: string | string[]) => set([v].flat())}
      options={people.map((p) => ({ value: p.id, label: p.name }))}
    />
  );
}

/** ChoosePeople asks who handles later nodes, where the flow leaves that to somebody. */
export function ChoosePeople({
  nodes,
  chosen,
  set,
}: {
  nodes: { node: string; name: Text | undefined }[];
  chosen: Chosen;
  set: (c: Chosen) => void;
}) {
  const { t } = useTranslation();
  const people = useDirectory().data?.people ?? [];
  return (
    <>
      {nodes.map((n) => (
        <div key={n.node} className="work-field">
          <label htmlFor={`choose-${n.node}`}>{t("work.chooseFor", { node: say(n.name) })}</label>
          <Persons
            id={`choose-${n.node}`}
            many
            value={(chosen[n.node] ?? []).map((p) => p.id)}
            set={(ids) =>
              set({
                ...chosen,
                [n.node]: ids.map((id) => ({ id, name: people.find((p) => p.id === id)?.name ?? id })),
              })
            }
          />
        </div>
      ))}
    </>
  );
}

type Hand = "transfer" | "delegate" | "before" | "after" | "parallel" | "return";

/** TaskVerbs are what else one can do with a task: hand it on, ask others, send it back. */
export function TaskVerbs({
  c,
  task,
  opinion,
  act,
  done,
}: {
  c: Case;
  task: Task;
  opinion: string;
  act: Act;
  done: () => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const people = useDirectory().data?.people ?? [];
  const [hand, setHand] = useState<Hand>();
  const [who, setWho] = useState<string[]>([]);
  const [where, setWhere] = useState<string>();
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const back = passed(c, task.node);
  if (task.kind === "submit") return null;
  const verbs: Hand[] = [
    "transfer",
    "delegate",
    "before",
    "after",
    "parallel",
    ...(back.length > 0 ? ["return" as const] : []),
  ];
  const run = async () => {
    const to = who.map((id) => ({ id, name: people.find((p) => p.id === id)?.name ?? id }));
    const body =
      hand === "return"
        ? { kind: "decide", verdict: "return", target: where }
        : hand === "transfer" || hand === "delegate"
          ? { kind: hand, to }
          : { kind: "add_signer", add: hand, to };
    setBusy(true);
    try {
      const next = await act({ ...body, task: task.id, opinion: why });
      void message.success(t("work.acted"));
      setHand(undefined);
      if (next.mine.length === 0) done();
    } catch (e) {
      void message.error(words(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Dropdown
        trigger={["click"]}
        menu={{
          items: verbs.map((v) => ({ key: v, label: t(`work.hand.${v}`) })),
          onClick: ({ key }) => {
            setHand(key as Hand);
            setWho([]);
            setWhere(undefined);
            setWhy(opinion);
          },
        }}
      >
        <Button id="task-more">{t("work.otherwiseDo")}</Button>
      </Dropdown>
      <Modal
        open={!!hand}
        title={hand && t(`work.hand.${hand}`)}
        onCancel={() => setHand(undefined)}
        onOk={() => void run()}
        okButtonProps={{
          id: "hand-now",
          loading: busy,
          disabled: hand === "return" ? !where || !why.trim() : who.length === 0,
        }}
      >
        <div className="work-hand">
          <p className="quiet">{hand && t(`work.handAbout.${hand}`)}</p>
          {hand === "return" ? (
            <Select
              id="hand-where"
              placeholder={t("work.rejectWhere")}
              value={where}
              onChange={setWhere}
              options={back.map((n) => ({ value: n.id, label: say(n.name) }))}
            />
          ) : (
            <Persons
              id="hand-to"
              many={hand !== "transfer" && hand !== "delegate"}
              value={who}
              set={setWho}
            />
          )}
          <Input.TextArea
            id="hand-why"
            autoSize={{ minRows: 2 }}
            placeholder={t("work.opinion")}
            value={why}
            onChange={(e) => setWhy(e.target.value)}
          />
        </div>
      </Modal>
    </>
  );
}

/** CaseVerbs are what its initiator, who has just decided, and who manages flows can do with a flow. */
export function CaseVerbs({ c, act }: { c: Case; act: Act }) {
  const { t } = useTranslation();
  const { me, may } = useSession();
  const { message } = App.useApp();
  const words = useProblemText();
  if (c.state.status !== "running") return null;
  const run = (what: Promise<unknown>, done: string) =>
    what.then(
      () => void message.success(done),
      (e: unknown) => void message.error(words(e)),
    );
  const last = (c.state.tasks ?? []).findLast(
    (k) => k.to.id === me.id && (k.state === "agreed" || k.state === "rejected") && k.kind !== "cc",
  );
  const starter = c.state.initiator.id === me.id;
  return (
    <>
      {starter && (
        <Button onClick={() => void run(act({ kind: "urge" }), t("work.urged"))}>{t("work.urge")}</Button>
      )}
      {last && c.mine.length === 0 && (
        <Popconfirm
          title={t("work.takeBackAsk")}
          onConfirm={() => run(act({ kind: "take_back", task: last.id }), t("work.acted"))}
        >
          <Button id="take-back">{t("work.takeBack")}</Button>
        </Popconfirm>
      )}
      {starter && c.def.settings?.withdraw !== "never" && (
        <Popconfirm
          title={t("work.withdrawAsk")}
          onConfirm={() => run(act({ kind: "withdraw" }), t("work.acted"))}
        >
          <Button>{t("work.withdraw")}</Button>
        </Popconfirm>
      )}
      {may("work.manage") && <Manage c={c} />}
    </>
  );
}

/** Manage suspends, resumes and ends a flow, with the reason that its timeline keeps. */
function Manage({ c }: { c: Case }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const words = useProblemText();
  const [asking, setAsking] = useState<"suspend" | "terminate">();
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState("");
  const [busy, setBusy] = useState(false);
  const run = async (kind: "suspend" | "resume" | "terminate") => {
    setBusy(true);
    try {
      const end = kind === "suspend" && until ? instant(until).toISOString() : undefined;
      await post(`/api/flows/${c.state.id}/manage`, { kind, reason: reason.trim(), until: end });
      await client.invalidateQueries({ queryKey: workKeys.case(c.state.id) });
      void message.success(t("work.acted"));
      setAsking(undefined);
    } catch (e) {
      void message.error(words(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {c.state.suspended ? (
        <Button id="resume" loading={busy} onClick={() => void run("resume")}>
          {t("work.resume")}
        </Button>
      ) : (
        <Button id="suspend" onClick={() => setAsking("suspend")}>
          {t("work.suspend")}
        </Button>
      )}
      <Button danger onClick={() => setAsking("terminate")}>
        {t("work.terminate")}
      </Button>
      <Modal
        open={!!asking}
        title={asking && t(`work.${asking}`)}
        onCancel={() => setAsking(undefined)}
        onOk={() => asking && void run(asking)}
        okButtonProps={{
          id: "manage-now",
          loading: busy,
          danger: asking === "terminate",
          disabled: !reason.trim(),
        }}
      >
        <div className="work-hand">
          <p className="quiet">{asking && t(`work.${asking}Ask`)}</p>
          <Input.TextArea
            id="manage-reason"
            autoSize={{ minRows: 2 }}
            maxLength={500}
            placeholder={t("work.reason")}
            value={reason}
            onChange={(e) => setReason(e.target.value)}
          />
          {asking === "suspend" && (
            <label>
              {t("work.until")}{" "}
              <Input type="datetime-local" value={until} onChange={(e) => setUntil(e.target.value)} />
            </label>
          )}
        </div>
      </Modal>
    </>
  );
}
