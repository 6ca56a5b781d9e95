// The watch keeps itself honest: what is wrong with it is shown and heard once, a mute is
// short, a seat that cannot hear says so, a locked screen still warns, and nothing that is
// hard to take back happens by a short press.
import assert from "node:assert/strict";
import {
  api,
  arm,
  browser,
  env,
  harness,
  login,
  play,
  select,
  shot,
} from "./browser.mjs";

const b = await browser();
const sounding = (page, what) =>
  page.waitForFunction(
    (w) => document.documentElement.dataset.sounding === w,
    what,
  );
const ours = (state) => async (page) =>
  page.waitForFunction(async (s) => {
    const id = sessionStorage.getItem("anlan.seat");
    const l = await (await fetch("/api/seats")).json();
    return l.items.find((x) => x.id === id)?.[s[0]] === s[1];
  }, state);
const open = async (page) =>
  (await api(page, "/api/alarms?view=open&limit=500")).items;

try {
  const page = await login(b, "zhangwei");
  await arm(page);
  // C-01: nothing is wrong, and the places of what comes later say that they are not in use.
  await page.waitForSelector("#abnormal", { state: "detached" });
  assert.match(await page.textContent("#duty"), /查岗 · 交接班\s*未启用/);
  assert.match(await page.textContent("#last-event"), /最近事件/);
  // C-16: heartbeat, link and values carry their age.
  assert.match(await page.textContent("#edges small"), /前/);
  assert.match(await page.textContent("#link-lamp small"), /秒/);
  await page.locator(".pulse .reading").first().waitFor();
  for (const r of await page.locator(".pulse .reading").allTextContents())
    assert.match(r, /前|从未/, `a value without an age: ${r}`);

  // C-01: an edge falls silent: what and where stand in a banner, heard once as no alarm is.
  const low = () =>
    page.evaluate(() => window.notes.filter((n) => n.hz === 300).length);
  assert.equal(await low(), 0);
  await harness("stop-edge");
  await page.waitForSelector("#abnormal [data-what^=edge]");
  assert.match(await page.textContent("#abnormal"), /网关.*3号楼/);
  await page.waitForFunction(() => window.notes.some((n) => n.hz === 300));
  await shot(page, "watch-edge-gone");
  await page.waitForTimeout(4_000);
  assert.equal(await low(), 1, "an abnormality is heard once");
  await harness("start-edge");
  await page.waitForSelector("#abnormal", { state: "detached" });

  // C-07: a mute is for this tone, for two minutes at most; a new alarm ends it.
  await play("gas-leak");
  await page.waitForFunction(() => document.documentElement.dataset.sounding);
  await page.keyboard.press("Escape");
  await page.keyboard.press(" ");
  await sounding(page, "");
  const seconds = Number(/(\d+)/.exec(await page.textContent("#sound"))[1]);
  assert.ok(seconds > 100 && seconds <= 120, `muted for ${seconds} s`);
  await ours(["sound", "muted"])(page);
  await shot(page, "watch-muted");
  await play("fire-12");
  const smoke = page.locator('#unacked [data-point="f12-smoke-east.smoke"]');
  await smoke.waitFor();
  await sounding(page, "critical");
  await ours(["sound", "armed"])(page);

  // A short press launches nothing; a press of 1.5 s does. (The second detector is 15 s away.)
  const fire = await smoke.getAttribute("data-alarm");
  await select(page, fire);
  const incident = async () =>
    (await api(page, `/api/alarms/${fire}`)).alarm.incident;
  const box = await page.locator("#launch").boundingBox();
  await page.mouse.move(box.x + 20, box.y + 20);
  await page.mouse.down();
  await page.waitForSelector("#launch.holding");
  await page.mouse.up();
  await page.waitForSelector("#launch:not(.holding)");
  await page.waitForTimeout(1_600);
  assert.ok(!(await incident()), "a short press launched a plan");
  await page.mouse.down();
  await page.waitForURL(/\/incidents\//);
  await page.mouse.up();
  assert.ok(await incident());
  await page.goto(env.console);
  await page.waitForSelector("#link-lamp[data-state=alive]");
  await arm(page);

  // C-07: suspended is deaf, hidden is blind; the server knows both.
  await page.evaluate(() => window.contexts.forEach((c) => c.suspend()));
  await page.waitForSelector("#deaf");
  await ours(["state", "deaf"])(page);
  await page.click("#deaf button");
  await ours(["state", "watching"])(page);
  const visibility = (v) =>
    page.evaluate((to) => {
      Object.defineProperty(document, "visibilityState", {
        configurable: true,
        get: () => to,
      });
      document.dispatchEvent(new Event("visibilitychange"));
    }, v);
  await visibility("hidden");
  await ours(["state", "blind"])(page);
  await visibility("visible");
  await ours(["state", "watching"])(page);

  // C-14: locked from the menu, even while the stream is away, the bar is there at once.
  await page.route("**/api/events", (r) => r.abort());
  await page.reload();
  await arm(page);
  await page.click("#user");
  await page.getByText("锁定", { exact: true }).click();
  await page.waitForSelector(".lock-bar");
  await page.unroute("**/api/events");
  await page.waitForSelector("#link-lamp[data-state=alive]");
  await select(page, fire);
  for (const verb of [
    "#acknowledge",
    "#claim",
    "#launch",
    "#shelve",
    "#out-of-service",
    "#reset",
  ])
    assert.equal(
      await page.locator(verb).count(),
      0,
      `${verb} on a locked screen`,
    );
  await page.keyboard.press("a");
  await page.keyboard.press("f");
  assert.equal(
    await page.locator("#note").count(),
    0,
    "a note on a locked screen",
  );
  // An alarm comes all the same: painted, and heard.
  await play("entrapment");
  const trapped = page.locator("#unacked [data-rule=entrapment]").first();
  await trapped.waitFor();
  await page.waitForFunction(() => document.documentElement.dataset.sounding);
  const since = await page.evaluate(() => window.notes.length);
  await page.waitForFunction((n) => window.notes.length > n, since);
  const car = await trapped.getAttribute("data-alarm");
  await page.waitForFunction(
    async (id) =>
      (await (await fetch(`/api/alarms/${id}`)).json()).alarm.stamps.painted,
    car,
  );
  await shot(page, "watch-locked");
  await page
    .locator(".lock-bar input[type=password]")
    .fill(env.passwords.zhangwei);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".lock-bar", { state: "detached" });
  await select(page, car);
  await page.waitForSelector("#acknowledge");

  // C-14: a new build is announced and waits; the page is the same one.
  const later = await page.context().newPage();
  await later.clock.install();
  await later.goto(`${env.console}/fleet`);
  await later.waitForSelector("#link-lamp[data-state=alive]");
  await later.route("**/index.html", (r) =>
    r.fulfill({
      contentType: "text/html",
      body: '<script type="module" src="/assets/index-other.js"></script>',
    }),
  );
  await later.evaluate(() => (window.mark = 1));
  await later.clock.fastForward(61_000);
  await later.waitForSelector("#new-build");
  await later.clock.fastForward(600_000);
  await later.waitForTimeout(1_000);
  assert.equal(
    await later.evaluate(() => window.mark),
    1,
    "the page loaded itself anew",
  );
  await shot(later, "watch-new-build");
  await later.close();

  // C-03: ten thousand open alarms are as many rows as the screen holds.
  const [one] = await open(page);
  const many = await page.context().newPage();
  const at = Date.now();
  const items = Array.from({ length: 10_000 }, (_, i) => ({
    ...one,
    id: `many-${i}`,
    state: i % 3 === 0 ? "acked" : "unacked",
    raised_at: new Date(at - i * 1000).toISOString(),
  }));
  await many.route("**/api/alarms?view=open*", (r) =>
    r.fulfill({ json: { items, next: "", counts: {} } }),
  );
  await many.route("**/api/seats/*/painted", (r) => r.fulfill({ status: 204 }));
  await many.goto(env.console);
  await many.waitForFunction(
    () => Number(document.querySelector("#count-unacked")?.dataset.n) > 6_000,
  );
  await many.waitForSelector("#unacked .row");
  const drawn = () => many.locator(".row").count();
  for (const part of [0, 0.5, 1]) {
    await many.evaluate((p) => {
      const list = document.querySelector("#unacked");
      list.scrollTop = (list.scrollHeight - list.clientHeight) * p;
    }, part);
    await many.waitForFunction(() => document.querySelector("#unacked .row"));
    const n = await drawn();
    assert.ok(n > 0 && n <= 200, `${n} rows are drawn`);
  }
  await shot(many, "watch-many");
  await many.close();
  console.log("watch: passed");
} finally {
  await b.close();
}
