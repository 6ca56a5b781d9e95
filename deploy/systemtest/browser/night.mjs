// A fire in the night, as the operator and the supervisor live it, each at a seat.
import assert from "node:assert/strict";
import { api, browser, harness, login, play, shot } from "./browser.mjs";

const b = await browser();
try {
  const operator = await login(b, "zhangwei");
  assert.equal(
    await operator.getAttribute("#sound", "data-state"),
    "unarmed",
    "sound before the test press",
  );
  await operator.click("#sound");
  await operator.waitForSelector("#sound[data-state=armed]");
  await operator.waitForSelector(".tile[data-building=b03][data-state=ok]");
  await shot(operator, "console-calm");

  // The alarm is painted and sounds.
  await play("fire-12");
  const east = operator.locator('#unacked [data-point="f12-smoke-east.smoke"]');
  await east.waitFor();
  await operator.waitForSelector("html[data-sounding=critical]");
  const id = await east.getAttribute("data-alarm");
  await shot(operator, "console-fire");

  // Acknowledged from the keyboard alone.
  await operator.keyboard.press("Escape");
  for (let i = 0; i < 20; i++) {
    await operator.keyboard.press("ArrowDown");
    if (await operator.locator(`.row.selected[data-alarm="${id}"]`).count())
      break;
  }
  await operator.keyboard.press("a");
  await operator.waitForSelector("#note:focus");
  await operator.keyboard.type("已通知12层保安到场");
  await shot(operator, "console-acknowledge");
  await operator.keyboard.press("Enter");
  await operator.waitForSelector(`.row.acked[data-alarm="${id}"]`);
  const { alarm } = await api(operator, `/api/alarms/${id}`);
  assert.equal(alarm.state, "acked");
  assert.equal(alarm.ack.name, "张伟");
  assert.equal(alarm.ack.note, "已通知12层保安到场");
  assert.ok(
    alarm.stamps.pushed && alarm.stamps.painted && alarm.stamps.acknowledged,
    JSON.stringify(alarm.stamps),
  );

  // The second detector launches the incident; two seats work it at once.
  await operator.locator('.row[data-point="f12-smoke-west.smoke"]').waitFor();
  const chief = await login(b, "lina");
  await chief.goto(`${new URL(chief.url()).origin}/incidents`);
  const link = chief.locator(".incidents a").first();
  await link.waitFor();
  await link.click();
  await chief.waitForSelector(".incident[data-incident]");
  await operator.goto(chief.url());
  const ready = operator.locator(".task[data-state=ready]").first();
  await ready.waitFor();
  const key = await ready.getAttribute("data-task");
  await ready
    .getByRole("button", { name: "接 单" })
    .or(ready.getByRole("button", { name: "接单" }))
    .click();
  await chief.waitForSelector(`.task[data-task="${key}"][data-state=running]`);
  await chief.locator(`.task[data-task="${key}"] .ant-btn-primary`).click();
  await operator.waitForSelector(`.task[data-task="${key}"][data-state=done]`);
  await operator.fill("#message", "12层东走廊见明烟，已组织疏散");
  await operator.keyboard.press("Enter");
  await chief.getByText("12层东走廊见明烟，已组织疏散").waitFor();
  await shot(chief, "incident");

  // A point's chart over time, and the alarm's own page with its stamps.
  await operator.goto(`${new URL(chief.url()).origin}/alarms/${id}`);
  await operator.waitForSelector(".way [data-stamp=painted] .fill");
  await operator.waitForSelector(".chart canvas");
  await shot(operator, "alarm");
  await operator.goto(
    `${new URL(chief.url()).origin}/points/edge-b03/f03-gas-302.concentration`,
  );
  await operator.waitForSelector(".chart canvas");
  await shot(operator, "point");

  // The link lamp turns when the server is gone, and is heard; afterwards all is there again.
  await operator.goto(`${new URL(chief.url()).origin}/`);
  await operator.waitForSelector("#link-lamp[data-state=alive]");
  await harness("stop-cloud");
  await operator.waitForSelector("#link-lamp[data-state=stale]");
  await shot(operator, "link-stale");
  await operator.waitForSelector("#link-lamp[data-state=lost]");
  await operator.waitForSelector("html[data-sounding=link]");
  await shot(operator, "link-lost");
  await harness("start-cloud");
  await operator.waitForSelector("#link-lamp[data-state=alive]");
  await operator.waitForSelector(`.row.acked[data-alarm="${id}"]`);

  // The other language is one click away.
  await operator.click("#language");
  await operator
    .getByText("Unacknowledged", { exact: false })
    .first()
    .waitFor();
  await shot(operator, "console-en");
  console.log("night: passed");
} finally {
  await b.close();
}
