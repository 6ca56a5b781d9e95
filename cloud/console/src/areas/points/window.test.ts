import { describe, expect, it } from "vitest";
import { refOf, spanOf, wider, zoomed } from "./window";

const now = Date.parse("2026-11-23T10:00:00Z");
const hour = 3_600_000;
const at = (q: string) => spanOf(new URLSearchParams(q), now);

describe("spanOf", () => {
  it("reads ranges that end now and fixed spans", () => {
    expect(at("")).toEqual({ from: now - hour, to: now, live: true });
    expect(at("range=d7")).toEqual({ from: now - 168 * hour, to: now, live: true });
    expect(at("from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z")).toEqual({
      from: Date.parse("2026-11-01T00:00:00Z"),
      to: Date.parse("2026-11-02T00:00:00Z"),
      live: false,
    });
  });
  it("takes nonsense for the last hour", () => {
    for (const q of [
      "range=z9",
      "from=x&to=y",
      "from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z",
      "from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
    ])
      expect(at(q), q).toEqual({ from: now - hour, to: now, live: true });
  });
});

describe("zoomed and wider", () => {
  const span = { from: now - 10 * hour, to: now, live: true };
  it("cut out a part and no less than ten seconds", () => {
    expect(zoomed(span, 0.5, 1)).toEqual({ from: now - 5 * hour, to: now, live: false });
    expect(zoomed(span, 0, 1)).toBeUndefined();
    expect(zoomed(span, 0.5, 0.5)).toBeUndefined();
  });
  it("double around the middle, never into the future", () => {
    expect(wider({ from: now - 30 * hour, to: now - 20 * hour, live: false }, now)).toEqual({
      from: now - 35 * hour,
      to: now - 15 * hour,
      live: false,
    });
    expect(wider(span, now)).toEqual({ from: now - 20 * hour, to: now, live: false });
  });
});

it("refOf keeps dots and dashes of a point's name", () => {
  expect(refOf("edge-b03/f12-smoke-east.smoke")).toEqual({ edge: "edge-b03", point: "f12-smoke-east.smoke" });
  expect(refOf("nonsense")).toBeUndefined();
});
