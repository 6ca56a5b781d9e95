import { App, Button, Input, Select } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { useQueryClient } from "@tanstack/react-query";
import { post } from "../../api/client";
import { say } from "../../i18n";
import { dateTime, minute } from "../../parts/format";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Loaded, useProblemText } from "../../parts/states";
import { type Case, type Doc, type Field, nodeOf, type Task, idOf, useCase, workKeys } from "./api";
import { useTree } from "../places/api";
import { Values } from "./FieldValue";
import { FlowTree } from "./FlowTree";
import { type Act, CaseVerbs, ChoosePeople, passed, type Chosen, TaskVerbs } from "./CaseVerbs";
import { AlarmsOfRecord } from "./AlarmLinks";
import { SignatureInput } from "./Capture";
import { sendable, useFilling } from "./filling";
import { Due } from "./Due";
import { FormFields, reveal } from "./FormFields";
import { Pictures } from "./Media";
import { placeOf } from "./names";
import { Taken } from "./Taken";
import { PrintButton } from "./Paper";
import { problemsOf, summaryOf } from "./problems";
import "./work.css";

/** CasePage is one flow with its record: what is asked of me, what there is, how it came to that. */
export function CasePage() {
  const { id = "" } = useParams();
  const query = useCase(id);
  return <Loaded query={query}>{(c) => <Sheet key={id} id={id} c={c} />}</Loaded>;
}

function Sheet({ id, c }: { id: string; c: Case }) {
  const { t } = useTranslation();
  const [params] = useSearchParams();
  const task = c.mine.find((k) => String(k.id) === params.get("task")) ?? c.mine[0];
  useRead(id, c);
  const act = useAct(id);
  const title = (c.def.settings?.summary ?? [])
    .map((k) => c.record.doc[k])
    .find((v) => typeof v === "string");
  return (
    <Page
      title={(title as string) || say(c.def.title)}
      about={
        <>
          {c.record.no && <span className="work-no">{c.record.no}</span>}{" "}
          {c.state.suspended && <strong className="work-late">{t("work.facts.suspended")} </strong>}
          {t(`work.states.${c.record.state}`, { defaultValue: c.record.state ?? "" })} · {say(c.def.title)} ·{" "}
          {t("work.from", { who: c.state.initiator.name })} {minute(c.state.started)}
        </>
      }
      verbs={
        <>
          <PrintButton
            title={c.form.title}
            record={c.record}
            fields={c.form.fields}
            due={c.form.roles?.due}
            flow={id}
          />
          <CaseVerbs c={c} act={act} />
        </>
      }
    >
      <div className="work-split">
        <div className="work-main">
          {task && <MyTask key={task.id} c={c} task={task} act={act} />}
          <section className="work-box">
            <h2>{t("work.form")}</h2>
            <Compare c={c} />
            <Values
              fields={c.form.fields}
              doc={c.record.doc}
              shown={(f) => !compared(c).includes(f)}
              due={c.form.roles?.due}
            />
          </section>
          <AlarmsOfRecord form={c.state.form} record={c.state.record} />
          <Timeline c={c} />
        </div>
        <aside className="work-box">
          <h2>{t("work.flow")}</h2>
          <FlowTree nodes={c.def.nodes} state={c.state} />
        </aside>
      </div>
    </Page>
  );
}

/** useRead tells the server, once, that I have seen what waits for me. */
function useRead(id: string, c: Case) {
  const { me } = useSession();
  const unread = (c.state.tasks ?? []).filter(
    (k) => k.to.id === me.id && !k.read && (k.state === "open" || k.state === "unread"),
  );
  const first = unread[0]?.id;
  const client = useQueryClient();
  useEffect(() => {
    if (!first) return;
    post<Case>(`/api/flows/${id}/events`, { kind: "read", task: first }).then(
      (next) => client.setQueryData(workKeys.case(id), next),
      () => undefined, // it is asked again when the page is opened next
    );
  }, [id, first, client]);
}

/** useAct does something to the flow and keeps what it has become. */
function useAct(id: string): Act {
  const client = useQueryClient();
  return async (body: unknown) => {
    const next = await post<Case>(`/api/flows/${id}/events`, body);
    client.setQueryData(workKeys.case(id), next);
    void client.invalidateQueries({ queryKey: ["todos"] });
    void client.invalidateQueries({ queryKey: ["records"] });
    return next;
  };
}

/** changed are the fields somebody has touched, null where they took a value away. */
function changed(fields: Field[], doc: Doc, touched: Set<string>): Doc {
  const out = sendable(fields, doc);
  return Object.fromEntries([...touched].map((k) => [k, out[k] ?? null]));
}

