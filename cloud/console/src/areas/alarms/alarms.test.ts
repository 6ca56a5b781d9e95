import { describe, expect, it } from "vitest";
import type { TFunction } from "i18next";
import { left, overdue } from "./api";
import { pathOf } from "./fields";
import { queryOf, sentenceOf } from "./filter";
import { dateOf, rangeOf } from "./range";
import { spans } from "./spans";

const t = ((k: string, o?: Record<string, unknown>) =>
  o ? `${k}${JSON.stringify(o)}` : k) as unknown as TFunction;

describe("the question of the history", () => {
  it("is all alarms unless asked otherwise", () => {
    expect(queryOf(new URLSearchParams())).toBe("view=all");
    expect(sentenceOf(t, new URLSearchParams(), { buildings: [], people: [] })).toBe(
      "alarms.sentence.view.all",
    );
  });
  it("takes a day from its first moment to the first of the next", () => {
    const q = new URLSearchParams(queryOf(new URLSearchParams("from=2026-11-01&to=2026-11-01&alarm=x")));
    expect(Date.parse(q.get("to") ?? "") - Date.parse(q.get("from") ?? "")).toBe(86_400_000);
    expect(q.has("alarm")).toBe(false);
  });
  it("is said in one sentence", () => {
    const said = sentenceOf(t, new URLSearchParams("building=b03,b04&person=p1&q=烟感"), {
      buildings: [{ id: "b03", name: "3号楼" }],
      people: [{ id: "p1", name: "李娜" }],
    });
    expect(said).toContain("3号楼alarms.sentence.andb04");
    expect(said).toContain("李娜");
    expect(said).toContain("烟感");
  });
});

describe("what is set aside", () => {
  it("never has less than nothing left", () => {
    expect(left("2026-11-23T00:00:10Z", Date.parse("2026-11-23T00:00:00Z"))).toBe(10_000);
    expect(left("2026-11-23T00:00:00Z", Date.parse("2026-11-23T00:00:10Z"))).toBe(0);
    expect(left(undefined, 0)).toBe(0);
  });
  it("is overdue only when out of service", () => {
    const o = { kind: "out_of_service", status: "active", until: "2026-11-23T00:00:00Z" };
    const later = Date.parse("2026-11-23T00:00:01Z");
    expect(overdue(o, later)).toBe(true);
    expect(overdue({ ...o, kind: "shelved" }, later)).toBe(false);
    expect(overdue({ ...o, status: "requested" }, later)).toBe(false);
  });
});

describe("the way of an alarm", () => {
  it("is measured against its limits", () => {
    const list = spans({
      sensed: "2026-11-23T00:00:00.000Z",
      spooled: "2026-11-23T00:00:01.500Z",
      committed: "2026-11-23T00:00:02.000Z",
      painted: "2026-11-23T00:00:13.000Z",
    });
    expect(list.map((s) => [s.name, s.ms, s.limit])).toEqual([
      ["spooled", 1500, 2000],
      ["committed", 500, 3000],
      ["painted", 11_000, 5000],
      ["total", 13_000, 10_000],
      ["acknowledged", undefined, undefined],
    ]);
  });
});

it("puts the server's path at the form's field", () => {
  expect(pathOf("body.suppressed_by[1].rule")).toEqual(["suppressed_by", 1, "rule"]);
  expect(pathOf("body.consequence.zh")).toEqual(["consequence", "zh"]);
});

describe("the time of a report", () => {
  const now = new Date(2026, 10, 23, 12).getTime();
  it("is this month by itself", () => {
    const r = rangeOf(new URLSearchParams(), now);
    expect([r.name, dateOf(r.from), dateOf(r.to)]).toEqual(["month", "2026-11-01", "2026-12-01"]);
  });
  it("can be given by days, and a wrong one is ignored", () => {
    expect(dateOf(rangeOf(new URLSearchParams("from=2026-01-05&to=2026-01-06"), now).from)).toBe(
      "2026-01-05",
    );
    expect(rangeOf(new URLSearchParams("from=2026-01-06&to=2026-01-05"), now).name).toBe("month");
  });
});
