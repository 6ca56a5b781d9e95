// The demo community: put in by one button, followed over a reload, seen where people work,
// wiped by one button.
import assert from "node:assert/strict";
import { api, browser, env, login, shot } from "./browser.mjs";

const b = await browser();
try {
  const admin = await login(b, "admin");
  const go = async (path, ready) => {
    await admin.goto(new URL(path, env.console).href);
    await admin.locator(ready).first().waitFor();
  };
  await go("/demo", "#demo-put-in");
  assert.equal(
    (await admin.locator('[data-kind="households"] dd').innerText()).replace(
      /\D/g,
      "",
    ),
    "5000",
  );
  await admin.getByText("小型").click();
  await shot(admin, "demo-offer");
  await admin.click("#demo-put-in");
  await admin.locator('[data-state="filling"] .ant-progress').waitFor();
  await admin.reload();
  await admin.locator('[data-state="there"]').waitFor();
  const made = (await api(admin, "/api/demo")).made;
  await shot(admin, "demo-there");

  // Its hazards are in the list, some of its work waits for who put it in.
  await go("/forms/hazard", "tbody tr:has-text('演示小区')");
  assert.ok(
    (await admin.locator("main").innerText()).includes(`共 ${made.hazards} 条`),
  );
  await go("/todos", "#todo-list li");
  await shot(admin, "demo-todos");
  // Nothing watches its towers, so they are not among those that something does.
  await go("/", ".tiles");
  assert.equal(await admin.locator(".tiles > *").count(), 1);

  await go("/demo", "#demo-wipe");
  await admin.click("#demo-wipe");
  await admin.locator("#demo-wipe-sure").waitFor();
  await shot(admin, "demo-wipe");
  await admin.click("#demo-wipe-sure");
  await admin.locator("#demo-put-in").waitFor();
  await go("/forms/hazard", "main .empty");
  const places = await api(admin, "/api/places");
  assert.deepEqual(
    places.communities.map((c) => c.id).filter((id) => id.startsWith("demo")),
    [],
  );
} finally {
  await b.close();
}
