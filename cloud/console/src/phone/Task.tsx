import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { post } from "../api/client";
import { type Case, type Field, nodeOf, type Task as Mine, useCase, workKeys } from "../areas/work/api";
import { sendable, useFilling } from "../areas/work/filling";
import { problemsOf } from "../areas/work/problems";
import { useTree } from "../areas/places/api";
import { placeOf } from "../areas/work/names";
import { Taken } from "../areas/work/Taken";
import { say } from "../i18n";
import { age, minute } from "../parts/format";
import { Choose } from "./Choose";
import { type Chosen, unchosen } from "./chosen";
import { Fields, reveal } from "./Fields";
import { Fault, Frame, useMinute, useWords, Waiting } from "./frame";
import { isPicture, Pictures, Values } from "./Value";
import { idOf } from "../areas/work/api";

/** Task is one flow: what is asked of me, what there is, what happened. */
export function Task() {
  const { id = "" } = useParams();
  const [params] = useSearchParams();
  const query = useCase(id);
  if (!query.data)
    return query.error ? <Fault error={query.error} retry={() => void query.refetch()} /> : <Waiting />;
  const c = query.data;
  const mine = c.mine.find((k) => String(k.id) === params.get("task")) ?? c.mine[0];
  if (mine) return <Act key={mine.id} id={id} c={c} task={mine} />;
  return (
    <Frame title={titleOf(c)} back="/m">
      <State c={c} />
      <Evidence c={c} />
      <Told c={c} />
    </Frame>
  );
}

const titleOf = (c: Case): string =>
  (c.def.settings?.summary ?? [])
    .map((k) => c.record.doc[k])
    .find((v): v is string => typeof v === "string") ?? say(c.def.title);

function State({ c }: { c: Case }) {
  const { t } = useTranslation();
  return (
    <p className="p-about">
      {c.record.no} · {t(`work.states.${c.record.state}`, { defaultValue: c.record.state ?? "" })} ·{" "}
      {c.state.initiator.name} {minute(c.state.started)}
    </p>
  );
}

function Act({ id, c, task }: { id: string; c: Case; task: Mine }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const words = useWords();
  const client = useQueryClient();
  const now = useMinute();
  const node = nodeOf(c.def.nodes, task.node);
  const form = useFilling(c.form.fields, () => c.record.doc, node?.required ?? []);
  const [touched, setTouched] = useState<Set<string>>(new Set());
  const [opinion, setOpinion] = useState("");
  const asked = (node?.choose ?? []).map((k) => ({ node: k, name: nodeOf(c.def.nodes, k)?.name }));
  const [chosen, setChosen] = useState<Chosen>({});
  const [unasked, setUnasked] = useState<string[]>([]);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(
    () =>
      form.onChange((_, key) => {
        setError("");
        setTouched((was) => (was.has(key) ? was : new Set([...was, key])));
      }),
    [form],
  );
  const write = (f: Field) => (task.access[f.key] ?? task.access["*"]) === "w";
  const decide = async (verdict: "agree" | "reject") => {
    const nobody = verdict === "agree" ? unchosen(asked, chosen) : [];
    setUnasked(nobody);
    if (nobody.length > 0) {
      setError(t("phone.missing", { n: nobody.length }));
      return reveal(nobody);
    }
    setBusy(true);
    setError("");
    try {
      const doc = sendable(c.form.fields, form.doc);
      const fields = Object.fromEntries([...touched].map((k) => [k, doc[k] ?? null]));
      const next = await post<Case>(`/api/flows/${id}/events`, {
        kind: "decide",
        task: task.id,
        verdict,
        opinion,
        fields,
        chosen,
      });
      client.setQueryData(workKeys.case(id), next);
      void client.invalidateQueries({ queryKey: ["todos"] });
      void go("/m");
    } catch (e) {
      setError(words(e));
      form.complain(problemsOf(e));
      reveal(Object.keys(problemsOf(e)));
    } finally {
      setBusy(false);
    }
  };
  const again = (c.state.runs ?? []).find((r) => r.id === task.run)?.again;
  const why = again
    ? c.facts.findLast((f) => (f.kind === "rejected" || f.kind === "returned") && !!f.text)
    : undefined;
  const agree =
    say(node?.labels?.agree) ||
    t(task.kind === "fill" ? "work.done" : task.kind === "submit" ? "work.resubmit" : "work.agree");
  const mayReject = node?.type === "approve" || (node?.type === "fill" && !!node.reject);
  const left = task.due ? Date.parse(task.due) - now : undefined;
  return (
    <Frame
      title={titleOf(c)}
      back="/m"
      foot={
        <>
          {error && (
            <p className="p-wrong" role="alert">
              {error}
            </p>
          )}
          <div className="p-verdict">
            {mayReject && (
              <button
                type="button"
                id="reject"
                className="p-button danger"
                disabled={busy}
                onClick={() => void decide("reject")}
              >
                {say(node?.labels?.reject) || t("work.reject")}
              </button>
            )}
            <button
              type="button"
              id="agree"
              className="p-button primary"
              disabled={busy}
              onClick={() => void decide("agree")}
            >
              {agree}
            </button>
          </div>
        </>
      }
    >
      <State c={c} />
      <div className="p-task" id="my-task">
        <strong>{say(node?.name)}</strong>
        {left !== undefined && (
          <em className={left < 0 ? "late" : ""}>
            {t(left < 0 ? "phone.late" : "phone.left", { age: age(t, Math.abs(left)) })}
          </em>
        )}
      </div>
      {why && <p className="p-why">{t("work.because", { who: why.by?.name ?? "", text: why.text ?? "" })}</p>}
      <Evidence c={c} />
      <Fields form={form} write={write} />
      <Choose nodes={asked} chosen={chosen} set={setChosen} bad={unasked} />
      {task.kind !== "submit" && (
        <section className="p-field">
          <label htmlFor="opinion">
            {t(node?.opinion === "always" ? "work.opinionAsked" : "phone.opinion")}
          </label>
          <textarea id="opinion" rows={2} value={opinion} onChange={(e) => setOpinion(e.target.value)} />
        </section>
      )}
      <Told c={c} />
    </Frame>
  );
}

