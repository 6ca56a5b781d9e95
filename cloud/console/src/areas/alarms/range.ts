/** Range is the time a report is about; instants are RFC 3339. */
export interface Range {
  name: "today" | "days7" | "month" | "lastMonth" | "own";
  from: string;
  to: string;
}

/** rangeOf reads a report's time from the address; without one it is this month. Days are the browser's. */
export function rangeOf(params: URLSearchParams, now: number): Range {
  const from = params.get("from");
  const to = params.get("to");
  const date = /^\d{4}-\d{2}-\d{2}$/;
  if (from && to && date.test(from) && date.test(to) && from < to)
    return { name: "own", from: startOf(from), to: startOf(to) };
  const d = new Date(now);
  const at = (year: number, month: number, day: number) => new Date(year, month, day).toISOString();
  const [y, m, n] = [d.getFullYear(), d.getMonth(), d.getDate()];
  switch (params.get("range")) {
    case "today":
      return { name: "today", from: at(y, m, n), to: at(y, m, n + 1) };
    case "days7":
      return { name: "days7", from: at(y, m, n - 6), to: at(y, m, n + 1) };
    case "lastMonth":
      return { name: "lastMonth", from: at(y, m - 1, 1), to: at(y, m, 1) };
  }
  return { name: "month", from: at(y, m, 1), to: at(y, m + 1, 1) };
}

function startOf(day: string): string {
  const [y = 0, m = 1, d = 1] = day.split("-").map(Number);
  return new Date(y, m - 1, d).toISOString();
}

/** dateOf writes an instant or a day as a day, some days on. */
export function dateOf(at: string, on = 0): string {
  const d = /^\d{4}-\d{2}-\d{2}$/.test(at) ? new Date(startOf(at)) : new Date(at);
  d.setDate(d.getDate() + on);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}
