import type { Text } from "../../api/types";
import type { DeviceRow, NodeKey, Tree } from "./api";

export interface Node {
  key: NodeKey;
  name: Text;
  /** what stands behind the name: number of devices, an id */
  id: string;
  devices: number;
  archived: boolean;
  planned?: boolean;
  state?: string;
  children: Node[];
}

export interface Words {
  floor: (n: number) => string;
  entrance: (id: string) => string;
  noFloor: string;
}

/** nodesOf arranges the flat lists of places as a tree, with the devices at its leaves. */
export function nodesOf(tree: Tree, devices: DeviceRow[], archived: boolean, words: Words): Node[] {
  const shown = <T extends { archived?: boolean }>(list: T[]) => list.filter((x) => archived || !x.archived);
  const there = new Set([
    ...shown(tree.rooms).map((r) => `r:${r.id}`),
    ...shown(tree.floors).map((f) => `f:${f.building}/${f.number}`),
  ]);
  const at = new Map<string, Node[]>();
  for (const d of devices) {
    const room = `r:${d.room ?? ""}`;
    const floor = `f:${d.place.building}/${d.place.floor ?? 0}`;
    const key = there.has(room) ? room : there.has(floor) ? floor : `b:${d.place.building}`;
    const list = at.get(key);
    if (list) list.push(deviceNode(d));
    else at.set(key, [deviceNode(d)]);
  }
  const node = (key: NodeKey, id: string, name: Text, isOld: boolean | undefined, children: Node[]): Node => {
    const all = [...children, ...(at.get(key) ?? [])];
    return {
      key,
      id,
      name,
      archived: isOld === true,
      children: all,
      devices: all.reduce((n, c) => n + c.devices, 0),
    };
  };
  const floorsOf = (building: string) =>
    shown(tree.floors.filter((f) => f.building === building))
      .sort((a, b) => b.pos - a.pos || b.number - a.number)
      .map((f) =>
        node(
          `f:${building}/${f.number}`,
          String(f.number),
          f.name.zh ? f.name : { zh: words.floor(f.number) },
          f.archived,
          shown(tree.rooms.filter((r) => r.building === building && r.floor === f.number)).map((r) =>
            node(`r:${r.id}`, r.unit_entrance ? words.entrance(r.unit_entrance) : "", r.name, r.archived, []),
          ),
        ),
      );
  const entrancesOf = (building: string) =>
    shown(tree.entrances.filter((e) => e.building === building)).map((e) =>
      node(`e:${building}/${e.id}`, e.id, e.name.zh ? e.name : { zh: words.entrance(e.id) }, e.archived, []),
    );
  const buildingsOf = (community: string) =>
    shown(tree.buildings.filter((b) => b.community === community)).map((b) =>
      node(`b:${b.id}`, b.id, b.name, b.archived, [...entrancesOf(b.id), ...floorsOf(b.id)]),
    );
  return shown(tree.communities).map((c) => node(`c:${c.id}`, c.id, c.name, c.archived, buildingsOf(c.id)));
}

function deviceNode(d: DeviceRow): Node {
  return {
    key: `d:${d.edge}/${d.id}`,
    id: d.id,
    name: d.name,
    devices: 1,
    archived: false,
    planned: d.state === "planned",
    state: d.state,
    children: [],
  };
}

/** found keeps what matches and everything above it. */
export function found(nodes: Node[], q: string): Node[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return nodes;
  return nodes.flatMap((n) => {
    const text = `${n.name.zh} ${n.name.en ?? ""} ${n.id} ${n.key}`.toLowerCase();
    if (words.every((w) => text.includes(w))) return [n];
    const children = found(n.children, q);
    return children.length > 0 ? [{ ...n, children }] : [];
  });
}

/** keysOf lists the keys of all nodes that have something below them. */
export const keysOf = (nodes: Node[]): string[] =>
  nodes.flatMap((n) => (n.children.length > 0 ? [n.key, ...keysOf(n.children)] : []));

/** wayTo lists the keys above a node, from the top. */
export function wayTo(nodes: Node[], key: string): string[] {
  for (const n of nodes) {
    if (n.key === key) return [];
    const below = wayTo(n.children, key);
    if (below.length > 0 || n.children.some((c) => c.key === key)) return [n.key, ...below];
  }
  return [];
}
