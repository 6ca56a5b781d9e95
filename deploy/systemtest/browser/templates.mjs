// A template becomes an app: found, looked at, installed, granted, used by a guard, removed
// and restored. And the designer's help answers F1.
import assert from "node:assert/strict";
import { api, browser, env, login, shot } from "./browser.mjs";

const b = await browser();
try {
  const [page, guard] = await Promise.all([
    login(b, "admin"),
    login(b, "wangqiang"),
  ]);
  const go = async (p, path, ready) => {
    await p.goto(new URL(path, env.console).href);
    await p.locator(ready).first().waitFor();
  };
  await go(page, "/workbench", "#templates-open");
  await page.click("#templates-open");
  await page.locator("[data-template=cleaning]").waitFor();
  assert.ok((await page.locator("[data-template]").count()) >= 12);
  await page.fill("#find-template", "保洁");
  await page.locator("[data-template=hot_work]").waitFor({ state: "detached" });
  await page
    .locator("[data-template=cleaning]")
    .getByText("预览", { exact: true })
    .click();
  await page.locator("#preview").waitFor();
  await page.getByRole("tab", { name: /流程/ }).click();
  await page.locator("#template-flow [data-node=cure]").waitFor();
  await shot(page, "templates-preview");

  // Installed while everything runs; nobody has a right to it, the page to give it is open.
  await page.click("[data-install=cleaning]");
  await page.click("#install-now");
  await page.locator("#grants .empty").waitFor();
  assert.match(page.url(), /workbench\/forms\/cleaning\?view=grants/);
  const offered = async () =>
    (await api(guard, "/api/forms")).some((f) => f.key === "cleaning");
  assert.equal(await offered(), false);
  const grant = async () => {
    await page.click("#add-grant");
    await page.click("#grant-role");
    await page
      .locator(".ant-select-item-option:visible", { hasText: "保安" })
      .first()
      .click();
    await page.click("#grant-actions");
    await page
      .locator(".ant-select-item-option:visible", { hasText: "查看" })
      .first()
      .click();
    await page.keyboard.press("Escape");
    await page.click("#save-grant");
    await page.locator("#edit-grant").waitFor({ state: "hidden" });
  };
  await grant();
  assert.equal(await offered(), true);
  await go(guard, "/forms/cleaning/new", "#f-place");
  // the beginner's form has what the flow lets them fill in, and no more
  assert.equal(await guard.getByText("整改说明").count(), 0);
  const places = await api(page, "/api/places");
  const c = places.communities[0].id;
  const made = await guard.evaluate(
    async (fields) =>
      (
        await fetch("/api/forms/cleaning/records", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ fields }),
        })
      ).json(),
    {
      place: `${c}/b03/12`,
      shift: "am",
      bad: "no",
      items: [{ item: "lobby", score: 4 }],
    },
  );
  assert.ok(made.record?.no, JSON.stringify(made));

  // Removed once its name is typed.
  await go(page, "/workbench/apps/cleaning", "#remove-app");
  const [packed] = await Promise.all([
    page.waitForEvent("download"),
    page.click("#export-app"),
  ]);
  const taken = await packed.path();
  await page.click("#remove-app");
  const now = page.locator("#remove-now");
  await page.locator("#type-name").waitFor();
  assert.equal(await now.isDisabled(), true);
  await page.fill("#type-name", "保洁巡查");
  await shot(page, "templates-remove");
  await now.click();
  await page.waitForURL(/\/workbench$/);
  assert.equal(await offered(), false);

  // Restored: the record is there, for whom it is granted again.
  await go(page, "/workbench/apps/cleaning", "#restore-app");
  await page.click("#restore-app");
  await page.locator("#grants .empty").waitFor();
  await grant();
  await go(
    guard,
    `/forms/cleaning/records/${made.record.id}`,
    `text=${made.record.no}`,
  );

  // The package taken before holds the app itself, and nothing that differs from what is here.
  await go(page, "/workbench", "#templates-open");
  await page.setInputFiles("#import-file", taken);
  const report = page.locator(".ant-modal tbody tr");
  await report
    .filter({ hasText: "应用" })
    .filter({ hasText: "保洁巡查" })
    .waitFor();
  await shot(page, "templates-import");
  assert.ok((await report.count()) >= 3);
  assert.equal(
    await report.filter({ hasNotText: "相同，不变" }).count(),
    0,
    await report.allTextContents(),
  );
  await page.keyboard.press("Escape");

  // F1 in the designer opens the help at what is in hand.
  await go(page, "/workbench/forms/cleaning", "#design-help");
  await page.locator("[data-control=rating]").focus();
  await page.keyboard.press("F1");
  await page.locator('#help [data-topic="control:rating"]').waitFor();
  await page.fill("#find-help", "延时");
  await page.locator('#help [data-topic="node:delay"]').waitFor();
  await page.locator('#help [data-topic="control:rating"]').waitFor({
    state: "detached",
  });
} finally {
  await b.close();
}
