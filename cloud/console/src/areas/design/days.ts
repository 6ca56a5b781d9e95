import type { Text } from "../../api/types";

/** Day is a day that is not as its weekday says. */
export interface Day {
  date: string; // YYYY-MM-DD
  works?: boolean;
  name?: Text;
}

export interface CalendarBody {
  title: Text;
  source?: Text;
  verified: boolean;
  days: Day[];
}

const iso = (y: number, m: number, d: number) =>
  `${y}-${String(m).padStart(2, "0")}-${String(d).padStart(2, "0")}`;

/** weekday is 0 for Monday to 6 for Sunday. */
export const weekday = (date: string) => (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;

/** month lays a month out in weeks that begin on Monday; days of other months are empty. */
export function month(year: number, m: number): string[][] {
  const count = new Date(Date.UTC(year, m, 0)).getUTCDate();
  const cells = Array<string>(weekday(iso(year, m, 1))).fill("");
  for (let d = 1; d <= count; d++) cells.push(iso(year, m, d));
  while (cells.length % 7 > 0) cells.push("");
  return Array.from({ length: cells.length / 7 }, (_, i) => cells.slice(i * 7, i * 7 + 7));
}

/** span are the days from one to another, at most a hundred. */
export function span(from: string, to: string): string[] {
  const out: string[] = [];
  const end = Date.parse(`${to}T00:00:00Z`);
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= end && out.length < 100; at += 86_400_000)
    out.push(new Date(at).toISOString().slice(0, 10));
  return out;
}

/** put names days; those that say nothing beyond their weekday, and have no name, are taken away. */
export function put(days: Day[], dates: string[], works: boolean | undefined, name: Text | undefined): Day[] {
  const rest = days.filter((d) => !dates.includes(d.date));
  const said =
    works === undefined
      ? []
      : dates.map((date) => ({ date, ...(works && { works }), ...(name && { name }) }));
  return [...rest, ...said].sort((a, b) => (a.date < b.date ? -1 : 1));
}

/** working counts the days of a year on which people work. */
export function working(year: number, days: Day[]): number {
  const named = new Map(days.map((d) => [d.date, !!d.works]));
  let n = 0;
  for (let m = 1; m <= 12; m++)
    for (const date of month(year, m).flat()) if (date && (named.get(date) ?? weekday(date) < 5)) n++;
  return n;
}
