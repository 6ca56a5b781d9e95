import { useSearchParams } from "react-router";
import type { Expr } from "../../cond/types";
import type { Chart } from "./stats";

/** Drilled is one group of the statistics that a list is narrowed to, with its name. */
export interface Drilled {
  field: string;
  bucket?: string;
  key: unknown;
  hidden?: boolean;
  label: string;
}

/** useListing is how a list is looked at. It is in the address, so that a link shows the same. */
export function useListing() {
  const [params, setParams] = useSearchParams();
  const get = (k: string) => params.get(k) ?? undefined;
  const filter = read<Expr>(get("f"));
  const drilled = read<Drilled[]>(get("drill")) ?? [];
  const state = get("_state");
  const fields = get("fields")?.split(",").filter(Boolean);
  const set = (patch: Record<string, string | undefined>) => {
    const next = new URLSearchParams(params);
    for (const [k, v] of Object.entries(patch))
      if (v) next.set(k, v);
      else next.delete(k);
    setParams(next, { replace: true });
  };
  const equal = ["_state", "level", "category"].flatMap((f) => {
    const v = get(f);
    return v ? [{ op: "eq", l: { f }, r: { v } } as Expr] : [];
  });
  const all = [...(filter ? [filter] : []), ...equal];
  const condition: Expr | undefined = all.length > 1 ? { op: "and", args: all } : all[0];
  return {
    filter,
    state,
    fields,
    sort: get("sort"),
    view: get("view"),
    search: get("q") ?? "",
    deleted: get("deleted") === "1",
    drilled,
    node: get("node"),
    handler: get("handler"),
    stats: get("tab") === "stats",
    chart: read<Chart>(get("chart")),
    narrowed: condition !== undefined || drilled.length > 0 || !!get("node") || !!get("handler"),
    set,
    /** query is the list as the server is asked for it, beginning with "&". */
    query: (word: string) =>
      [
        condition && `&filter=${encodeURIComponent(JSON.stringify(condition))}`,
        drilled.length > 0 && `&drill=${encodeURIComponent(JSON.stringify(drilled))}`,
        get("node") && `&node=${encodeURIComponent(get("node") ?? "")}`,
        get("handler") && `&handler=${encodeURIComponent(get("handler") ?? "")}`,
        word && `&search=${encodeURIComponent(word)}`,
        get("sort") && `&sort=${encodeURIComponent(get("sort") ?? "")}`,
        get("deleted") === "1" && "&deleted=true",
      ]
        .filter(Boolean)
        .join(""),
  };
}

export type Listing = ReturnType<typeof useListing>;

function read<T>(raw: string | undefined): T | undefined {
  if (!raw) return undefined;
  try {
    return JSON.parse(raw) as T;
  } catch {
    return undefined; // a link somebody has mangled shows the whole list
  }
}
