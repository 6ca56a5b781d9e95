import { useSearchParams } from "react-router";
import type { Expr } from "../../cond/types";

/** useListing is how a list is looked at. It is in the address, so that a link shows the same. */
export function useListing() {
  const [params, setParams] = useSearchParams();
  const get = (k: string) => params.get(k) ?? undefined;
  const filter = read(get("f"));
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
    narrowed: condition !== undefined,
    set,
    /** query is the list as the server is asked for it, beginning with "&". */
    query: (word: string) =>
      [
        condition && `&filter=${encodeURIComponent(JSON.stringify(condition))}`,
        word && `&search=${encodeURIComponent(word)}`,
        get("sort") && `&sort=${encodeURIComponent(get("sort") ?? "")}`,
        get("deleted") === "1" && "&deleted=true",
      ]
        .filter(Boolean)
        .join(""),
  };
}

export type Listing = ReturnType<typeof useListing>;

function read(raw: string | undefined): Expr | undefined {
  if (!raw) return undefined;
  try {
    return JSON.parse(raw) as Expr;
  } catch {
    return undefined; // a link somebody has mangled shows the whole list
  }
}
