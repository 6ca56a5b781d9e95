import type { Text } from "../../api/types";

/** Item is one thing to check, as checklists keep it. */
export interface Item {
  id: string;
  text: Text;
  normal: Text;
  method: "look" | "test" | "measure" | "record";
  level: string;
  standard: string;
  clause?: string;
  verified: boolean;
  sensor?: string;
}

export interface Checklist {
  title: Text;
  icon?: string;
  items: Item[];
}

export const newItem = (id: string, text: string): Item => ({
  id,
  text: { zh: text },
  normal: { zh: text },
  method: "look",
  level: "general",
  standard: "practice",
  verified: false,
});

/** unusedID is an id that no item has. */
export function unusedID(items: Item[]): string {
  for (let n = items.length + 1; ; n++) if (!items.some((i) => i.id === `i${n}`)) return `i${n}`;
}

/** moved puts an item elsewhere in the list. */
export function moved<T>(list: T[], from: number, to: number): T[] {
  const rest = list.filter((_, i) => i !== from);
  return [...rest.slice(0, to), list[from] as T, ...rest.slice(to)];
}
