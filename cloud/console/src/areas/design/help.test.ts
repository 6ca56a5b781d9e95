import { expect, it } from "vitest";
import { groups } from "./formedit";
import en from "./help.en.json";
import zh from "./help.zh.json";

it("has help for every control of the palette, in both languages", () => {
  for (const book of [zh, en] as { controls: Record<string, string[]> }[])
    for (const type of groups.flatMap((g) => g.types))
      expect(book.controls[type]?.filter(Boolean), type).toHaveLength(3);
});
