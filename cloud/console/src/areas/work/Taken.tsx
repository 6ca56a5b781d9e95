import { useQueries } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { components } from "../../api/schema.gen";
import { minute } from "../../parts/format";

type About = components["schemas"]["Attachment"];

/** Taken says when, by whom and where pictures were taken, as far as it is known. */
export function Taken({ ids, place }: { ids: string[]; place: string }) {
  const known = useQueries({
    queries: ids.map((id) => ({
      queryKey: ["attachment", id],
      queryFn: () => get<About>(`/api/attachments/${id}/about`),
      staleTime: Infinity,
    })),
  }).flatMap((q) => q.data ?? []);
  const times = [...new Set(known.map((a) => minute(a.taken_at ?? a.at)))].sort();
  const people = [...new Set(known.map((a) => a.by.name))].join("、");
  const when = times.length > 1 ? `${times[0]} – ${times.at(-1)}` : times[0];
  return <small className="work-taken">{[when, people, place].filter(Boolean).join(" · ")}</small>;
}
