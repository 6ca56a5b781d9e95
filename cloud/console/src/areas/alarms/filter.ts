import type { TFunction } from "i18next";
import { instant } from "../../parts/format";
import { dateOf } from "./range";

/** The parts of the address that choose alarms. */
export const filterKeys = [
  "view",
  "q",
  "building",
  "hazard",
  "severity",
  "person",
  "verdict",
  "drill",
  "unrationalised",
  "from",
  "to",
];

/** queryOf turns the page's address into the list's; a day is from its first moment to its last, of the community. */
export function queryOf(params: URLSearchParams): string {
  const out = new URLSearchParams({ view: params.get("view") ?? "all" });
  for (const k of filterKeys) {
    const v = params.get(k);
    if (!v || k === "view") continue;
    if (k === "from" || k === "to") {
      if (!/^\d{4}-\d{2}-\d{2}$/.test(v)) continue;
      out.set(k, instant(k === "to" ? dateOf(v, 1) : v).toISOString());
    } else out.set(k, v);
  }
  return out.toString();
}

interface Names {
  buildings: { id: string; name: string }[];
  people: { id: string; name: string }[];
}

/** sentenceOf says in words what the list shows. */
export function sentenceOf(t: TFunction, params: URLSearchParams, names: Names): string {
  const parts: string[] = [];
  const v = (k: string) => params.get(k) ?? "";
  if (v("from") || v("to"))
    parts.push(t("alarms.sentence.time", { from: v("from") || "…", to: v("to") || "…" }));
  if (v("building"))
    parts.push(
      v("building")
        .split(",")
        .map((id) => names.buildings.find((b) => b.id === id)?.name ?? id)
        .join(t("alarms.sentence.and")),
    );
  if (v("severity")) parts.push(t(`severity.${v("severity")}`));
  if (v("hazard")) parts.push(t(`hazard.${v("hazard")}`));
  if (v("person"))
    parts.push(
      t("alarms.sentence.person", {
        name: names.people.find((p) => p.id === v("person"))?.name ?? v("person"),
      }),
    );
  if (v("verdict")) parts.push(t(`alarms.verdict.${v("verdict")}`));
  if (v("drill")) parts.push(t(`alarms.drill.${v("drill")}`));
  if (v("unrationalised")) parts.push(t("alarms.onlyUnrationalised"));
  if (v("q")) parts.push(t("alarms.sentence.words", { q: v("q") }));
  const what = t(`alarms.sentence.view.${params.get("view") ?? "all"}`);
  return parts.length === 0 ? what : t("alarms.sentence.with", { what, parts: parts.join(" · ") });
}
