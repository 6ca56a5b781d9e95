import { expect, it } from "vitest";
import type { Alarm } from "../api/types";
import { arrange } from "./held";

const a = (id: string, hazard = "water") => ({ id, hazard }) as Alarm;

it("C-04: nothing moves under a hand, only what may hurt people comes at once", () => {
  const order = ["x", "y", "z"];
  const { shown, held } = arrange([a("new"), a("z"), a("fire", "fire"), a("x"), a("new2")], order);
  expect(shown.map((x) => x.id)).toEqual(["fire", "x", "z"]); // y is closed and gone
  expect(held).toBe(2);
});
