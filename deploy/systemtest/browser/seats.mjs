// Two people at two seats (C-10): who handles it, who was first, and what takes two.
import assert from "node:assert/strict";
import {
  api,
  arm,
  browser,
  fault,
  login,
  person,
  play,
  select,
  shot,
} from "./browser.mjs";

const b = await browser();
const act = (page, path, body) =>
  page.evaluate(
    async ([p, x]) => {
      const r = await fetch(p, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(x),
      });
      return { status: r.status, text: await r.text() };
    },
    [path, body],
  );

try {
  const operator = await login(b, "zhangwei");
  const chief = await login(b, "lina");
  await Promise.all([operator, chief].map(arm));
  await play("fire-12");
  const row = (page, point) => page.locator(`.row[data-point="${point}"]`);
  const points = ["f12-smoke-east.smoke", "f12-smoke-west.smoke"];
  const ids = [];
  for (const p of points) {
    await Promise.all([row(operator, p).waitFor(), row(chief, p).waitFor()]);
    ids.push(await row(operator, p).getAttribute("data-alarm"));
  }
  const [east, west] = ids;

  // A claim is taken over only on purpose, and both see by whom.
  await select(operator, east);
  await operator.keyboard.press("c");
  await chief
    .locator(`.row[data-alarm="${east}"] .claim`, { hasText: "张伟" })
    .waitFor();
  await select(chief, east);
  await chief.keyboard.press("c");
  await chief.locator(".ant-modal-confirm .ant-btn-primary").click();
  await operator
    .locator(`.row[data-alarm="${east}"] .claim`, { hasText: "李娜" })
    .waitFor();
  await operator.waitForSelector('.claimed[data-claim="李娜"]');
  await shot(operator, "seats-taken-over");

  // Of two acknowledgements at once one holds; both seats name the same person.
  const { version } = (await api(operator, `/api/alarms/${east}`)).alarm;
  const both = await Promise.all(
    [operator, chief].map((p) =>
      act(p, `/api/alarms/${east}/acknowledge`, { note: "同时", version }),
    ),
  );
  assert.deepEqual(
    both.map((r) => r.status).sort(),
    [200, 409],
    JSON.stringify(both),
  );
  const first = both[0].status === 200 ? "张伟" : "李娜";
  assert.match(
    both.find((r) => r.status === 409).text,
    new RegExp(first),
    "the refusal does not name the first",
  );
  for (const page of [operator, chief])
    await page
      .locator(`.row.acked[data-alarm="${east}"]`, { hasText: first })
      .waitFor();

  // How long until the other seat shows it, by the page's own clock.
  await chief.evaluate((id) => {
    window.seen = new Promise((done) => {
      const look = () =>
        document.querySelector(`.row.acked[data-alarm="${id}"]`) &&
        done(Date.now());
      new MutationObserver(look).observe(document.body, {
        subtree: true,
        childList: true,
        attributes: true,
      });
    });
  }, west);
  const now = (await api(operator, `/api/alarms/${west}`)).alarm;
  assert.equal(
    (
      await act(operator, `/api/alarms/${west}/acknowledge`, {
        version: now.version,
      })
    ).status,
    200,
  );
  const seen = await chief.evaluate(() => window.seen);
  const { at } = (await api(chief, `/api/alarms/${west}`)).alarm.ack;
  console.log(
    `seats: the other seat showed the acknowledgement after ${seen - Date.parse(at)} ms`,
  );
  assert.ok(
    seen - Date.parse(at) < 1_000,
    `seen after ${seen - Date.parse(at)} ms`,
  );

  // Out of service where people may be hurt: asked at one seat (O), prompted at another, approved there.
  await select(chief, west);
  await chief.keyboard.press("o");
  await chief.locator(".ant-modal #work_order").fill("W-1");
  await chief.locator(".ant-modal #person").fill("孙师傅");
  await shot(chief, "seats-out-of-service");
  await chief.click("#oos-ok");
  await chief.waitForSelector(".ant-modal", { state: "hidden" });
  await chief.waitForSelector("#requested");
  assert.equal(
    await chief.locator("#approval").count(),
    0,
    "one may approve one's own request",
  );
  await person("sunli", "孙丽", "supervisor");
  const second = await login(b, "sunli");
  await second.waitForSelector("#approval");
  assert.match(await second.textContent("#approval"), /李娜/);
  await second.click("#requested a");
  await second.waitForSelector('.row.asked[data-status="requested"]');
  await shot(second, "seats-approval");
  await second.click("#approve");
  await second.click("#approve-ok");
  await second.waitForSelector("#approval", { state: "detached" });
  await operator.click("#list-aside");
  await operator
    .locator(`.row[data-alarm="${west}"] [data-remaining]`)
    .waitFor();
  await shot(operator, "seats-aside");

  // Shelved by the keyboard (S): what cannot hurt people, for a time and a reason; it comes back by itself.
  await fault("f06-smoke", { silent: true });
  const offline = row(chief, "f06-smoke.link");
  await offline.waitFor({ timeout: 60_000 });
  const id = await offline.getAttribute("data-alarm");
  await select(chief, id);
  await chief.keyboard.press("s");
  await chief.locator(".ant-modal .ant-select").first().click();
  await chief.locator(".ant-select-item-option").first().click();
  await shot(chief, "seats-shelve");
  await chief.click("#shelve-ok");
  await chief.waitForSelector(".ant-modal", { state: "hidden" });
  await chief.click("#list-aside");
  await chief
    .locator(`.row[data-alarm="${id}"] [data-remaining]`)
    .waitFor();
  const shelved = (await api(chief, `/api/alarms/${id}`)).alarm;
  assert.equal(shelved.state, "shelved");
  assert.equal(
    shelved.condition,
    "active",
    "setting it aside changed what is true in the field",
  );
  console.log("seats: passed");
} finally {
  await b.close();
}
