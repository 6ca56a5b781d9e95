import { useQuery } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { components } from "../../api/schema.gen";

type Schemas = components["schemas"];

export type Catalogue = Schemas["Standards"];
export type Category = Schemas["ChecklistOut"];
export type Item = Schemas["HazardItem"];
export type Level = Schemas["FormItem"];
export type Limit = Schemas["Limit"];
export type Scheme = Schemas["HazardScheme"];
export type Grade = Schemas["HazardGrade"];
export type Standard = Schemas["HazardStandard"];

export const useCatalogue = () =>
  useQuery({
    queryKey: ["hazard-catalogue"],
    queryFn: () => get<Catalogue>("/api/hazard-catalogue"),
    staleTime: 10 * 60_000,
  });

/** score multiplies the chosen values and finds the grade; nothing until one of each is chosen. */
export function score(
  scheme: Scheme,
  chosen: Record<string, number>,
): { value: number; grade: string } | undefined {
  let value = 1;
  for (const f of scheme.factors ?? []) {
    const v = chosen[f.id];
    if (v === undefined || !(f.values ?? []).includes(v)) return undefined;
    value *= v;
  }
  value = Math.round(value * 1e6) / 1e6; // 0.1 × 3 is 0.3 for people
  const band = (scheme.bands ?? []).find((b) => value >= b.from);
  return band && { value, grade: band.grade };
}

/** found are the items in which every word stands. */
export function found(items: Item[], standards: Standard[], q: string): Item[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  return items.filter((i) => {
    const s = standards.find((x) => x.id === i.standard);
    const text = [i.text.zh, i.text.en, i.normal.zh, i.normal.en, s?.title.zh, s?.title.en]
      .join(" ")
      .toLowerCase();
    return words.every((w) => text.includes(w));
  });
}
