import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { get } from "../api/client";
import type { Text } from "../api/types";
import { say } from "../i18n";
import type { Form } from "./form";
import type { Doc, Field } from "./types";
import { useView } from "./use";

export interface Checklist {
  id: string;
  title: Text;
  items: { id: string; text: Text; normal: Text; level: string }[];
}

/** rowsOf makes rows of the items, with those columns the sub-form has. */
export function rowsOf(f: Field, c: Checklist): Doc[] {
  const has = (key: string) => f.fields?.some((g) => g.key === key && !g.hidden);
  return c.items.slice(0, f.max_count || 500).map((i) => ({
    item: say(i.text),
    ...(has("normal") && { normal: say(i.normal) }),
    ...(has("level") && { level: i.level }),
  }));
}

const brought = new Set(["_id", "item", "normal", "level"]);

/** untouched reports whether nobody has answered any row yet: such rows may be replaced. */
export const untouched = (rows: Doc[]) =>
  rows.every((r) => Object.entries(r).every(([k, v]) => brought.has(k) || v === undefined || v === ""));

/** useChecklist brings the items of the category chosen. What somebody has filled in is only replaced when asked. */
export function useChecklist(form: Form, f: Field) {
  const value = useView(form, f.checklist ?? "").value;
  const code = typeof value === "string" ? (value.split("/")[0] ?? "") : "";
  const had = useRef(form.rows(f.key).length > 0 ? code : "");
  const { data } = useQuery({
    queryKey: ["checklist", code],
    queryFn: () => get<Checklist>(`/api/checklists/${code}`),
    enabled: !!f.checklist && !!code,
    staleTime: 60_000,
    retry: false, // a category without one has none
  });
  const load = () => {
    if (!data) return;
    had.current = code;
    form.setRows(f.key, rowsOf(f, data));
  };
  const waits = !!data && data.id === code && had.current !== code;
  useEffect(() => {
    if (waits && untouched(form.rows(f.key))) load();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each checklist that arrives
  }, [waits, code]);
  return waits && !untouched(form.rows(f.key)) ? { title: say(data.title), load } : undefined;
}
