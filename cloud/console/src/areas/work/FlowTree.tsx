import { createContext, type ReactNode, useContext } from "react";
import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import type { Branch, Case, Node } from "./api";

type State = Case["state"];

/** Spot is where a node can be put: after another, or first in a branch. */
export type Spot = { after: string } | { of: string; branch: string };

/** Hands are what the drawing lets one do with it where a flow is designed. */
export interface Hands {
  selected: string | undefined;
  wrong: Set<string>;
  select: (id: string) => void;
  /** a button that puts a node there */
  plus: (at: Spot) => ReactNode;
  /** whom the node is for, in words */
  about: (n: Node) => string;
  /** the branch's condition as a sentence */
  when: (b: Branch) => string;
}

const Drawing = createContext<{ state?: State; hands?: Hands }>({});

/** how says how a node stands in an instance: people are there now, it has passed, or not yet. */
function how(s: State | undefined, id: string): "now" | "passed" | "back" | "" {
  const runs = (s?.runs ?? []).filter((r) => r.node === id);
  if (runs.some((r) => r.state === "active")) return "now";
  const last = runs.at(-1);
  if (!last) return "";
  return last.state === "passed" ? "passed" : "back";
}

/** FlowTree draws a flow: where an instance of it stands, or to be designed. */
export function FlowTree({ nodes, state, hands }: { nodes: Node[]; state?: State; hands?: Hands }) {
  const { t } = useTranslation();
  const over = state && state.status !== "running";
  return (
    <Drawing value={{ state, hands }}>
      <div
        className={hands ? "flow-tree designed" : "flow-tree"}
        role={hands ? "group" : "img"}
        aria-label={t("work.flow")}
      >
        <Chain nodes={nodes} />
        <div className={over ? "flow-end passed" : "flow-end"}>
          {state ? t(`work.status.${over ? state.status : "passed"}`) : t("work.facts.ended")}
        </div>
      </div>
    </Drawing>
  );
}

function Chain({ nodes }: { nodes: Node[] }) {
  const { hands } = useContext(Drawing);
  return (
    <>
      {nodes.map((n) => (
        <div key={n.id} className="flow-step">
          {(n.branches ?? []).length > 0 ? <Fork node={n} branches={n.branches ?? []} /> : <Step node={n} />}
          {hands?.plus({ after: n.id })}
        </div>
      ))}
    </>
  );
}

function Step({ node: n }: { node: Node }) {
  const { state, hands } = useContext(Drawing);
  const runs = (state?.runs ?? []).filter((r) => r.node === n.id);
  const last = runs.at(-1);
  const people = (state?.tasks ?? [])
    .filter((k) => k.run === last?.id && k.state !== "moved" && k.state !== "cancelled")
    .map((k) => k.to.name)
    .join("、");
  const stand = how(state, n.id);
  const inside = (
    <>
      <strong>{say(n.name)}</strong>
      {n.type === "start" && state ? (
        <span>{state.initiator.name}</span>
      ) : (
        (people || hands) && <span>{people || hands?.about(n)}</span>
      )}
      {runs.length > 1 && <em>×{runs.length}</em>}
    </>
  );
  if (hands)
    return (
      <button
        type="button"
        className={`flow-node ${n.type} ${marks(hands, n.id)}`}
        data-node={n.id}
        onClick={() => hands.select(n.id)}
      >
        {inside}
      </button>
    );
  return (
    <div className={`flow-node ${n.type} ${stand}`} data-node={n.id} data-state={stand}>
      {inside}
    </div>
  );
}

const marks = (h: Hands, id: string) =>
  `${h.selected === id ? "selected" : ""} ${h.wrong.has(id) ? "wrong" : ""}`;

function Fork({ node: n, branches }: { node: Node; branches: Branch[] }) {
  const { t } = useTranslation();
  const { state, hands } = useContext(Drawing);
  const taken = (state?.runs ?? []).filter((r) => r.node === n.id).at(-1)?.taken ?? [];
  return (
    <div className="flow-fork" data-node={n.id}>
      {hands ? (
        <button
          type="button"
          className={`flow-fork-name ${marks(hands, n.id)}`}
          data-node={n.id}
          onClick={() => hands.select(n.id)}
        >
          {say(n.name)}
        </button>
      ) : (
        <span className="flow-fork-name">{say(n.name)}</span>
      )}
      <div className="flow-branches">
        {branches.map((b) => (
          <div key={b.id} className={`flow-branch ${taken.includes(b.id) ? "taken" : ""}`}>
            <span className="flow-when">
              {say(b.name) || t("work.otherwise")}
              {hands && n.type === "condition" && <small>{hands.when(b)}</small>}
            </span>
            {hands?.plus({ of: n.id, branch: b.id })}
            <Chain nodes={b.nodes ?? []} />
          </div>
        ))}
      </div>
    </div>
  );
}
