import { useQuery } from "@tanstack/react-query";
import { get, request } from "../../api/client";
import type { components } from "../../api/schema.gen";
import type { Text } from "../../api/types";

type Schemas = components["schemas"];

export type Kind = "app" | "form" | "flow" | "dict" | "checklist" | "calendar";
export type Head = Schemas["DocumentHead"];
export type Version = Schemas["DocumentVersion"];
export type Change = Schemas["DocumentChange"];
export type PackageReport = Schemas["DocumentResult"];
export interface Problem {
  path: string;
  text: Text;
}
export interface Detail<T> {
  current?: { version: number; body: T };
  draft?: { rev: number; base: number; body: T; author_name: string; updated_at: string };
  versions: Version[];
}

export interface AppBody {
  title: Text;
  description?: Text;
  icon?: string;
  documents: { kind: Kind; key: string }[];
}

/** places is where the designer of each kind is. */
export const places: Record<Kind, string> = {
  app: "apps",
  form: "forms",
  flow: "flows",
  dict: "dictionaries",
  checklist: "checklists",
  calendar: "calendars",
};

export const keys = {
  all: ["documents"] as const,
  list: (k: Kind) => ["documents", k] as const,
  one: (k: Kind, key: string) => ["documents", k, key] as const,
  grants: (form: string) => ["grants", form] as const,
};

export const useDocuments = (k: Kind) =>
  useQuery({ queryKey: keys.list(k), queryFn: () => get<Head[]>(`/api/documents?kind=${k}`) });

export const useDocument = <T>(k: Kind, key: string) =>
  useQuery({
    queryKey: keys.one(k, key),
    queryFn: () => get<Detail<T>>(`/api/documents/${k}/${key}`),
    staleTime: Infinity, // what is being edited is not changed underneath
    gcTime: 0,
  });

/** unused is the first key of a prefix that no document of a kind has. */
export function unused(heads: Head[], prefix: string): string {
  const taken = new Set(heads.map((h) => h.key));
  for (let n = 1; ; n++) if (!taken.has(`${prefix}${n}`)) return `${prefix}${n}`;
}

/** saveApp publishes an app at once: nothing runs by it that a draft would protect. rev is of the draft there is, 0 for none. */
export async function saveApp(key: string, body: AppBody, rev: number) {
  const r = await request<{ draft: { rev: number } }>("PUT", `/api/documents/app/${key}/draft`, {
    rev,
    body,
  });
  await request("POST", `/api/documents/app/${key}/publish`, { rev: r.draft.rev });
}

/** putInApp adds a document to an app. */
export async function putInApp(app: string, doc: AppBody["documents"][number]) {
  const d = await get<Detail<AppBody>>(`/api/documents/app/${app}`);
  const body = d.draft?.body ?? d.current?.body;
  if (!body || body.documents.some((x) => x.kind === doc.kind && x.key === doc.key)) return;
  await saveApp(app, { ...body, documents: [...body.documents, doc] }, d.draft?.rev ?? 0);
}
