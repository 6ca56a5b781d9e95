import { useRef } from "react";
import type { Alarm } from "../api/types";
import { useNow } from "./context";
import { flooded } from "./flood";

/** useFlood says whether the desk is in flood view; it looks once a second at most. */
export function useFlood(open: Alarm[]): boolean {
  const was = useRef(false);
  const seen = useRef({ now: 0, open: -1 });
  const now = useNow();
  if (seen.current.now !== now || seen.current.open !== open.length) {
    seen.current = { now, open: open.length };
    was.current = flooded(open, now, was.current);
  }
  return was.current;
}
