import { say } from "../../i18n";
import type { Unit } from "./api";

export interface Node {
  value: string;
  key: string;
  title: string;
  children: Node[];
}

/** treeOf builds the tree of the units that pass; what stands under one left out goes with it. */
export function treeOf(units: Unit[], pass: (u: Unit) => boolean = () => true, parent = ""): Node[] {
  return units
    .filter((u) => u.parent === parent && pass(u))
    .map((u) => ({ value: u.id, key: u.id, title: say(u.name), children: treeOf(units, pass, u.id) }));
}

/** below reports whether a unit is under another, or the same. */
export function below(units: Unit[], id: string, top: string): boolean {
  for (let at: string | undefined = id, steps = 0; at && steps <= units.length; steps++) {
    if (at === top) return true;
    at = units.find((u) => u.id === at)?.parent;
  }
  return false;
}
