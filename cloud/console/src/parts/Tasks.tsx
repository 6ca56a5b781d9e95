import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { IncidentDetail, Task } from "../api/types";
import { say } from "../i18n";
import { useNow } from "../live/context";
import { clock, elapsed } from "./format";
import { NoteDialog } from "./NoteDialog";
import { useSession } from "./session";
import { useIncidentVerbs } from "./verbs";

/** Tasks by phase, each with its clock; what is blocked is grey and says what it waits for. */
export function Tasks({ d }: { d: IncidentDetail }) {
  const phases = [...new Map(d.tasks.map((x) => [x.phase, x.phase_name])).entries()];
  return (
    <>
      {phases.map(([key, name]) => (
        <div key={key} className="phase">
          <h3>{say(name)}</h3>
          <ol>
            {d.tasks
              .filter((x) => x.phase === key)
              .map((x) => (
                <TaskLine key={x.key} task={x} d={d} />
              ))}
          </ol>
        </div>
      ))}
    </>
  );
}

const glyph = { blocked: "◌", ready: "○", running: "◐", done: "●", skipped: "⊘" };

function TaskLine({ task, d }: { task: Task; d: IncidentDetail }) {
  const { t } = useTranslation();
  const role = d.roles.find((r) => r.key === task.role);
  const waits = (task.waits_for ?? []).map((k) => say(d.tasks.find((x) => x.key === k)?.text) || k);
  return (
    <li
      className={`task ${task.state} ${task.overdue ? "overdue" : ""}`}
      data-task={task.key}
      data-state={task.state}
    >
      <i aria-hidden>{glyph[task.state]}</i>
      <div>
        <p>
          {task.critical && <em className="critical-tag">{t("incident.critical")}</em>} {say(task.text)}
        </p>
        {(task.prohibits ?? []).map((p) => (
          <p key={p.zh} className="prohibit">
            ⊘ {t("incident.prohibits")}：{say(p)}
          </p>
        ))}
        <small className="quiet">
          {say(role?.name)}
          {task.assignee_name && ` · ${task.assignee_name}`}
          {task.done_at && ` · ${clock(task.done_at)}`}
          {task.note && ` · ${task.note}`}
          {task.state === "blocked" &&
            waits.length > 0 &&
            ` · ${t("incident.waits", { what: waits.join("、") })}`}
        </small>
      </div>
      <Clock task={task} />
      {d.incident.state === "open" && <TaskVerbs task={task} id={d.incident.id} />}
    </li>
  );
}

function Clock({ task }: { task: Task }) {
  const { t } = useTranslation();
  const now = useNow();
  if (!task.due_at || task.state === "done" || task.state === "skipped") return <span className="due" />;
  const left = Date.parse(task.due_at) - now;
  return (
    <span className={`due ${left < 0 ? "abnormal" : ""}`}>
      {left < 0 ? t("incident.overdue", { age: elapsed(-left) }) : t("incident.left", { age: elapsed(left) })}
    </span>
  );
}

function TaskVerbs({ task, id }: { task: Task; id: string }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const verb = useIncidentVerbs(id);
  const [skipping, setSkipping] = useState(false);
  if (!may("incident.work") || (task.state !== "ready" && task.state !== "running")) return null;
  const act = (what: string) => verb.mutate({ path: `tasks/${task.key}/${what}`, body: { note: "" } });
  return (
    <span className="task-verbs">
      {task.state === "ready" && (
        <Button type="primary" loading={verb.isPending} onClick={() => act("accept")}>
          {t("incident.take")}
        </Button>
      )}
      {task.state === "running" && (
        <Button type="primary" loading={verb.isPending} onClick={() => act("done")}>
          {t("incident.done")}
        </Button>
      )}
      <Button type="text" onClick={() => setSkipping(true)}>
        {t("incident.skip")}
      </Button>
      {skipping && (
        <NoteDialog
          id={id}
          path={`tasks/${task.key}/skip`}
          title={t("incident.skip")}
          label={t("incident.skipWhy")}
          onEnd={() => setSkipping(false)}
        />
      )}
    </span>
  );
}
