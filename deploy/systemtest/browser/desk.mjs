// A night at the desk: sound, keyboard alone, two seats, small screens, both languages.
import assert from "node:assert/strict";
import {
  api,
  browser,
  cable,
  env,
  login,
  play,
  select,
  shot,
} from "./browser.mjs";

const b = await browser();

/** fits says what of the strip does not fit; nothing may. */
const overflow = (page) =>
  page.evaluate(() => {
    const strip = document.querySelector(".strip");
    const box = strip.getBoundingClientRect();
    const bad = [...strip.children].filter((c) => {
      const r = c.getBoundingClientRect();
      return (
        r.width > 0 &&
        (r.right > box.right + 1 ||
          r.bottom > box.bottom + 1 ||
          c.scrollWidth > c.clientWidth + 1)
      );
    });
    return {
      page: document.documentElement.scrollWidth - innerWidth,
      strip: strip.scrollWidth - strip.clientWidth,
      cells: bad.map((c) => c.textContent),
    };
  });

const smallText = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("#unacked *, .panel *")]
      .filter(
        (e) =>
          e.childElementCount === 0 &&
          e.textContent.trim() &&
          parseFloat(getComputedStyle(e).fontSize) < 14,
      )
      .map((e) => `${e.textContent} ${getComputedStyle(e).fontSize}`),
  );

const seats = async (page) => (await api(page, "/api/seats")).items;

