import type { Text } from "../../api/types";
import type { Branch, FlowDef, Node } from "../work/api";

/** Body is a flow's document as it is drafted. */
export type Body = Omit<FlowDef, "key" | "version">;

/** Spot is where a node goes: after another, or first in a branch. */
export type Spot = { after: string } | { of: string; branch: string };

/** nodes lists every node of a tree, in the order it is drawn. */
export function all(nodes: Node[]): Node[] {
  return nodes.flatMap((n) => [n, ...(n.branches ?? []).flatMap((b) => all(b.nodes ?? []))]);
}

export const node = (b: Body, id: string): Node | undefined => all(b.nodes).find((n) => n.id === id);

/** lists applies fn to every list of nodes, innermost first. */
function lists(nodes: Node[], fn: (list: Node[]) => Node[]): Node[] {
  return fn(
    nodes.map((n) =>
      n.branches ? { ...n, branches: n.branches.map((b) => ({ ...b, nodes: lists(b.nodes ?? [], fn) })) } : n,
    ),
  );
}

/** idFor is an id nothing in the flow has: the type and a number. */
export function idFor(b: Body, type: string): string {
  const taken = new Set(all(b.nodes).flatMap((n) => [n.id, ...(n.branches ?? []).map((x) => x.id)]));
  for (let i = 1; ; i++) if (!taken.has(`${type}${i}`)) return `${type}${i}`;
}

/** fresh is a new node of a type. Forks come with two branches, the last of a condition without a condition. */
export function fresh(b: Body, type: Node["type"], name: Text, branchNames: Text[]): Node {
  const n: Node = { id: idFor(b, type), type, name };
  if (type === "condition" || type === "parallel")
    n.branches = branchNames.map((x, i) => ({ id: `${n.id}_${i + 1}`, name: x, nodes: [] }));
  if (type === "delay") n.after = "24h";
  return n;
}

export function insert(b: Body, at: Spot, n: Node): Body {
  if ("after" in at)
    return { ...b, nodes: lists(b.nodes, (l) => l.flatMap((x) => (x.id === at.after ? [x, n] : [x]))) };
  return update(b, at.of, (f) => ({
    ...f,
    branches: (f.branches ?? []).map((x) =>
      x.id === at.branch ? { ...x, nodes: [n, ...(x.nodes ?? [])] } : x,
    ),
  }));
}

export function update(b: Body, id: string, fn: (n: Node) => Node): Body {
  return { ...b, nodes: lists(b.nodes, (l) => l.map((n) => (n.id === id ? fn(n) : n))) };
}

export function remove(b: Body, id: string): Body {
  return { ...b, nodes: lists(b.nodes, (l) => l.filter((n) => n.id !== id)) };
}

/** move takes a node one step up or down in its list; the start stays first. */
export function move(b: Body, id: string, by: -1 | 1): Body {
  const swap = (l: Node[]): Node[] => {
    const i = l.findIndex((n) => n.id === id);
    const j = i + by;
    const other = l[j];
    const own = l[i];
    if (!own || !other || other.type === "start" || own.type === "start") return l;
    const out = l.slice();
    [out[i], out[j]] = [other, own];
    return out;
  };
  return { ...b, nodes: lists(b.nodes, swap) };
}

/** duplicate puts a copy after a node, everything in it under ids of its own. */
export function duplicate(b: Body, id: string): Body {
  const n = node(b, id);
  if (!n || n.type === "start") return b;
  const seen = { ...b, nodes: b.nodes.slice() };
  const renamed = (x: Node): Node => {
    const own = idFor(seen, x.type);
    const out: Node = { ...structuredClone(x), id: own };
    seen.nodes.push({ ...out, branches: undefined });
    if (x.branches)
      out.branches = x.branches.map((br, i) => ({
        ...br,
        id: `${own}_${i + 1}`,
        nodes: (br.nodes ?? []).map(renamed),
      }));
    return out;
  };
  return insert(b, { after: id }, renamed(n));
}

const branches = (b: Body, of: string, fn: (l: Branch[]) => Branch[]): Body =>
  update(b, of, (n) => ({ ...n, branches: fn(n.branches ?? []) }));

/** addBranch puts a branch before the last of a condition (which takes everything else), or last of a parallel. */
export function addBranch(b: Body, of: string, name: Text): Body {
  const n = node(b, of);
  const taken = new Set((n?.branches ?? []).map((x) => x.id));
  let i = 1;
  while (taken.has(`${of}_${i}`)) i++;
  const made: Branch = { id: `${of}_${i}`, name, nodes: [] };
  return branches(b, of, (l) =>
    n?.type === "condition" ? [...l.slice(0, -1), made, ...l.slice(-1)] : [...l, made],
  );
}

export const updateBranch = (b: Body, of: string, id: string, patch: Partial<Branch>): Body =>
  branches(b, of, (l) => l.map((x) => (x.id === id ? { ...x, ...patch } : x)));

/** removeBranch takes a branch away; a fork with a single way on is no fork and goes too, its nodes stay. */
export function removeBranch(b: Body, of: string, id: string): Body {
  const left = (node(b, of)?.branches ?? []).filter((x) => x.id !== id);
  if (left.length >= 2) {
    const last = left.at(-1);
    return branches(b, of, () => left.map((x) => (x === last ? withoutWhen(b, of, x) : x)));
  }
  const inside = left[0]?.nodes ?? [];
  return { ...b, nodes: lists(b.nodes, (l) => l.flatMap((n) => (n.id === of ? inside : [n]))) };
}

/** The last way on from a condition is taken where no other is: it has no condition. */
function withoutWhen(b: Body, of: string, x: Branch): Branch {
  if (node(b, of)?.type !== "condition") return x;
  const { when: _, ...rest } = x;
  return rest as Branch;
}

/** moveBranch changes the order in which conditions are tried; the last stays last. */
export function moveBranch(b: Body, of: string, id: string, by: -1 | 1): Body {
  return branches(b, of, (l) => {
    const i = l.findIndex((x) => x.id === id);
    const j = i + by;
    const own = l[i];
    const other = l[j];
    const movable = node(b, of)?.type === "condition" ? l.length - 1 : l.length;
    if (!own || !other || i >= movable || j >= movable) return l;
    const out = l.slice();
    [out[i], out[j]] = [other, own];
    return out;
  });
}

/** nodeAt reads which node a problem is at: "nodes[2].branches[0].nodes[1].who" of a body. */
export function nodeAt(b: Body, path: string): string | undefined {
  let found: string | undefined;
  let list: Node[] = b.nodes;
  let here: Node | undefined;
  for (const m of path.matchAll(/(nodes|branches)\[(\d+)\]/g)) {
    const i = Number(m[2]);
    if (m[1] === "nodes") {
      here = list[i];
      if (!here) break;
      found = here.id;
    } else list = here?.branches?.[i]?.nodes ?? [];
  }
  return found;
}

/** before are the nodes people have passed when they come to a node: those above it on the way. */
export function before(b: Body, id: string): Node[] {
  const walk = (list: Node[], above: Node[]): Node[] | undefined => {
    const passed = above.slice();
    for (const n of list) {
      if (n.id === id) return passed;
      for (const br of n.branches ?? []) {
        const found = walk(br.nodes ?? [], [...passed, n]);
        if (found) return found;
      }
      passed.push(n, ...(n.branches ?? []).flatMap((x) => all(x.nodes ?? [])));
    }
    return undefined;
  };
  return walk(b.nodes, []) ?? [];
}
