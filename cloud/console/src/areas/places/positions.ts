import type { Position } from "../../parts/FloorPlan";

/** History is where everything stands, with the way back and forth. */
export interface History {
  now: Position[];
  past: Position[][];
  future: Position[][];
}

export const keyOf = (p: { edge: string; id: string }) => `${p.edge}/${p.id}`;

const depth = 100;

/** put stands an item somewhere. While a hand drags it, only the start is a step of the history. */
export function put(h: History, p: Position, step = true): History {
  const now = [...h.now.filter((x) => keyOf(x) !== keyOf(p)), { ...p, x: inside(p.x), y: inside(p.y) }];
  return step ? remember(h, now) : { ...h, now };
}

/** takeOff removes an item from the plan. */
export function takeOff(h: History, key: string): History {
  return h.now.some((x) => keyOf(x) === key)
    ? remember(
        h,
        h.now.filter((x) => keyOf(x) !== key),
      )
    : h;
}

export function undo(h: History): History {
  const before = h.past.at(-1);
  return before ? { now: before, past: h.past.slice(0, -1), future: [h.now, ...h.future] } : h;
}

export function redo(h: History): History {
  const [next, ...rest] = h.future;
  return next ? { now: next, past: [...h.past, h.now], future: rest } : h;
}

/** nudge moves an item by a fraction of the plan. */
export function nudge(h: History, key: string, dx: number, dy: number): History {
  const p = h.now.find((x) => keyOf(x) === key);
  return p ? put(h, { ...p, x: p.x + dx, y: p.y + dy }) : h;
}

const remember = (h: History, now: Position[]): History => ({
  now,
  past: [...h.past, h.now].slice(-depth),
  future: [],
});

const inside = (v: number) => Math.round(Math.min(1, Math.max(0, v)) * 10_000) / 10_000;
