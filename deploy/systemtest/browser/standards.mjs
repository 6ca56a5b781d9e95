// What ships as a standard is changed without code: a fourth level with its deadline, an
// item of a checklist, a holiday. Who fills in a form has it at once.
import assert from "node:assert/strict";
import { api, browser, env, login, shot } from "./browser.mjs";

const b = await browser();
try {
  const page = await login(b, "admin");
  const go = async (path, ready) => {
    await page.goto(new URL(path, env.console).href);
    await page.locator(ready).first().waitFor();
  };
  const publish = async () => {
    await page.locator('.design-bar[data-state="kept"]').waitFor();
    assert.equal(await page.locator("#problems").count(), 0, "problems are left");
    await page.click("#publish");
    await page.click("#publish-now");
    await page.locator('.design-bar[data-state="untouched"]').waitFor();
  };
  const current = async (kind, key) => (await api(page, `/api/documents/${kind}/${key}`)).current.body;
  const option = (word) => page.locator(".ant-select-item-option:visible", { hasText: word }).first();

  // H4, H6: a level of one's own, with three working days to put it right.
  await go("/hazard-standards?tab=levels", "text=工作日历");
  await page.getByRole("link", { name: "修改", exact: true }).click();
  await page.click("#add-item");
  const line = page.locator(".design-dict > li").nth(3);
  await line.locator("input[id^=item-]").first().fill("较低");
  const cure = line.locator('[data-limit="cure"]');
  await cure.locator("input").first().fill("3");
  await cure.locator(".ant-select").click();
  await option("工作日").click();
  await shot(page, "standards-levels");
  await publish();
  const low = (await current("dict", "hazard-level")).items[3];
  assert.equal(low.label.zh, "较低");
  assert.deepEqual(low.limits, { cure: { days: 3, working: true } });

  // A holiday by mouse, and a weekend worked for it.
  await go("/workbench/calendars/work", ".design-month");
  const year = Number((await page.textContent("#year")).match(/\d+/)[0]);
  await page.click(`[data-date="${year}-12-25"]`);
  await page.locator(".design-day:visible").getByText("放假").click();
  await page.keyboard.press("Escape");
  await publish();
  assert.ok(
    (await current("calendar", "work")).days.some((d) => d.date === `${year}-12-25` && !d.works),
  );
  await shot(page, "standards-calendar");

  // H2: an item of one's own; a record form brings it when its category is chosen.
  await go("/workbench/checklists/elevator", ".design-check");
  const before = await page.locator(".design-check").count();
  await page.click("#add-check");
  await page.fill(`#check-text-${before}`, "机房空调滤网");
  await page.fill(`#check-normal-${before}`, "清洁，无堵塞");
  await publish();
  await go("/forms/patrol_record/new", "#f-category");
  await page.click("#f-category");
  await option("电梯").click();
  await page.locator(`[data-row="${before + 1}"]`).waitFor();
  const row = page.locator(`[data-row="${before + 1}"]`);
  assert.equal(await row.locator("input").first().inputValue(), "机房空调滤网");
  assert.ok((await row.textContent()).includes("清洁，无堵塞"));

  // Another category brings its own, but not over what has been answered.
  await page.locator('[data-row="1"]').getByText("正常", { exact: true }).last().click();
  await page.click("#f-category");
  await option("燃气").click();
  await page.locator(".work-other-list").waitFor();
  assert.equal(await page.locator("[data-row]").count(), before + 1);
  await page.click(".work-other-list");
  await page.locator(".work-other-list").waitFor({ state: "detached" });
  const gas = await api(page, "/api/checklists/gas");
  assert.equal(await page.locator("[data-row]").count(), gas.items.length);
  await shot(page, "standards-items");

  // H1: a category that somebody else adds is offered in the form that is open.
  const put = await page.evaluate(async () => {
    const at = "/api/documents/dict/hazard_category";
    const send = (method, path, body) =>
      fetch(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const { current } = await (await fetch(at)).json();
    const body = { ...current.body, items: [...current.body.items, { code: "pool", label: { zh: "泳池水景" } }] };
    const { draft } = await (await send("PUT", `${at}/draft`, { rev: 0, body })).json();
    return (await send("POST", `${at}/publish`, { rev: draft.rev })).status;
  });
  assert.equal(put, 200);
  await page.click("#f-category");
  await page.keyboard.type("泳池");
  for (let i = 0; (await option("泳池水景").count()) === 0; i++) {
    assert.ok(i < 100, "the new category is not offered");
    await page.evaluate(() => window.dispatchEvent(new Event("visibilitychange"))); // somebody comes back to the page
    await page.waitForTimeout(100);
  }
} finally {
  await b.close();
}
