import { beforeAll, expect, it } from "vitest";
import { startLanguage } from "../i18n";
import { clock, elapsed, floorName, placeName, qualityKey, reading, setZone } from "./format";

beforeAll(startLanguage);

it("writes places, floors and readings as people say them", () => {
  expect(floorName(-1)).toBe("地下1层");
  expect(
    placeName({ building: "b03", unit_entrance: "2", floor: 12, room: { zh: "东走廊" } }, { zh: "3号楼" }),
  ).toBe("3号楼·2单元·12层·东走廊");
  expect(reading(23.44, "%LEL", 1)).toBe("23.4 %LEL");
  expect(reading(5, "", 0, { "5": { zh: "故障" } })).toBe("故障");
  expect(qualityKey("bad:timeout")).toBe("quality.timeout");
  expect(qualityKey("good")).toBe("quality.good");
});

it("shows the community's time, not the browser's", () => {
  setZone("Asia/Shanghai");
  expect(clock("2026-11-22T16:30:05Z")).toBe("00:30:05");
});

it("counts like a stopwatch", () => {
  expect(elapsed(14_000)).toBe("00:14");
  expect(elapsed(3_753_000)).toBe("1:02:33");
});
