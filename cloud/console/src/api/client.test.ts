import { expect, it } from "vitest";
import { withLists } from "./client";

it("makes empty lists lists, and leaves other nulls alone", () => {
  expect(
    withLists({ tasks: null, value: null, roles: [{ waits_for: null }], points: { total: 1 } }, "items"),
  ).toEqual({
    tasks: [],
    value: null,
    roles: [{ waits_for: [] }],
    points: { total: 1 },
  });
  expect(withLists(null, "items")).toEqual([]);
});
