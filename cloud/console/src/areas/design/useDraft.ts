import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { Problem as Refusal, request } from "../../api/client";
import { type Detail, type Kind, keys, type Problem } from "./api";
import * as history from "./history";

const pause = 600; // milliseconds of quiet before a draft is kept

type Saved = { draft: { rev: number }; problems: Problem[] };

/** Change makes the next document out of the one there is: what was changed a moment ago is never lost. */
export type Change<T> = (next: (was: T) => T, tag?: string) => void;

/** Draft is a document being edited: every change is kept on the server shortly after it is made. */
export interface Draft<T> {
  body: T;
  change: Change<T>;
  undo?: () => void;
  redo?: () => void;
  state: "kept" | "keeping" | "failed" | "conflict" | "untouched";
  error?: unknown;
  problems: Problem[];
  publish: (note: string) => Promise<void>;
  discard: () => Promise<void>;
  retry: () => void;
}

/** useDraft edits the draft of a document, beginning with the version in force where there is none. */
export function useDraft<T>(kind: Kind, key: string, detail: Detail<T>): Draft<T> {
  const client = useQueryClient();
  const [h, setHistory] = useState(() => history.begin((detail.draft?.body ?? detail.current?.body) as T));
  const [state, setState] = useState<Draft<T>["state"]>(detail.draft ? "kept" : "untouched");
  const [error, setError] = useState<unknown>();
  const [problems, setProblems] = useState<Problem[]>([]);
  const rev = useRef(detail.draft?.rev ?? 0);
  const kept = useRef(h.present);
  const wanted = useRef(h.present);
  const running = useRef<Promise<void> | undefined>(undefined);
  const path = `/api/documents/${kind}/${key}`;

  /** keep sends what there is until nothing is left to send; two never run at once. */
  const keep = useCallback((): Promise<void> => {
    if (running.current) return running.current;
    const send = async () => {
      setState("keeping");
      while (kept.current !== wanted.current) {
        const body = wanted.current;
        const r = await request<Saved>("PUT", `${path}/draft`, { rev: rev.current, body });
        rev.current = r.draft.rev;
        kept.current = body;
        setProblems(r.problems ?? []);
      }
      setState("kept");
      setError(undefined);
    };
    running.current = send()
      .catch((e: unknown) => {
        setState(e instanceof Refusal && e.status === 409 ? "conflict" : "failed");
        setError(e);
        throw e;
      })
      .finally(() => (running.current = undefined));
    return running.current;
  }, [path]);

  useEffect(() => {
    wanted.current = h.present;
    if (kept.current === h.present || state === "conflict") return;
    setState("keeping");
    const timer = setTimeout(() => void keep().catch(() => undefined), pause);
    return () => clearTimeout(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- state only says when to stop
  }, [h.present, keep]);
  useEffect(
    () => () => {
      if (kept.current !== wanted.current) void keep().catch(() => undefined);
      void client.invalidateQueries({ queryKey: keys.list(kind) });
    },
    [keep, client, kind],
  );
  // What keeps a draft from being published is known from the start.
  useEffect(() => {
    if (!detail.draft) return;
    kept.current = undefined as T;
    void keep().catch(() => undefined);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once
  }, []);

  const reload = async () => {
    await client.invalidateQueries({ queryKey: ["documents"] });
    await client.invalidateQueries({ queryKey: ["form"] });
    await client.invalidateQueries({ queryKey: ["forms"] });
    await client.invalidateQueries({ queryKey: ["dictionary"] });
  };
  return {
    body: h.present,
    change: (next, tag = "") => {
      const now = Date.now();
      setHistory((was) => history.change(was, next(was.present), tag, now));
    },
    undo: h.past.length > 0 ? () => setHistory(history.undo) : undefined,
    redo: h.future.length > 0 ? () => setHistory(history.redo) : undefined,
    state,
    error,
    problems,
    publish: async (note) => {
      await keep();
      await request("POST", `${path}/publish`, { rev: rev.current, note });
      await reload();
    },
    discard: async () => {
      kept.current = wanted.current;
      if (rev.current > 0) await request("DELETE", `${path}/draft?rev=${rev.current}`);
      await reload();
    },
    retry: () => void keep().catch(() => undefined),
  };
}
