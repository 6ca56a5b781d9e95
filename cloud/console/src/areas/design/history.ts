/** History is a document with the states it can go back and forward to. */
export interface History<T> {
  past: T[];
  present: T;
  future: T[];
  /** what the last change was to: changes of the same thing in quick succession are one step back */
  tag: string;
  at: number;
}

const kept = 200;
const together = 1500; // milliseconds

export const begin = <T>(present: T): History<T> => ({ past: [], present, future: [], tag: "", at: 0 });

/** change makes next the present; now is in milliseconds. */
export function change<T>(h: History<T>, next: T, tag: string, now: number): History<T> {
  if (next === h.present) return h;
  const goesOn = tag !== "" && tag === h.tag && now - h.at < together && h.past.length > 0;
  const past = goesOn ? h.past : [...h.past, h.present].slice(-kept);
  return { past, present: next, future: [], tag, at: now };
}

export function undo<T>(h: History<T>): History<T> {
  const last = h.past.at(-1);
  if (last === undefined) return h;
  return { past: h.past.slice(0, -1), present: last, future: [h.present, ...h.future], tag: "", at: 0 };
}

export function redo<T>(h: History<T>): History<T> {
  const [next, ...rest] = h.future;
  if (next === undefined) return h;
  return { past: [...h.past, h.present], present: next, future: rest, tag: "", at: 0 };
}
