import { useRef, useState } from "react";
import type { Alarm } from "../api/types";
import { lifeSafety } from "../live/open";

/**
 * useHeldRows keeps a list still while the pointer or the keyboard is in it: what comes
 * meanwhile waits behind a "+n new" bar, and what was there keeps its place. Only
 * life-safety alarms come at once, above all others.
 */
export function useHeldRows(items: Alarm[]) {
  const [still, setStill] = useState(false);
  const [, again] = useState(0);
  const order = useRef<string[]>([]);
  if (!still) order.current = items.map((a) => a.id);
  const { shown, held } = still ? arrange(items, order.current) : { shown: items, held: 0 };
  return {
    shown,
    held,
    show: () => {
      order.current = items.map((a) => a.id);
      again((n) => n + 1);
    },
    handlers: {
      onPointerEnter: () => setStill(true),
      onPointerLeave: () => setStill(false),
      onFocus: () => setStill(true),
      onBlur: () => setStill(false),
    },
  };
}

/** arrange puts items in the order they had; the new ones are held, or stand first when they may hurt people. */
export function arrange(items: Alarm[], order: string[]): { shown: Alarm[]; held: number } {
  const byID = new Map(items.map((a) => [a.id, a]));
  const shown: Alarm[] = [];
  for (const id of order) {
    const a = byID.get(id);
    if (a) shown.push(a);
    byID.delete(id);
  }
  const fresh = [...byID.values()];
  const urgent = fresh.filter(lifeSafety);
  return { shown: [...urgent, ...shown], held: fresh.length - urgent.length };
}
