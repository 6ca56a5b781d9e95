import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { get } from "../../api/client";
import type { Text } from "../../api/types";
import type { Field as CondField } from "../../cond/fields";
import { type Dict, type Directory, type Field, useDirectory } from "./api";
import { kinds } from "../../form/types";

type Choices = { id: string; label: Text }[];
const plain = (name: string): Text => ({ zh: name, en: name });

function choices(f: Field, dicts: Map<string, Dict>, all: Directory | undefined): Choices | undefined {
  switch (f.type) {
    case "option":
    case "options":
    case "cascade":
      if (f.dict) return (dicts.get(f.dict)?.items ?? []).map((i) => ({ id: i.code, label: i.label }));
      return (f.options ?? []).map((o) => ({ id: o.id, label: o.label }));
    case "person":
    case "persons":
      return (all?.people ?? []).map((p) => ({ id: p.id, label: plain(p.name) }));
    case "department":
    case "departments":
      return (all?.units ?? []).filter((u) => u.kind !== "post").map((u) => ({ id: u.id, label: u.name }));
    case "post":
      return (all?.units ?? []).filter((u) => u.kind === "post").map((u) => ({ id: u.id, label: u.name }));
  }
  return undefined;
}

/** useCondFields are the fields of a form as conditions name them. */
export function useCondFields(fields: Field[]): CondField[] {
  const all = useDirectory().data;
  const names = [...new Set(fields.flatMap((f) => (f.dict ? [f.dict] : [])))].sort();
  const loaded = useQueries({
    queries: names.map((k) => ({
      queryKey: ["dictionary", k],
      queryFn: () => get<Dict>(`/api/dictionaries/${k}`),
      staleTime: 60_000,
    })),
    combine: (results) => results.map((r) => r.data),
  });
  return useMemo(() => {
    const dicts = new Map(names.flatMap((k, i) => (loaded[i] ? [[k, loaded[i]] as [string, Dict]] : [])));
    const one = (f: Field): CondField[] => {
      const kind = kinds[f.type];
      if (!kind) return [];
      return [
        {
          key: f.key,
          kind,
          label: f.label,
          options: choices(f, dicts, all),
          columns: f.type === "rows" ? (f.fields ?? []).flatMap(one) : undefined,
        },
      ];
    };
    return fields.flatMap(one);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- names follow fields
  }, [fields, loaded, all]);
}
