import type { TFunction } from "i18next";

/** The parts of the address that choose alarms. */
export const filterKeys = ["view", "q", "building", "hazard", "severity", "person", "verdict", "drill", "unrationalised", "from", "to"];

/** queryOf turns the page's address into the list's; a day is from its first moment to its last, as here. */
export function queryOf(params: URLSearchParams): string {
  const out = new URLSearchParams({ view: params.get("view") ?? "all" });
  for (const k of filterKeys) {
    const v = params.get(k);
    if (!v || k === "view") continue;
    if (k === "from" || k === "to") {
      const at = new Date(`${v}T00:00:00`);
      if (Number.isNaN(at.getTime())) continue;
      if (k === "to") at.setDate(at.getDate() + 1);
      out.set(k, at.toISOString());
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
  if (v("from") || v("to")) parts.push(t("alarms.sentence.time", { from: v("from") || "…", to: v("to") || "…" }));
  if (v("building"))
    parts.push(
      v("building")
        .split(",")
        .map((id) => names.buildings.find((b) => b.id === id)?.name ?? id)
        .join("、"),
    );
  if (v("severity")) parts.push(t(`severity.${v("severity")}`));
  if (v("hazard")) parts.push(t(`hazard.${v("hazard")}`));
  if (v("person"))
    parts.push(t("alarms.sentence.person", { name: names.people.find((p) => p.id === v("person"))?.name ?? v("person") }));
  if (v("verdict")) parts.push(t(`alarms.verdict.${v("verdict")}`));
  if (v("drill")) parts.push(t(`alarms.drill.${v("drill")}`));
  if (v("unrationalised")) parts.push(t("alarms.onlyUnrationalised"));
  if (v("q")) parts.push(t("alarms.sentence.words", { q: v("q") }));
  const what = t(`alarms.sentence.view.${params.get("view") ?? "all"}`);
  return parts.length === 0 ? what : `${what}：${parts.join(" · ")}`;
}
