import type { Place, Text } from "../api/types";

/** What a floor's drawing is made of when nobody has uploaded one. */
export interface PlanRoom {
  id: string;
  name: Text;
  unit_entrance?: string;
}

export interface Cell {
  id: string;
  name: Text;
  x: number;
  y: number;
  w: number;
  h: number;
  corridor: boolean;
}

export interface Schematic {
  w: number;
  h: number;
  cells: Cell[];
  /** the entrance above each group, if there are several */
  heads: { label: string; x: number; w: number }[];
}

const passage = /走廊|过道|大堂|电梯厅|前室|通道|corridor|lobby|hall|passage/i;
const W = 1200;
const H = 520;
const head = 46;
const gap = 6;

/**
 * schematic draws a floor from its rooms: flats and shafts along both sides, what people
 * walk through in the middle, one group for each entrance.
 */
export function schematic(rooms: PlanRoom[], entrances: string[]): Schematic {
  const used = new Set(rooms.map((r) => r.unit_entrance ?? ""));
  const groups = [...entrances, ""].filter((e) => used.has(e));
  if (groups.length === 0) groups.push("");
  const top = groups.length > 1 ? head : 0;
  const width = W / groups.length;
  const out: Schematic = { w: W, h: H + top, cells: [], heads: [] };
  groups.forEach((e, i) => {
    const here = rooms.filter((r) => (r.unit_entrance ?? "") === e);
    if (top) out.heads.push({ label: e, x: i * width, w: width });
    out.cells.push(...group(here, i * width + gap, width - 2 * gap, top));
  });
  return out;
}

function group(rooms: PlanRoom[], x: number, w: number, top: number): Cell[] {
  const halls = rooms.filter((r) => passage.test(r.name.zh + r.name.en));
  const sides = rooms.filter((r) => !halls.includes(r));
  const upper = sides.slice(0, Math.ceil(sides.length / 2));
  const lower = sides.slice(upper.length);
  const rows: { rooms: PlanRoom[]; corridor: boolean; share: number }[] = [];
  if (upper.length > 0) rows.push({ rooms: upper, corridor: false, share: 3 });
  rows.push({ rooms: halls, corridor: true, share: sides.length > 0 ? 2 : 3 });
  if (lower.length > 0) rows.push({ rooms: lower, corridor: false, share: 3 });
  const shares = rows.reduce((n, r) => n + r.share, 0);
  let y = top + gap;
  return rows.flatMap((r) => {
    const h = ((H - gap) * r.share) / shares - gap;
    const cells = row(r.rooms, r.corridor, { x, y, w, h });
    y += h + gap;
    return cells;
  });
}

function row(
  rooms: PlanRoom[],
  corridor: boolean,
  box: { x: number; y: number; w: number; h: number },
): Cell[] {
  if (rooms.length === 0) return [{ id: "", name: { zh: "" }, ...box, corridor }];
  const each = (box.w - gap * (rooms.length - 1)) / rooms.length;
  return rooms.map((r, i) => ({
    id: r.id,
    name: r.name,
    corridor,
    x: box.x + i * (each + gap),
    y: box.y,
    w: each,
    h: box.h,
  }));
}

export interface Spot {
  x: number;
  y: number;
}

/** spread finds the cell of each device and stands those of one cell side by side; fractions of the drawing. */
export function spread<T>(plan: Schematic, rooms: PlanRoom[], items: T[], placeOf: (t: T) => Place) {
  const out = new Map<T, Spot>();
  for (const cell of plan.cells) {
    const room = rooms.find((r) => r.id === cell.id);
    if (!room) continue;
    const here = items.filter((t) => {
      const p = placeOf(t);
      return p.room?.zh === room.name.zh && (p.unit_entrance ?? "") === (room.unit_entrance ?? "");
    });
    const perRow = Math.max(1, Math.floor(cell.w / 90));
    const rowCount = Math.ceil(here.length / perRow);
    here.forEach((t, i) => {
      const inRow = Math.min(perRow, here.length - Math.floor(i / perRow) * perRow);
      out.set(t, {
        x: (cell.x + (cell.w * ((i % perRow) + 1)) / (inRow + 1)) / plan.w,
        y: (cell.y + (cell.h * (Math.floor(i / perRow) + 1.25)) / (rowCount + 1.25)) / plan.h,
      });
    });
  }
  return out;
}
