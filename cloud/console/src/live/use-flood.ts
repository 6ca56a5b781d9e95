import { useRef } from "react";
import { useLoad } from "../api/load";
import type { Alarm } from "../api/types";
import { useLink, useNow } from "./context";
import { flooded } from "./flood";

/** useFlood says whether the desk is in flood view: the server's word, and while there is none our own count, once a second at most. */
export function useFlood(open: Alarm[]): boolean {
  const load = useLoad().data;
  const alive = useLink().state === "alive";
  const was = useRef(false);
  const seen = useRef({ now: 0, open: -1 });
  const now = useNow();
  if (load && alive) {
    was.current = load.flood;
  } else if (seen.current.now !== now || seen.current.open !== open.length) {
    seen.current = { now, open: open.length };
    was.current = flooded(open, now, was.current);
  }
  return was.current;
}
