import { useEffect } from "react";
import type { Alarm } from "../api/types";
import { useLive } from "./context";

/**
 * usePainted tells the server, once an occurrence, that this seat has really painted it.
 * Give it what is on the screen, not what is in the list.
 */
export function usePainted(alarms: Alarm[]) {
  const { seat } = useLive();
  useEffect(() => {
    const note = () => {
      if (document.visibilityState !== "visible") return;
      const fresh = seat.unpainted(alarms);
      // Two frames: the first is scheduled before the paint, the second runs after it.
      // They are not taken back when the list changes: what was painted stays painted.
      if (fresh.length > 0) requestAnimationFrame(() => requestAnimationFrame(() => seat.paint(fresh)));
    };
    note();
    document.addEventListener("visibilitychange", note);
    return () => document.removeEventListener("visibilitychange", note);
  }, [alarms, seat]);
}
