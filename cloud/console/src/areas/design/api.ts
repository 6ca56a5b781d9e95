import { useQuery } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { components } from "../../api/schema.gen";
import type { Text } from "../../api/types";

type Schemas = components["schemas"];

export type Kind = "form" | "flow" | "dict";
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

export const keys = {
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