function MyTask({ c, task, act }: { c: Case; task: Task; act: Act }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const go = useNavigate();
  const node = nodeOf(c.def.nodes, task.node);
  const form = useFilling(c.form.fields, () => c.record.doc, node?.required ?? []);
  const [touched, setTouched] = useState<Set<string>>(new Set());
  useEffect(
    () =>
      form.onChange((_, key) => {
        setError(undefined);
        setTouched((was) => (was.has(key) ? was : new Set([...was, key])));
      }),
    [form],
  );
  const [opinion, setOpinion] = useState("");
  const [target, setTarget] = useState<string>();
  const [sign, setSign] = useState<string>();
  const [chosen, setChosen] = useState<Chosen>({});
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState("");
  const write = (f: Field) => (task.access[f.key] ?? task.access["*"]) === "w";
  const decide = async (verdict: "agree" | "reject") => {
    setBusy(verdict);
    setError(undefined);
    try {
      const fields = changed(c.form.fields, form.doc, touched);
      const next = await act({
        kind: "decide",
        task: task.id,
        verdict,
        opinion,
        fields,
        target,
        sign,
        chosen,
      });
      void message.success(t("work.acted"));
      if (next.mine.length === 0) void go("/todos");
    } catch (e) {
      setError(e);
      form.complain(problemsOf(e));
      reveal(Object.keys(problemsOf(e)));
    } finally {
      setBusy("");
    }
  };
  const agree =
    say(node?.labels?.agree) ||
    t(task.kind === "fill" ? "work.done" : task.kind === "submit" ? "work.resubmit" : "work.agree");
  const again = (c.state.runs ?? []).find((r) => r.id === task.run)?.again;
  const why = again
    ? c.facts.findLast((f) => (f.kind === "rejected" || f.kind === "returned") && !!f.text)
    : undefined;
  const mayReject = node?.type === "approve" || (node?.type === "fill" && !!node.reject);
  return (
    <section className="work-box work-mine" id="my-task">
      <h2>
        {t("work.yourTask", { node: say(node?.name) })}
        {task.due && (
          <>
            {" "}
            <Due at={task.due} />
          </>
        )}
      </h2>
      {why && (
        <p className="work-why">{t("work.because", { who: why.by?.name ?? "", text: why.text ?? "" })}</p>
      )}
      <FormFields form={form} write={write} />
      {task.kind !== "submit" && (
        <Input.TextArea
          id="opinion"
          autoSize={{ minRows: 2 }}
          placeholder={t(node?.opinion === "always" ? "work.opinionAsked" : "work.opinion")}
          value={opinion}
          onChange={(e) => setOpinion(e.target.value)}
        />
      )}
      <ChoosePeople
        nodes={(node?.choose ?? []).map((k) => ({ node: k, name: nodeOf(c.def.nodes, k)?.name }))}
        chosen={chosen}
        set={setChosen}
      />
      {node?.sign && (
        <SignatureInput
          field={{ key: "sign", type: "signature", label: { zh: "", en: "" } }}
          id="sign"
          value={sign ? [sign] : undefined}
          set={(v) => setSign((v as string[] | null)?.[0])}
        />
      )}
      {mayReject && node?.reject === "chosen" && (
        <Select
          id="reject-target"
          placeholder={t("work.rejectWhere")}
          value={target}
          onChange={setTarget}
          options={passed(c, task.node).map((n) => ({ value: n.id, label: say(n.name) }))}
        />
      )}
      {error !== undefined && (
        <p className="work-problem" role="alert">
          {summaryOf(error, words)}
        </p>
      )}
      <div className="work-verdict">
        <Button type="primary" id="agree" loading={busy === "agree"} onClick={() => void decide("agree")}>
          {agree}
        </Button>
        {mayReject && (
          <Button danger id="reject" loading={busy === "reject"} onClick={() => void decide("reject")}>
            {say(node?.labels?.reject) || t("work.reject")}
          </Button>
        )}
        <TaskVerbs c={c} task={task} opinion={opinion} act={act} done={() => void go("/todos")} />
      </div>
    </section>
  );
}

/** compared are the fields whose pictures stand side by side: those of before, those of after. */
function compared(c: Case): Field[] {
  const shown = c.form.fields.filter((f) => ["photo", "media"].includes(f.type) && c.record.doc[f.key]);
  const after = shown.filter((f) => f.key.startsWith("after"));
  return after.length > 0 && after.length < shown.length ? shown : [];
}

/** Compare puts the pictures of before and after side by side, where there are both. */
function Compare({ c }: { c: Case }) {
  const { t } = useTranslation();
  const tree = useTree().data;
  const shown = compared(c);
  const after = shown.filter((f) => f.key.startsWith("after"));
  const before = shown.filter((f) => !after.includes(f));
  if (shown.length === 0) return null;
  const side = (name: string, fields: Field[]) => {
    const ids = fields.flatMap((f) => c.record.doc[f.key] as unknown[]);
    return (
      <figure>
        <figcaption>
          {name} <Taken ids={ids.map(idOf)} place={placeOf(c, tree)} />
        </figcaption>
        <Pictures value={ids} large />
      </figure>
    );
  };
  return (
    <div className="work-compare">
      {side(t("work.before"), before)}
      {side(t("work.after"), after)}
    </div>
  );
}

/** Timeline is what happened, newest first; steps of the engine that say nothing to people are left out. */
function Timeline({ c }: { c: Case }) {
  const { t } = useTranslation();
  const told = c.facts.filter((f) => !["branched", "read"].includes(f.kind)).reverse();
  return (
    <section className="work-box">
      <h2>{t("work.timeline")}</h2>
      <ol className="work-timeline">
        {told.map((f) => {
          const node = f.node ? nodeOf(c.def.nodes, f.node) : undefined;
          const to = (f.to ?? []).map((p) => p.name || p.id).join("、");
          return (
            <li key={f.seq} className={f.kind}>
              <time>{dateTime(f.at)}</time>
              <span>
                <strong>{t(`work.facts.${f.kind}`)}</strong> {node && say(node.name)}
                {f.by?.name && f.by.name !== "system" && ` · ${f.by.name}`}
                {to && ` → ${to}`}
                {f.text && f.kind !== "child_started" && <q>{f.text}</q>}
              </span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
