import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { components } from "../../api/schema.gen";
import type { Text } from "../../api/types";
import type { Expr } from "../../cond/types";
import type { Choice, Doc, Field } from "../../form/types";

export type { Choice, Doc, Field };

type Schemas = components["schemas"];

export type Item = Schemas["FlowItem"];
export type Page = Schemas["FlowPage"];
export type Box = "mine" | "started" | "copied" | "done";
export type Fact = Schemas["FlowFact"];
export type Task = Schemas["WorkMyTask"];
export type FormRecord = Omit<Schemas["FormRecord"], "doc"> & { doc: Doc };
export type Standing = Schemas["FlowStanding"];
export type Usable = Schemas["WorkUsable"];

export type FormDef = Omit<Schemas["FormDef"], "fields"> & { fields: Field[] };
export type Node = Omit<Schemas["FlowNode"], "branches"> & { branches?: Branch[] | null };
export type Branch = Omit<Schemas["FlowBranch"], "nodes" | "when"> & {
  nodes: Node[] | null;
  when?: Expr | null;
};
export type FlowDef = Omit<Schemas["FlowDef"], "nodes"> & { nodes: Node[] };
export type Case = Omit<Schemas["WorkCase"], "def" | "form" | "record" | "mine" | "facts"> & {
  def: FlowDef;
  form: FormDef;
  record: FormRecord;
  mine: Task[];
  facts: Fact[];
};
export interface Dict {
  limits?: { id: string; label: Text }[];
  title: Text;
  items: { code: string; label: Text; color?: string; retired?: boolean }[];
}
export interface Directory {
  people: { id: string; name: string; units: string[]; roles: string[] }[];
  units: { id: string; parent: string; kind: string; name: Text }[];
  roles: { id: string; name: Text }[];
}

export const workKeys = {
  counts: ["todos", "count"] as const,
  box: (b: Box) => ["todos", b] as const,
  case: (id: string) => ["flow", id] as const,
  records: (form: string) => ["records", form] as const,
};

export const useBox = (box: Box) =>
  useInfiniteQuery({
    queryKey: workKeys.box(box),
    queryFn: ({ pageParam }) =>
      get<Page>(`/api/todos?box=${box}${pageParam ? `&after=${encodeURIComponent(pageParam)}` : ""}`),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    refetchInterval: 10_000,
  });

export type Counts = Schemas["FlowCounts"];

/** useTodoCounts says how much waits for me, and how urgently. */
export const useTodoCounts = () =>
  useQuery({
    queryKey: workKeys.counts,
    queryFn: () => get<Counts>("/api/todos/count"),
    refetchInterval: 60_000,
  });

/** boxCount is the number on a box, if there is something to do in it. */
export const boxCount = (box: Box, c: Counts | undefined) =>
  (box === "mine" ? c?.open : box === "copied" ? c?.copies : 0) || undefined;

export const useCase = (id: string) =>
  useQuery({
    queryKey: workKeys.case(id),
    queryFn: () => get<Case>(`/api/flows/${id}`),
    refetchInterval: 10_000,
  });

/** FormOpen is a definition with what I may fill in to make a record. */
export interface FormOpen {
  def: FormDef;
  create: Record<string, "r" | "w" | "hide">;
  choose?: { node: string; name: Text }[] | null;
  nodes?: { node: string; name: Text }[] | null;
}

export const useForm = (form: string) =>
  useQuery({ queryKey: ["form", form], queryFn: () => get<FormOpen>(`/api/forms/${form}`) });

export const useUsable = () => useQuery({ queryKey: ["forms"], queryFn: () => get<Usable[]>("/api/forms") });

export const useDirectory = () =>
  useQuery({
    queryKey: ["directory"],
    queryFn: () => get<Directory>("/api/directory"),
    staleTime: 60_000,
  });

export const useDict = (key: string | undefined) =>
  useQuery({
    queryKey: ["dictionary", key],
    queryFn: () => get<Dict>(`/api/dictionaries/${key}`),
    enabled: !!key,
    staleTime: 2_000,
    refetchOnWindowFocus: true,
    refetchInterval: 20_000, // what is added while a form is open is offered in it
  });

export interface RecordPage {
  records: FormRecord[];
  next: string;
  total: number;
  standing: Record<string, Standing> | null;
}

export const useRecords = (form: string, query: string) =>
  useInfiniteQuery({
    queryKey: [...workKeys.records(form), query],
    queryFn: ({ pageParam }) =>
      get<RecordPage>(
        `/api/forms/${form}/records?limit=50${query}${pageParam ? `&after=${encodeURIComponent(pageParam)}` : ""}`,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    refetchInterval: 15_000,
  });

/** idOf reads an id as records hold it: plain, or with the name it had. */
export function idOf(v: unknown): string {
  if (typeof v === "string") return v;
  return v && typeof v === "object" && "id" in v ? String((v as { id: unknown }).id) : "";
}

/** nodeOf finds a node anywhere in the tree. */
export function nodeOf(nodes: Node[], id: string): Node | undefined {
  for (const n of nodes) {
    if (n.id === id) return n;
    for (const b of n.branches ?? []) {
      const found = nodeOf(b.nodes ?? [], id);
      if (found) return found;
    }
  }
  return undefined;
}
