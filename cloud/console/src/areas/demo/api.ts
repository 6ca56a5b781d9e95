import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { get } from "../../api/client";
import type { components } from "../../api/schema.gen";

export type Status = components["schemas"]["DemoStatus"];
export type Counts = components["schemas"]["DemoCounts"];

export const demoKey = ["demo"] as const;

export const busy = (s: Status | undefined) => s?.state === "filling" || s?.state === "wiping";

/** useDemo follows the demo community; when it has come or gone, every other list is read anew. */
export function useDemo() {
  const cache = useQueryClient();
  const query = useQuery({
    queryKey: demoKey,
    queryFn: () => get<Status>("/api/demo"),
    refetchInterval: (q) => (busy(q.state.data) ? 700 : 15_000),
  });
  const state = query.data?.state;
  const before = useRef(state);
  useEffect(() => {
    if (before.current && before.current !== state && (state === "there" || state === "absent"))
      void cache.invalidateQueries({ predicate: (q) => q.queryKey[0] !== demoKey[0] });
    before.current = state;
  }, [state, cache]);
  return query;
}
