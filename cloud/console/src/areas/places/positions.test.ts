import { expect, it } from "vitest";
import { type History, keyOf, nudge, put, redo, takeOff, undo } from "./positions";
import { schematic, spread } from "../../parts/schematic";

const empty: History = { now: [], past: [], future: [] };
const at = (id: string, x: number, y: number) => ({ edge: "e", id, x, y });

it("every step can be undone and redone, to the end", () => {
  let h = put(empty, at("a", 0.5, 0.5));
  h = put(h, at("b", 0.1, 0.1));
  h = nudge(h, "e/a", 0.2, -0.9);
  expect(h.now.find((p) => keyOf(p) === "e/a")).toMatchObject({ x: 0.7, y: 0 });
  h = takeOff(h, "e/b");
  const last = h.now;
  for (let i = 0; i < 6; i++) h = undo(h);
  expect(h.now).toEqual([]);
  for (let i = 0; i < 6; i++) h = redo(h);
  expect(h.now).toEqual(last);
  expect(redo(put(undo(h), at("c", 0, 0))).now.map(keyOf)).toContain("e/c");
});

it("a drag is one step however many places it passes", () => {
  let h = put(put(empty, at("a", 0, 0)), at("a", 0.1, 0.1));
  h = put(put(h, at("a", 0.2, 0.2), false), at("a", 0.3, 0.3), false);
  expect(undo(h).now).toEqual([at("a", 0, 0)]);
});

it("a schematic holds every room once, inside the drawing, without overlap", () => {
  const rooms = ["301", "302 厨房", "东走廊", "西走廊", "电井", "301b"].map((zh, i) => ({
    id: `r${i}`,
    name: { zh },
    unit_entrance: i < 3 ? "1" : "2",
  }));
  const s = schematic(rooms, ["1", "2"]);
  const cells = s.cells.filter((c) => c.id);
  expect(cells.map((c) => c.id).sort()).toEqual(rooms.map((r) => r.id));
  for (const [i, a] of s.cells.entries()) {
    expect(a.x >= 0 && a.y >= 0 && a.x + a.w <= s.w && a.y + a.h <= s.h).toBe(true);
    for (const b of s.cells.slice(i + 1)) {
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      expect(apart, `${a.name.zh} and ${b.name.zh}`).toBe(true);
    }
  }
  const items = ["东走廊", "东走廊", "302 厨房", "nowhere"].map((zh) => ({ zh }));
  const spots = spread(s, rooms, items, (x) => ({ building: "b", unit_entrance: "1", room: { zh: x.zh } }));
  expect(spots.size).toBe(3);
  const places = [...spots.values()].map((p) => `${p.x} ${p.y}`);
  expect(new Set(places).size).toBe(3);
});

it("a floor without rooms still has a drawing", () => {
  expect(schematic([], []).cells).toHaveLength(1);
});
