import type { Directory, Field } from "../areas/work/api";
import type { Text } from "../api/types";

/** Asked is a node whose people somebody has to choose. */
export interface Asked {
  node: string;
  name: Text | undefined;
}

/** Chosen are people by the node they were chosen for. */
export type Chosen = Record<string, { id: string; name: string }[]>;

/** controlOf makes of a node a control that people are chosen with. */
export const controlOf = (n: Asked, label: (node: Text | undefined) => string): Field =>
  ({ key: `choose-${n.node}`, type: "persons", label: { zh: label(n.name), en: label(n.name) } }) as Field;

/** choose puts down whom somebody has chosen for a node; nobody takes it away. */
export function choose(chosen: Chosen, node: string, ids: unknown, people: Directory["people"]): Chosen {
  const list = (Array.isArray(ids) ? ids : []) as string[];
  const { [node]: _, ...rest } = chosen;
  if (list.length === 0) return rest;
  return { ...rest, [node]: list.map((id) => ({ id, name: people.find((p) => p.id === id)?.name ?? id })) };
}

/** unchosen are the nodes for which nobody has been chosen yet. */
export const unchosen = (asked: Asked[], chosen: Chosen): string[] =>
  asked.filter((n) => !chosen[n.node]?.length).map((n) => `choose-${n.node}`);
