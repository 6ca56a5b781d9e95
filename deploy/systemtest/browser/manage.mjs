// What is set up rather than watched: edges let in and shut out, people and their
// rights, the audit log, and a point's curve with its export.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { api, browser, env, login, play, shot } from "./browser.mjs";

const b = await browser();
try {
  const admin = await login(b, "admin");
  const go = async (page, path, ready) => {
    await page.goto(new URL(path, env.console).href);
    await page.locator(ready).first().waitFor();
  };

  // O2: a token is made, shown once, and the way back is a revocation with a reason.
  await go(admin, "/edges", "#enrol");
  await admin.click("#enrol");
  await admin.fill("#id", "Edge 5");
  await admin.fill("#name", "5号楼网关");
  await admin.locator(".ant-modal-footer .ant-btn-primary").click();
  await admin.locator(".ant-form-item-explain-error").first().waitFor();
  await admin.fill("#id", "edge-b05");
  await admin.locator(".ant-modal-footer .ant-btn-primary").click();
  const word = (await admin.locator("#token").textContent()).trim();
  assert.match(word, /^anlan1\.[\w-]+/);
  await shot(admin, "edges-token");
  await admin.locator(".ant-modal-footer .ant-btn-primary").click();
  await admin.getByText("edge-b05").first().waitFor();
  await go(admin, "/edges?edge=edge-b05", "#revoke");
  assert.ok(
    !(await admin.content()).includes(word),
    "the token is shown a second time",
  );
  await admin.locator('.papers [data-state="waiting"]').waitFor();
  await admin.click("#revoke");
  const ok = admin.locator(".ant-modal-footer .ant-btn-dangerous");
  assert.ok(await ok.isDisabled(), "revoked without a reason");
  await admin.fill("#revoke-reason", "设备更换");
  await ok.click();
  await admin.locator('.papers [data-state="revoked"]').waitFor();
  await shot(admin, "edges-revoked");

  // H19: what is to be tested; tests are noted for two at once, told, and one is taken back.
  await go(admin, "/proof-tests", "#proof-tests tr.proof-row");
  const due = admin.locator("#proof-tests tr.proof-row");
  assert.ok((await due.count()) >= 5, "detectors are not on the list");
  for (const i of [0, 1]) await due.nth(i).locator(".ant-checkbox").click();
  await admin.click("#note-tests");
  await admin.fill("#note", "喷烟，3 秒内报警");
  await shot(admin, "proof-note");
  await admin.click("#note-test");
  await admin.getByText("已记录 2 台").waitFor();
  const today = new Intl.DateTimeFormat("zh-CN", {
    timeZone: "Asia/Shanghai",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(new Date());
  const tested = due.filter({ hasText: today });
  await tested.nth(1).waitFor();
  await shot(admin, "proof-tests");
  const { name } = await api(admin, "/api/me");
  assert.ok(name);
  await tested.first().locator("td .quiet", { hasText: name }).waitFor();
  const [book] = await Promise.all([
    admin.waitForEvent("download"),
    admin.click("#export-proof"),
  ]);
  assert.match(book.suggestedFilename(), /^proof-tests-\d{8}\.xlsx$/);
  await tested.first().locator(".proof-name").click();
  await admin.locator(".proof-history li", { hasText: "喷烟，3 秒内报警" }).waitFor();
  await shot(admin, "proof-history");
  await admin.locator(".proof-history li button").first().click();
  await admin.locator(".ant-modal-confirm .ant-btn-primary").click();
  await admin.locator(".ant-drawer .empty").waitFor();
  await go(admin, "/proof-tests?q=没有这样的设备", "#proof-tests .ant-table-placeholder");

  // S9: who may not do it has no button for it, and the server refuses it as well.
  const guard = await login(b, "wangqiang");
  if (await guard.locator("#manage").count()) {
    await guard.click("#manage");
    await guard.locator(".ant-dropdown-menu:visible").first().waitFor();
  }
  assert.equal(
    await guard.getByText("网关接入").count(),
    0,
    "a guard is offered what is refused",
  );
  const refused = await guard.evaluate(async () => {
    const r = await fetch("/api/edges/edge-b03/revoke", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ reason: "x" }),
    });
    return r.status;
  });
  assert.equal(refused, 403);
  const { items } = await api(admin, "/api/audit?action=access.refused");
  assert.ok(
    items.some((e) => e.actor_name === "王强" && e.object.includes("/revoke")),
    "the refusal is not in the audit log",
  );
  await go(admin, "/audit", "table, .ant-table");
  await shot(admin, "audit");

  // T3: a point's curve: another beside it, a stretch zoomed into, and a file of it.
  const gas = "/points/edge-b03/f03-gas-302.concentration";
  await go(
    admin,
    `${gas}?with=edge-b03/b1-co-garage.concentration`,
    ".chart canvas",
  );
  assert.equal(await admin.locator(".chart-lines li").count(), 2);
  const box = await admin.locator(".chart").boundingBox();
  await admin.mouse.move(box.x + box.width * 0.4, box.y + 150);
  await admin.mouse.down();
  await admin.mouse.move(box.x + box.width * 0.6, box.y + 150, { steps: 5 });
  await admin.mouse.move(box.x + box.width * 0.9, box.y + 150, { steps: 5 });
  await admin.mouse.up();
  await admin.waitForURL(/from=.*to=/);
  await shot(admin, "point-compare");
  await admin.goBack();
  await admin.waitForFunction(() => !location.search.includes("from="));
  await admin.click("#export");
  const [file] = await Promise.all([
    admin.waitForEvent("download"),
    admin.getByText("原始数据 CSV").click(),
  ]);
  const text = await readFile(await file.path(), "utf8");
  assert.ok(text.startsWith("\ufeff时间 (Asia/Shanghai)"), text.slice(0, 60));
  assert.ok(
    /302/.test(text) && /ppm/.test(text) && /%LEL/.test(text),
    text.slice(0, 400),
  );

  // H2: what to look for, its source; a risk is scored by hand.
  await go(admin, "/hazard-standards?q=消防车", '[data-category="fire"]');
  assert.match(
    await admin.textContent(".hazard-items table, .hazard-items .ant-table"),
    /应急管理部令第5号/,
  );
  await go(admin, "/hazard-standards?tab=risk", '[data-scheme="ls"]');
  const ls = admin.locator('[data-scheme="ls"]');
  await ls.locator(".factor").nth(0).getByText("5", { exact: true }).click();
  await ls.locator(".factor").nth(1).getByText("4", { exact: true }).click();
  await ls.locator(".risk-result", { hasText: "重大风险" }).waitFor();
  await shot(admin, "hazard-risk");

  // A condition is changed by clicks and says what it means.
  await go(admin, "/design", "#design-condition .cond-says");
  const says = () => admin.textContent("#design-condition .cond-says");
  assert.match(await says(), /隐患等级.*重大/);
  await admin
    .locator("#design-condition .ant-select", { hasText: "重大" })
    .first()
    .click();
  await admin.locator('.ant-select-item-option[title="一般"]').last().click();
  await admin
    .locator("#design-condition .cond-says", { hasText: "一般" })
    .waitFor();
  await admin.locator("#design-condition").scrollIntoViewIfNeeded();
  await shot(admin, "condition");

  // O5: the system about itself: what is supervised, the clocks against the law, the month for the file.
  await go(admin, "/health", "#health-edges");
  assert.match(
    await admin.textContent("#health-edges"),
    /3号楼网关|edge-b03/,
  );
  await shot(admin, "health-now");
  await go(admin, "/", ".tile");
  await play("gas-leak");
  await admin.locator(".row", { hasText: "302" }).first().waitFor();
  await go(admin, "/health?view=clocks", "[data-verdict]");
  await shot(admin, "health-clocks");
  await go(admin, "/health?view=month", "[data-month]");
  await shot(admin, "health-month");
  const hour = 3_600_000;
  const at = (ms) => encodeURIComponent(new Date(ms).toISOString());
  const { stages } = await api(
    admin,
    `/api/health/clocks?from=${at(Date.now() - hour)}&to=${at(Date.now())}`,
  );
  assert.ok(stages.length >= 5, JSON.stringify(stages));
} finally {
  await b.close();
}
