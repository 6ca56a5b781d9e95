import { useSyncExternalStore } from "react";

/** Topic is what help is open at: "control:text", "node:approve", "tour", "" for everything. */
export type Topic = string;

let topic: Topic | undefined;
const watchers = new Set<() => void>();

/** askHelp opens the help at a topic, or closes it. */
export function askHelp(next: Topic | undefined) {
  topic = next;
  for (const w of watchers) w();
}

export const useTopic = () =>
  useSyncExternalStore(
    (w) => {
      watchers.add(w);
      return () => watchers.delete(w);
    },
    () => topic,
  );

/** Book is the help in one language: what it is for, what the server checks, a tip for the phone. */
export interface Book {
  controls: Record<string, string[]>;
  nodes: Record<string, string[]>;
  tour: { title: string; text: string; to: string }[];
}
