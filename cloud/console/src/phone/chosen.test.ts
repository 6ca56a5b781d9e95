import { expect, test } from "vitest";
import { choose, controlOf, unchosen } from "./chosen";

const people = [{ id: "u1", name: "张三", units: [], roles: [] }];
const asked = [
  { node: "audit", name: { zh: "审核", en: "Audit" } },
  { node: "repair", name: { zh: "整改", en: "Repair" } },
];

test("W05: every node that asks for people has to have some before a form is sent", () => {
  expect(unchosen(asked, {})).toEqual(["choose-audit", "choose-repair"]);
  const one = choose({}, "audit", ["u1", "u9"], people);
  expect(one).toEqual({
    audit: [
      { id: "u1", name: "张三" },
      { id: "u9", name: "u9" },
    ],
  });
  expect(unchosen(asked, one)).toEqual(["choose-repair"]);
  expect(choose(one, "audit", null, people)).toEqual({});
  expect(unchosen([], {})).toEqual([]);
});

test("W05: a node asks with its own name", () => {
  const f = controlOf(asked[0] ?? { node: "", name: undefined }, (n) => `为“${n?.zh}”选人`);
  expect([f.key, f.type, f.label.zh]).toEqual(["choose-audit", "persons", "为“审核”选人"]);
});
