import { beforeAll, describe, expect, it } from "vitest";
import { startLanguage } from "../i18n";
import { words } from "../i18n/words";
import {
  clock,
  deadline,
  elapsed,
  floorName,
  instant,
  placeName,
  qualityKey,
  reading,
  setZone,
  wall,
} from "./format";

beforeAll(() => startLanguage(words));

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

describe("instant and wall", () => {
  it("are the community's clock, wherever the browser is", () => {
    setZone("Asia/Shanghai");
    expect(instant("2026-11-23T08:30").toISOString()).toBe("2026-11-23T00:30:00.000Z");
    expect(instant("2026-11-23").toISOString()).toBe("2026-11-22T16:00:00.000Z");
    expect(wall("2026-11-23T00:30:59Z")).toBe("2026-11-23T08:30");
  });
  it("hold around a change of the clocks", () => {
    setZone("Europe/Berlin");
    for (const t of ["2026-03-29T01:59", "2026-03-29T03:00", "2026-10-25T03:30", "2026-07-01T12:00"])
      expect(wall(instant(t)), t).toBe(t);
    setZone("Asia/Shanghai");
  });
});

it("writes the end of a day as such", () => {
  setZone("Asia/Shanghai");
  const year = new Date().getUTCFullYear();
  expect(deadline(`${year}-06-11T16:00:00Z`)).toBe("06/11 24:00");
  expect(deadline(`${year}-06-11T16:01:00Z`)).toBe("06/12 00:01");
  expect(deadline("2020-12-31T16:00:00Z")).toBe("2020/12/31 24:00");
});
