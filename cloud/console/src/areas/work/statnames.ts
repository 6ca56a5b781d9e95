import { useQueries } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { get } from "../../api/client";
import { say } from "../../i18n";
import { useTree } from "../places/api";
import { type Dict, useDirectory } from "./api";
import { cascadeName } from "./names";
import type { Dimension } from "./stats";

/** useGroupNames puts the keys of groups into words. */
export function useGroupNames(all: Dimension[], t: TFunction) {
  const directory = useDirectory().data;
  const tree = useTree().data;
  const dicts = [...new Set(all.flatMap((d) => (d.field?.dict ? [d.field.dict] : [])))].sort();
  const loaded = useQueries({
    queries: dicts.map((k) => ({
      queryKey: ["dictionary", k],
      queryFn: () => get<Dict>(`/api/dictionaries/${k}`),
      staleTime: 60_000,
    })),
  });
  return (d: Dimension, bucket: string | undefined, key: unknown, hidden: boolean): string => {
    if (hidden) return t("lists.stats.hidden");
    if (key === null || key === "") return t("lists.nothing");
    const id = String(key);
    if (bucket === "week") return t("lists.stats.weekOf", { day: id });
    if (d.dated) return id;
    const dict = loaded[dicts.indexOf(d.field?.dict ?? "")]?.data?.items ?? [];
    switch (d.type) {
      case "_state":
        return t(`work.states.${id}`, { defaultValue: id });
      case "_building":
        return say(tree?.buildings.find((b) => b.id === id)?.name) || id;
      case "person":
      case "_created_by":
        return directory?.people.find((p) => p.id === id)?.name ?? id;
      case "department":
      case "post":
        return say(directory?.units.find((u) => u.id === id)?.name) || id;
      case "switch":
        return key === true ? t("work.yes") : t("lists.stats.no");
      case "cascade":
        return cascadeName(dict as never, id);
      case "option":
        if (d.field?.dict) return say(dict.find((i) => i.code === id)?.label) || id;
        return say(d.field?.options?.find((o) => o.id === id)?.label) || id;
    }
    return id;
  };
}
