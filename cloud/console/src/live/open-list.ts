import { get } from "../api/client";
import type { Alarm, AlarmList } from "../api/types";
import { compareAlarms, countAlarms } from "./open";

/** openAlarms fetches every open alarm, page by page: a list that stops at a page hides alarms. Those set aside belong to it. */
export async function openAlarms(): Promise<AlarmList> {
  const byID = new Map<string, Alarm>();
  const pages = async (view: string): Promise<AlarmList> => {
    const path = `/api/alarms?view=${view}&limit=500`;
    const first = await get<AlarmList>(path);
    for (let page = first; ;) {
      for (const a of page.items) byID.set(a.id, a);
      if (!page.next) return first;
      page = await get<AlarmList>(`${path}&before=${encodeURIComponent(page.next)}`);
    }
  };
  // One after the other: what changes its place meanwhile is told by the event stream.
  await pages("overridden");
  const first = await pages("open");
  const items = [...byID.values()].sort(compareAlarms);
  return { ...first, items, next: "", counts: { ...first.counts, ...countAlarms(items) } };
}
