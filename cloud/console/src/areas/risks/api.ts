import { useQuery } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { components } from "../../api/schema.gen";
import type { Expr } from "../../cond/types";

type Schemas = components["schemas"];
type Lists<T> = { [K in keyof T]: NonNullable<T[K]> extends readonly (infer E)[] ? E[] : T[K] };

export type Summary = Lists<Schemas["RiskSummary"]>;
export type Spot = Schemas["RiskSpot"];
export type Offer = Lists<Schemas["RiskOffer"]>;
export type Added = Schemas["RiskAdded"];
export type Regraded = Schemas["RiskRegraded"];

/** The four grades, gravest first; each has its shape besides its colour. */
export const grades = ["red", "orange", "yellow", "blue"] as const;
export type Grade = (typeof grades)[number];
export const schemes = ["lec", "ls"] as const;

/** Look is how the register is looked at. All of it is in the address. */
export interface Look {
  place: string;
  category: string;
  grade: string;
  scheme: string;
  /** a cell of the LS matrix, "likelihood-severity" */
  cell: string;
  /** one LEC score */
  score: string;
  only: string;
}

export const lookKeys = ["place", "category", "grade", "scheme", "cell", "score", "only"] as const;

export const riskKey = ["risks"] as const;

export const useSummary = (l: Look) => {
  const query = new URLSearchParams();
  for (const k of ["place", "category", "grade", "scheme"] as const) if (l[k]) query.set(k, l[k]);
  const at = `/api/risks/summary?${query}`;
  return useQuery({
    queryKey: [...riskKey, at],
    queryFn: () => get<Summary>(at),
    placeholderData: (old) => old,
    refetchInterval: 30_000,
  });
};

export const useLibrary = (place: string) =>
  useQuery({
    queryKey: [...riskKey, "library", place],
    queryFn: () => get<{ items: Offer[] }>(`/api/risks/library?place=${encodeURIComponent(place)}`),
    enabled: place !== "",
  });

const is = (op: string, f: string, v: unknown) => ({ op, l: { f }, r: { v } }) as Expr;

/** inPlace says that a record is at a place or within it; a community stands for what lies in none of its buildings. */
const inPlace = (place: string) => is(place.includes("/") ? "self_or_sub" : "eq", "place", place);

/** condition is what the list shows: the same risks that the summary counts, narrowed further. */
export function condition(l: Look): Expr {
  const args: Expr[] = [is("ne", "status", "gone")];
  if (l.place) args.push(inPlace(l.place));
  for (const k of ["category", "grade", "scheme"] as const) if (l[k]) args.push(is("eq", k, l[k]));
  const [likely, severe] = l.cell.split("-");
  if (likely && severe)
    args.push(is("eq", "scheme", "ls"), is("eq", "ls_l", likely), is("eq", "ls_s", severe));
  if (l.score) args.push(is("eq", "scheme", "lec"), is("eq", "score", Number(l.score)));
  if (l.only === "overdue") args.push({ op: "before", l: { f: "_due_at" }, r: { now: "" } } as Expr);
  if (l.only === "open") args.push(is("eq", "status", "open"));
  return { op: "and", args } as Expr;
}

/** hazardsAt is the list of hazards at a place that are not closed. */
export function hazardsAt(place: string): string {
  const open = is("not_in", "_state", ["closed", "refused", "withdrawn"]);
  const e = place ? { op: "and", args: [inPlace(place), open] } : open;
  return `/forms/hazard?f=${encodeURIComponent(JSON.stringify(e))}`;
}

/** bands groups the LEC scores there are under their grades, gravest first. */
export function bands(scores: Summary["scores"]) {
  return grades.map((grade) => {
    const of = scores.filter((s) => s.grade === grade);
    return { grade, scores: of, n: of.reduce((sum, s) => sum + s.n, 0) };
  });
}
