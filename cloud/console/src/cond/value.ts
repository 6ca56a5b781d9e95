import { isId, isList, type Kind } from "./types";
import { parseDay, parseInstant } from "./when";

/** Value is one field's value read as its kind; undefined is no value. */
export interface Value {
  kind: Kind;
  /** text and ids */
  s: string;
  /** number; money in fen; instant in ms; date in days; bool as 0 or 1 */
  n: number;
  list: string[];
  rows: Record<string, unknown>[];
}

const none: string[] = [];
const noRows: Record<string, unknown>[] = [];

export const value = (kind: Kind, part: Partial<Value>): Value => ({
  kind,
  s: "",
  n: 0,
  list: none,
  rows: noRows,
  ...part,
});

/** validText is what both databases can hold: non-empty, no lone surrogate, no U+0000. */
export const validText = (x: unknown): x is string =>
  typeof x === "string" && x !== "" && !x.includes("\0") && !/\p{Surrogate}/u.test(x);

function idOf(x: unknown): string | undefined {
  if (validText(x)) return x;
  if (typeof x !== "object" || x === null || Array.isArray(x)) return undefined;
  const id = (x as { id?: unknown }).id;
  return validText(id) ? id : undefined;
}

/** read reads a document's value as a kind; what is of another type is no value. */
export function read(k: Kind, raw: unknown): Value | undefined {
  if (raw === undefined || raw === null) return undefined;
  if (isId(k)) {
    const s = k === "text" ? (validText(raw) ? raw : undefined) : idOf(raw);
    return s === undefined ? undefined : value(k, { s });
  }
  if (isList(k)) {
    const list = Array.isArray(raw) ? raw.map(idOf).filter((s) => s !== undefined) : none;
    return list.length > 0 ? value(k, { list }) : undefined;
  }
  if (k === "rows") {
    const rows = Array.isArray(raw)
      ? raw.filter(
          (x): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x),
        )
      : noRows;
    return rows.length > 0 ? value(k, { rows }) : undefined;
  }
  const n = measure(k, raw);
  return n === undefined ? undefined : value(k, { n });
}

function measure(k: Kind, raw: unknown): number | undefined {
  switch (k) {
    case "number":
      return typeof raw === "number" && Number.isFinite(raw) ? raw : undefined;
    case "money":
      return parseMoney(raw);
    case "date":
      return parseDay(raw);
    case "instant":
      return parseInstant(raw);
    case "bool":
      return typeof raw === "boolean" ? Number(raw) : undefined;
  }
  return undefined;
}

/** parseMoney reads "12.30", or a number with at most two decimals, as fen. */
export function parseMoney(raw: unknown): number | undefined {
  const s = typeof raw === "number" && Number.isFinite(raw) ? decimal(raw) : raw;
  const m = typeof s === "string" ? /^(-?)(\d{1,12})(?:\.(\d{1,20}))?$/.exec(s) : null;
  if (!m || s === undefined || (s as string).endsWith("\n")) return undefined;
  const frac = (m[3] ?? "").padEnd(2, "0");
  if (/[^0]/.test(frac.slice(2))) return undefined;
  const fen = Number(m[2]) * 100 + Number(frac.slice(0, 2));
  return m[1] && fen !== 0 ? -fen : fen;
}

/** decimal writes a number without an exponent. */
export function decimal(n: number): string {
  const s = String(n === 0 ? 0 : n);
  const m = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(s);
  if (!m) return s;
  const figures = `${m[2]}${m[3] ?? ""}`;
  const point = 1 + Number(m[4]);
  return point > 0 ? `${m[1]}${figures.padEnd(point, "0")}` : `${m[1]}0.${"0".repeat(-point)}${figures}`;
}