/** Evidence is the record; where there are pictures of before and after, they stand side by side. */
function Evidence({ c }: { c: Case }) {
  const { t } = useTranslation();
  const shown = c.form.fields.filter((f) => isPicture(f) && c.record.doc[f.key]);
  const after = shown.filter((f) => f.key.startsWith("after"));
  const before = shown.filter((f) => !after.includes(f));
  const compared = before.length > 0 && after.length > 0;
  const place = placeOf(c, useTree().data);
  const ids = (fs: Field[]) => fs.flatMap((f) => [c.record.doc[f.key]].flat().map(idOf));
  return (
    <section className="p-box">
      <h2>{t("phone.record")}</h2>
      {compared && (
        <div className="p-compare">
          <figure>
            <figcaption>
              {t("phone.before")} <Taken ids={ids(before)} place={place} />
            </figcaption>
            <Pictures ids={ids(before)} />
          </figure>
          <figure>
            <figcaption>
              {t("phone.after")} <Taken ids={ids(after)} place={place} />
            </figcaption>
            <Pictures ids={ids(after)} />
          </figure>
        </div>
      )}
      <Values
        fields={c.form.fields.filter((f) => !compared || !shown.includes(f))}
        doc={c.record.doc}
        due={c.form.roles?.due}
      />
    </section>
  );
}

function Told({ c }: { c: Case }) {
  const { t } = useTranslation();
  return (
    <section className="p-box">
      <h2>{t("phone.timeline")}</h2>
      <ol className="p-told">
        {c.facts
          .filter((f) => !["branched", "read"].includes(f.kind))
          .reverse()
          .map((f) => (
            <li key={f.seq}>
              <time>{minute(f.at)}</time> <strong>{t(`work.facts.${f.kind}`)}</strong>{" "}
              {f.node && say(nodeOf(c.def.nodes, f.node)?.name)}{" "}
              {f.by?.name && f.by.name !== "system" && f.by.name}
              {(f.to ?? []).length > 0 && ` → ${(f.to ?? []).map((p) => p.name).join("、")}`}
              {f.text && f.kind !== "child_started" && <q>{f.text}</q>}
            </li>
          ))}
      </ol>
    </section>
  );
}
