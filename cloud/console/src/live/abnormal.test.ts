import { describe, expect, it } from "vitest";
import type { Alarm, Edge, Overview } from "../api/types";
import { abnormal } from "./abnormal";

const edge = (id: string, state: Edge["state"], over: Partial<Edge> = {}) =>
  ({ id, state, building: "b03", name: { zh: id, en: id }, ...over }) as Edge;
const overview = (...edges: Edge[]) =>
  ({ edges, buildings: [{ id: "b03", name: { zh: "3号楼", en: "Building 3" } }] }) as unknown as Overview;
const backlog = (over: Partial<Alarm> = {}) =>
  ({
    id: "a",
    rule: "edge-backlog",
    edge: "e",
    count: 1,
    condition: "active",
    state: "unacked",
    ...over,
  }) as Alarm;

describe("abnormal (C-01)", () => {
  it("is nothing while all is well, or not known yet", () => {
    expect(abnormal(overview(edge("e", "online")), [], 1)).toEqual([]);
    expect(abnormal(undefined, [], undefined)).toEqual([]);
  });
  it("says what, where and since when, of every edge that is not online", () => {
    const since = "2026-01-01T00:00:00Z";
    const list = abnormal(overview(edge("e", "lost", { lost_since: since }), edge("f", "never")), [], 1);
    expect(list.map((x) => [x.what, x.name?.zh, x.building?.zh, x.since])).toEqual([
      ["edge_lost", "e", "3号楼", since],
      ["edge_never", "f", "3号楼", undefined],
    ]);
  });
  it("is another one when the same edge is lost again", () => {
    const id = (since: string) => abnormal(overview(edge("e", "lost", { lost_since: since })), [], 1)[0]?.id;
    expect(id("2026-01-01T00:00:00Z")).not.toBe(id("2026-01-02T00:00:00Z"));
  });
  it("tells of a backlog while its alarm stands, acknowledged or not", () => {
    const of = (a: Alarm) => abnormal(overview(), [a], 1).map((x) => x.alarm);
    expect(of(backlog())).toEqual(["a"]);
    expect(of(backlog({ state: "acked" }))).toEqual(["a"]);
    expect(of(backlog({ condition: "normal", state: "rtn_unacked" }))).toEqual([]);
    expect(of(backlog({ rule: "smoke" }))).toEqual([]);
  });
  it("puts an unwatched desk first", () => {
    expect(abnormal(overview(edge("e", "lost")), [], 0).map((x) => x.what)).toEqual(["seat", "edge_lost"]);
  });
});
