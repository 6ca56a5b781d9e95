import { instant, wall } from "../../parts/format";

/** Range is the time a report is about; instants are RFC 3339. */
export interface Range {
  name: "today" | "days7" | "month" | "lastMonth" | "own";
  from: string;
  to: string;
}

/** rangeOf reads a report's time from the address; without one it is this month. Days are the community's. */
export function rangeOf(params: URLSearchParams, now: number): Range {
  const from = params.get("from");
  const to = params.get("to");
  const date = /^\d{4}-\d{2}-\d{2}$/;
  if (from && to && date.test(from) && date.test(to) && from < to)
    return { name: "own", from: startOf(from), to: startOf(to) };
  const today = dateOf(new Date(now).toISOString());
  const month = `${today.slice(0, 8)}01`;
  const next = `${shifted(month, 32).slice(0, 8)}01`;
  switch (params.get("range")) {
    case "today":
      return { name: "today", from: startOf(today), to: startOf(shifted(today, 1)) };
    case "days7":
      return { name: "days7", from: startOf(shifted(today, -6)), to: startOf(shifted(today, 1)) };
    case "lastMonth":
      return { name: "lastMonth", from: startOf(`${shifted(month, -1).slice(0, 8)}01`), to: startOf(month) };
  }
  return { name: "month", from: startOf(month), to: startOf(next) };
}

const startOf = (day: string) => instant(day).toISOString();

/** shifted is the calendar day some days on; no zone comes into it. */
function shifted(day: string, on: number): string {
  const d = new Date(`${day}T00:00:00Z`);
  d.setUTCDate(d.getUTCDate() + on);
  return d.toISOString().slice(0, 10);
}

/** dateOf writes an instant or a day as a day of the community, some days on. */
export function dateOf(at: string, on = 0): string {
  return shifted(/^\d{4}-\d{2}-\d{2}$/.test(at) ? at : wall(at).slice(0, 10), on);
}
