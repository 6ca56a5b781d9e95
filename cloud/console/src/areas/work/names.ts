import { say } from "../../i18n";
import { floorName } from "../../parts/format";
import type { Tree } from "../places/api";
import type { Case, Choice } from "./api";

/** named puts people, departments and opinions into words. */
export function named(v: unknown): string {
  if (Array.isArray(v)) return v.map(named).join("、");
  if (v && typeof v === "object") {
    const o = v as { name?: string; text?: string; id?: string };
    return o.text ?? o.name ?? o.id ?? "";
  }
  return String(v);
}

/** colour reads a word of the design system, or #rrggbb. */
export const colour = (c: string) => (c.startsWith("#") ? c : `var(--${c}, var(--line))`);

/** placeWords says a place's path in words. */
export function placeWords(tree: Tree | undefined, path: string): string {
  const [c, b, floor, room] = path.split("/");
  return [
    say(tree?.communities?.find((x) => x.id === c)?.name) || c,
    b && (say(tree?.buildings.find((x) => x.id === b)?.name) || b),
    floor && floorName(Number(floor)),
    room && (say(tree?.rooms?.find((x) => x.id === room)?.name) || room),
  ]
    .filter(Boolean)
    .join(" ");
}

interface Entry {
  code: string;
  label: Choice["label"];
  items?: Entry[];
}

/** cascadeName says a path of a dictionary in words. */
export function cascadeName(items: Entry[], path: string): string {
  const out: string[] = [];
  let level = items;
  for (const code of path.split("/")) {
    const one = level.find((i) => i.code === code);
    out.push(one ? say(one.label) : code);
    level = one?.items ?? [];
  }
  return out.join(" / ");
}

/** placeOf says where the record of a flow is about, "" if it has no place or names are not here yet. */
export function placeOf(c: Case, tree: Tree | undefined): string {
  if (!tree) return "";
  const at = c.form.fields.find((f) => f.type === "place" && c.record.doc[f.key]);
  return at ? placeWords(tree, String(c.record.doc[at.key])) : "";
}
