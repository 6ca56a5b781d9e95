import { describe, expect, it } from "vitest";
import { contrast, type Mode, priorities, surfaces, tokens } from "./tokens";

describe.each(["night", "day"] as Mode[])("C-13 %s", (mode) => {
  const c = tokens[mode];
  for (const surface of surfaces) {
    for (const priority of priorities) {
      it(`${priority} text on ${surface} is 7:1`, () => {
        expect(contrast(c[`${priority}-ink`], c[surface])).toBeGreaterThanOrEqual(7);
      });
      it(`the shape of ${priority} on ${surface} is 3:1`, () => {
        expect(contrast(c[priority], c[surface])).toBeGreaterThanOrEqual(3);
      });
    }
    it(`text and quiet text on ${surface} are 7:1`, () => {
      expect(contrast(c.text, c[surface])).toBeGreaterThanOrEqual(7);
      expect(contrast(c.quiet, c[surface])).toBeGreaterThanOrEqual(7);
      expect(contrast(c["accent-ink"], c[surface])).toBeGreaterThanOrEqual(4.5);
    });
  }
  for (const priority of priorities) {
    it(`text on a filled ${priority} chip is 7:1`, () => {
      expect(contrast(c["on-fill"], c[`${priority}-fill`])).toBeGreaterThanOrEqual(7);
    });
  }
  it("the focus ring is 3:1 everywhere", () => {
    for (const surface of surfaces) expect(contrast(c.accent, c[surface])).toBeGreaterThanOrEqual(3);
  });
});
