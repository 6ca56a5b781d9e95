import { beforeAll, describe, expect, test } from "vitest";
import { loadPinyin, spelled } from "./pinyin";

test("F05: Chinese is found before any reading is there", () => {
  expect(spelled("张三", "三", "person")).toBe(true);
  expect(spelled("张三", "zs", "person")).toBe(false);
});

describe("F05: names are found by pinyin", () => {
  beforeAll(loadPinyin);
  test.each([
    ["张三", "zs"],
    ["张三", "zhangsan"],
    ["张三", "ZhangSan"],
    ["张三", "zhang san"],
    ["张三", "zhs"],
    ["张三", "san"],
    ["张三", "张s"],
    ["单雄信", "shan"],
    ["单雄信", "sxx"],
    ["曾志伟", "zengzhiwei"],
    ["仇英", "qiuying"],
    ["仇英", "qy"],
    ["解珍", "xiezhen"],
    ["尉迟恭", "yuchigong"],
    ["吕布", "lvbu"],
    ["欧阳锋", "oyf"],
    ["A组王单", "azuwangdan"],
    ["Li Ming 李明", "liming"],
    ["张三（夜班）", "zs"],
    ["Ann Smith", "smith"],
  ])("%s by %s", (name, word) => expect(spelled(name, word, "person")).toBe(true));
  test.each([
    ["张三", "zhangsi"],
    ["张三", "sz"],
    ["单雄信", "dan"],
    ["曾志伟", "ceng"],
    ["仇英", "chou"],
    ["张小三", "zs"],
  ])("%s not by %s", (name, word) => expect(spelled(name, word, "person")).toBe(false));
  test.each([
    ["安全部", "aqb"],
    ["重庆路物业处", "chongqing"],
    ["单位工程组", "danwei"],
    ["工程部 2 组", "gcb2z"],
  ])("department %s by %s", (name, word) => expect(spelled(name, word, "thing")).toBe(true));
});
