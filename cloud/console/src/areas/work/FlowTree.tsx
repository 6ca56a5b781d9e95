import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import type { Branch, Case, Node } from "./api";

type State = Case["state"];

/** how says how a node stands in an instance: people are there now, it has passed, or not yet. */
function how(s: State, id: string): "now" | "passed" | "back" | "" {
  const runs = (s.runs ?? []).filter((r) => r.node === id);
  if (runs.some((r) => r.state === "active")) return "now";
  const last = runs.at(-1);
  if (!last) return "";
  return last.state === "passed" ? "passed" : "back";
}

/** FlowTree draws a flow, and where an instance of it stands. */
export function FlowTree({ nodes, state }: { nodes: Node[]; state: State }) {
  const { t } = useTranslation();
  return (
    <div className="flow-tree" role="img" aria-label={t("work.flow")}>
      <Chain nodes={nodes} state={state} />
      <div className={state.status === "running" ? "flow-end" : "flow-end passed"}>
        {t(`work.status.${state.status === "running" ? "passed" : state.status}`)}
      </div>
    </div>
  );
}

function Chain({ nodes, state }: { nodes: Node[]; state: State }) {
  return (
    <>
      {nodes.map((n) => (
        <Step key={n.id} node={n} state={state} />
      ))}
    </>
  );
}

function Step({ node: n, state }: { node: Node; state: State }) {
  const branches = n.branches ?? [];
  if (branches.length > 0) return <Fork node={n} branches={branches} state={state} />;
  const runs = (state.runs ?? []).filter((r) => r.node === n.id);
  const last = runs.at(-1);
  const people = (state.tasks ?? [])
    .filter((k) => k.run === last?.id && k.state !== "moved" && k.state !== "cancelled")
    .map((k) => k.to.name)
    .join("、");
  const stand = how(state, n.id);
  return (
    <div className={`flow-node ${n.type} ${stand}`} data-node={n.id} data-state={stand}>
      <strong>{say(n.name)}</strong>
      {n.type === "start" ? <span>{state.initiator.name}</span> : people && <span>{people}</span>}
      {runs.length > 1 && <em>×{runs.length}</em>}
    </div>
  );
}

function Fork({ node: n, branches, state }: { node: Node; branches: Branch[]; state: State }) {
  const { t } = useTranslation();
  const taken = (state.runs ?? []).filter((r) => r.node === n.id).at(-1)?.taken ?? [];
  return (
    <div className="flow-fork" data-node={n.id}>
      <span className="flow-fork-name">{say(n.name)}</span>
      <div className="flow-branches">
        {branches.map((b) => (
          <div key={b.id} className={`flow-branch ${taken.includes(b.id) ? "taken" : ""}`}>
            <span className="flow-when">{say(b.name) || t("work.otherwise")}</span>
            <Chain nodes={b.nodes ?? []} state={state} />
          </div>
        ))}
      </div>
    </div>
  );
}