try {
  // C-07: a seat that was not tested does not count; one that is blocked says so at once.
  const operator = await login(b, "zhangwei");
  await operator.waitForSelector("#arm");
  assert.equal(
    (await api(operator, "/api/seats")).on_watch,
    0,
    "a seat without sound counts as watching",
  );
  await operator.click("#arm-sound");
  await operator.waitForSelector("#sound-sheet");
  await operator.keyboard.press("Escape");
  await operator.waitForSelector("#sound-sheet", { state: "hidden" });
  await operator.waitForFunction(
    async () => (await (await fetch("/api/seats")).json()).on_watch === 1,
  );

  // C-18: calm says why.
  await operator.waitForSelector(".calm-why");
  await shot(operator, "desk-calm");

  // C-06: help and back, by keys alone.
  await operator.keyboard.press("?");
  await operator.waitForSelector("#help");
  await operator.keyboard.press("Escape");
  await operator.waitForSelector("#help", { state: "hidden" });

  // A second seat looks on.
  const line = await cable();
  const chief = await login(b, "lina", { console: line.url });
  await chief.click("#arm-sound");
  await chief.keyboard.press("Escape");
  await chief.waitForFunction(
    async () => (await (await fetch("/api/seats")).json()).on_watch === 2,
  );

  await play("fire-12");
  const row = (page) =>
    page.locator('#unacked [data-point="f12-smoke-east.smoke"]');
  await row(operator).waitFor();
  await row(chief).waitFor();
  const id = await row(operator).getAttribute("data-alarm");
  // C-05: the card is there by itself, beside the list.
  await operator.waitForSelector("#queue-bar");
  await operator.waitForSelector(`.panel[data-panel]`);
  assert.ok(await row(operator).isVisible(), "the card hides the list");
  await operator.waitForSelector('.call a[href="tel:119"]');
  assert.deepEqual(
    await smallText(operator),
    [],
    "C-16: text that is too small",
  );
  await shot(operator, "desk-fire");

  // C-09: it is painted, and the server knows by whom.
  await operator.waitForFunction(
    async (id) =>
      (await (await fetch(`/api/alarms/${id}`)).json()).alarm.stamps.painted,
    id,
  );

  // C-10: a claim is seen at the other seat.
  await select(operator, id);
  await operator.keyboard.press("c");
  await operator.waitForSelector('.claimed[data-claim="张伟"]');
  await chief.locator(`.row[data-alarm="${id}"] .claim`).waitFor();
  await shot(chief, "desk-claimed");

  // C-06: acknowledged with a stock phrase, and C-10: the other seat sees who.
  await operator.keyboard.press("a");
  await operator.waitForSelector("#note:focus");
  await operator.keyboard.press("8");
  assert.equal(await operator.inputValue("#note"), "已拨打 119");
  await operator.keyboard.press("Enter");
  await operator.waitForSelector(`.row.acked[data-alarm="${id}"]`);
  await chief
    .locator(`.row.acked[data-alarm="${id}"]`, { hasText: "张伟" })
    .waitFor();

  // P twice launches the plan; a single P does not. (The plan may have launched itself.)
  const { alarm } = await api(operator, `/api/alarms/${id}`);
  if (!alarm.incident) {
    await operator.keyboard.press("p");
    assert.ok(
      !(await api(operator, `/api/alarms/${id}`)).alarm.incident,
      "one key launched a plan",
    );
  }

  // C-07: the output goes away; the seat is deaf, here and at the server, until it is tested again.
  await operator.evaluate(() =>
    window.contexts.forEach((c) => c.dispatchEvent(new Event("error"))),
  );
  await operator.waitForSelector("#deaf");
  await operator.waitForFunction(async () =>
    (await (await fetch("/api/seats")).json()).items.some(
      (s) => s.state === "deaf",
    ),
  );
  await shot(operator, "desk-deaf");
  await operator.click("#deaf button");
  await operator.waitForSelector("#sound[data-state=armed]");

  // C-01, C-16: nothing of the strip is cut, at 1366×768, and at 150 % zoom (a third less room).
  for (const [width, height] of [
    [1440, 900],
    [1366, 768],
    [911, 512],
    [960, 600],
  ]) {
    await operator.setViewportSize({ width, height });
    await operator.waitForTimeout(200);
    for (let turn = 0; turn < 2; turn++) {
      assert.deepEqual(
        await overflow(operator),
        { page: 0, strip: 0, cells: [] },
        `strip at ${width}×${height}`,
      );
      await shot(operator, `desk-${width}-${turn}`);
      await operator.click("#language");
      await operator.waitForTimeout(200);
    }
  }
  await operator.setViewportSize({ width: 1440, height: 900 });

  // C-02: building → section → floor, by URL.
  await operator.goto(`${env.console}/?building=b03&floor=12`);
  await operator.locator('[data-device="f12-smoke-east"]').waitFor();
  await shot(operator, "desk-floor");
  await operator.keyboard.press("Escape");
  await operator.waitForSelector(".section");

  // The wall shows the same and does not count.
  const wall = await operator.context().newPage();
  await wall.goto(`${env.console}/wall`);
  await wall.locator(".wall .tile").first().waitFor();
  await wall.waitForFunction(async () =>
    (await (await fetch("/api/seats")).json()).items.some(
      (s) => s.kind === "wall" && s.state !== "gone",
    ),
  );
  await shot(wall, "wall");
  assert.ok((await seats(wall)).filter((s) => s.kind === "wall").length === 1);
  await wall.close();

  // C-08: cut off, nothing looks calm; on return what came meanwhile is listed.
  await chief.bringToFront();
  await chief.waitForSelector("#link-lamp[data-state=alive]");
  line.cut();
  await chief.waitForSelector(".desk.stale");
  await chief.waitForSelector("#link-banner");
  await chief.waitForSelector("html[data-sounding=link]");
  await shot(chief, "desk-lost");
  await play("gas-leak");
  await operator.locator('.row[data-rule^="gas"]').first().waitFor();
  line.mend();
  await chief.waitForSelector("#link-lamp[data-state=alive]");
  await chief.waitForSelector(".desk:not(.stale)");
  await chief.waitForSelector("#missed a");
  await shot(chief, "desk-missed");
  await chief.click("#missed button");
  await chief.waitForSelector("#missed", { state: "detached" });
  line.close();
  console.log("desk: passed");
} finally {
  await b.close();
}
