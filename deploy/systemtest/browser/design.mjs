// The founding article's steps one to three, by hand in the designers: an app, the patrol
// record, the hazard report, its flow. Nothing but names is typed. Then people use it.
import assert from "node:assert/strict";
import { api, browser, env, login, person, shot } from "./browser.mjs";

const b = await browser();
try {
  await person("sunli", "孙丽", "engineer");
  const page = await login(b, "admin");
  const began = Date.now();
  const go = async (p, path, ready) => {
    await p.goto(new URL(path, env.console).href);
    await p.locator(ready).first().waitFor();
  };
  const option = (p, word) =>
    p.locator(".ant-select-item-option:visible", { hasText: word }).first();
  const choose = async (p, id, word) => {
    await p.click(`#${id}`);
    await option(p, word).click();
  };
  const item = (word) =>
    page
      .locator(".ant-dropdown-menu-item:visible", { hasText: word })
      .first()
      .click();
  /** drag takes a control of the palette to a place on the canvas. */
  const drag = async (control, onto) => {
    const from = page.locator(`[data-control="${control}"]`);
    const before = await page.locator("#canvas .design-card").count();
    await from.scrollIntoViewIfNeeded();
    const target = page.locator(onto);
    const a = await from.boundingBox();
    await page.mouse.move(a.x + a.width / 2, a.y + a.height / 2);
    await page.mouse.down();
    await page.mouse.move(a.x + a.width / 2 + 20, a.y + a.height / 2 + 10, {
      steps: 3,
    });
    const z = await target.boundingBox();
    const y = Math.min(z.y + z.height - 12, 880);
    await page.mouse.move(z.x + z.width / 2, y, { steps: 8 });
    await page.mouse.move(z.x + z.width / 2 + 2, y, { steps: 2 });
    await page.mouse.up();
    await page.locator("#canvas .design-card").nth(before).waitFor();
    await page.locator("#canvas .design-card.selected").waitFor();
  };
  const named = async (label) => {
    await page.fill("#prop-label", label);
  };
  const kept = () =>
    page.locator('.design-bar[data-state="kept"]').waitFor();
  const publish = async () => {
    await kept();
    assert.equal(await page.locator("#problems").count(), 0, "problems are left");
    await page.click("#publish");
    await page.click("#publish-now");
    await page.locator('.design-bar[data-state="untouched"]').waitFor();
  };
  const grant = async (role, actions) => {
    await page.getByText("权限", { exact: true }).first().click();
    await page.click("#add-grant");
    await choose(page, "grant-role", role);
    const has = await page.locator("#edit-grant").textContent();
    await page.click("#grant-actions");
    for (const a of actions) if (!has.includes(a)) await option(page, a).click();
    await page.keyboard.press("Escape");
    await page.click("#save-grant");
    await page.locator("#edit-grant").waitFor({ state: "hidden" });
  };

  // Step one: an app, and in it the places that patrols go by.
  await go(page, "/workbench", ".design-cards");
  await page.click("#new-document");
  await page.fill("#document-name", "小区安全生产管理");
  await page.fill("#app-about", "巡检记录、隐患上报和整改闭环");
  await page.click('.ant-modal [data-icon="safety"]');
  await page.click("#make-document");
  await page.locator("#new-in-app").waitFor();
  const app = new URL(page.url()).pathname;
  const newForm = async (name) => {
    await go(page, app, "#new-in-app");
    await page.click("#new-in-app");
    await item("新建表单");
    await page.fill("#document-name", name);
    await page.click("#make-document");
    await page.locator("#canvas").waitFor();
    return new URL(page.url()).pathname.split("/").at(-1);
  };

  // the card says what the app is, by its picture and its words; the picture can be changed
  await page.click("#app-icon");
  await page.click('.ant-popover [data-icon="hazard"]');
  await page.locator('.ant-popover [data-icon="hazard"][aria-checked="true"]').waitFor();
  await go(page, "/workbench", ".design-cards .app-icon");
  await page.getByText("巡检记录、隐患上报和整改闭环").waitFor();
  await shot(page, "workbench-apps");
  const made = (await api(page, "/api/documents?kind=app")).find((h) => app.endsWith(`/${h.key}`));
  assert.equal(made.icon, "hazard");

  const points = await newForm("巡检点位信息表");
  await shot(page, "design-empty-form");
  await drag("text", "#canvas");
  await named("点位名称");
  await page.click("#prop-required");
  // by keyboard, for whom a drag is hard
  await page.locator('[data-control="place"]').focus();
  await page.keyboard.press("Enter");
  await named("所在位置");
  await page.locator('[data-field="place1"]').focus();
  await page.keyboard.press("Alt+ArrowUp");
  assert.equal(
    await page.locator("#canvas .design-card").first().getAttribute("data-field"),
    "place1",
  );
  await page.locator("h1").click();
  await page.keyboard.press("Control+z");
  assert.equal(
    await page.locator("#canvas .design-card").first().getAttribute("data-field"),
    "text1",
  );
  await page.locator(".design-middle").click({ position: { x: 5, y: 400 } });
  await page.click("#form-summary");
  await option(page, "点位名称").click();
  await page.keyboard.press("Escape");
  await publish();
  await grant("管理员", ["查看", "提交"]);
  await grant("保安", ["查看"]);

  // 安全巡检记录表
  const patrol = await newForm("安全巡检记录表");
  await drag("datetime", "#canvas");
  await named("巡检时间");
  await drag("person", "#canvas");
  await named("巡检员");
  await drag("link", "#canvas");
  await named("巡检点位");
  await choose(page, "prop-link-form", "巡检点位信息表");
  await drag("rows", "#canvas");
  await named("检查项清单");
  // a new sub-form has one column; it becomes the item, the others are dragged in
  await page.click('[data-field="rows1.text1"]');
  await named("检查项描述");
  for (const [control, label] of [
    ["option", "是否正常"],
    ["photo", "异常情况拍照"],
    ["opinion", "备注说明"],
  ]) {
    await page.locator('[data-field="rows1"] .design-sub > p').scrollIntoViewIfNeeded();
    await drag(control, '[data-field="rows1"] .design-sub > p');
    await named(label);
    if (control === "option") {
      const options = page.locator(".design-option");
      await options.nth(0).fill("正常");
      await options.nth(1).fill("异常");
    }
  }
  assert.deepEqual(
    await page
      .locator('[data-field="rows1"] .design-sub .design-card strong')
      .allTextContents(),
    ["检查项描述", "是否正常", "异常情况拍照", "备注说明"],
  );
  await shot(page, "design-patrol");
  await page.getByText("预览", { exact: true }).click();
  await page.locator("#preview").waitFor();
  await page.locator("#preview").getByText("添加一行").click();
  await shot(page, "design-preview");
  await page.getByText("编辑", { exact: true }).click();
  await publish();
  await grant("保安", ["查看", "提交"]);

  // 安全隐患上报单
  const hazard = await newForm("安全隐患上报单");
  await drag("multiline", "#canvas");
  await named("隐患描述");
  await page.click("#prop-required");
  await drag("media", "#canvas");
  await named("现场图片/视频");
  await drag("location", "#canvas");
  await named("隐患位置");
  await drag("dropdown", "#canvas");
  await named("隐患类型");
  const options = page.locator(".design-option");
  for (const [i, word] of ["消防", "设备", "治安"].entries()) {
    if ((await options.count()) <= i) await page.click("#add-option");
    await options.nth(i).fill(word);
  }
  await drag("dropdown", "#canvas");
  await named("隐患等级");
  for (const [i, word] of ["重大", "一般"].entries())
    await options.nth(i).fill(word);
  await drag("person", "#canvas");
  await named("整改负责人");
  await page.locator('[data-control="multiline"]').click();
  await named("整改措施");
  await page.locator('[data-control="photo"]').click();
  await named("整改后照片");
  await page.locator('[data-control="opinion"]').click();
  await named("复核意见");
  await shot(page, "design-hazard");
  await publish();
  await grant("保安", ["查看", "提交"]);

  // Step two: the flow, from the form.
  await page.click("#new-flow");
  await page.click("#make-flow");
  await page.locator("#flow-canvas").waitFor();
  const add = async (after, type) => {
    await page.click(`[data-plus="${after}"]`);
    await item(type);
    await page.locator("#node-name").waitFor();
  };
  const allow = async (field, what, must = false) => {
    const row = page.locator(`[data-access="${field}"]`);
    await row.getByText(what, { exact: true }).click();
    if (must) await row.getByRole("switch").click();
  };
  const handler = async (how, who) => {
    await page.click("#who-add");
    await choose(page, "who-0-kind", how);
    if (!who) await page.locator("#who-0-ids").waitFor({ state: "detached" });
    if (who) {
      await page.click(
        (await page.locator("#who-0-ids").count()) ? "#who-0-ids" : "#who-0-field",
      );
      await option(page, who).click();
      await page.keyboard.press("Escape");
    }
  };
  await page.click('[data-node="start"]');
  await page.getByRole("button", { name: "全部只读" }).click();
  for (const f of ["multiline1", "media1", "location1", "option1", "person1"])
    await allow(f, "可填");
  await add("start", "审批");
  await page.fill("#node-name", "安全主管审核");
  await kept();
  // what is missing is said, and a click leads there
  await page.locator(".design-middle").click({ position: { x: 4, y: 4 } });
  await page.click("#problems");
  await page.locator(".ant-dropdown-menu-item:visible").first().click();
  await page.locator('[data-node="approve1"].selected').waitFor();
  await shot(page, "design-flow-problem");
  await handler("角色", "班长");
  await allow("option2", "可填", true);
  await allow("person1", "可填", true);
  await add("approve1", "条件分支");
  await page.fill("#node-name", "按等级");
  await page.fill("#branch-0", "重大");
  await page.fill("#branch-1", "一般");
  await page.click("#branch-0-when");
  const editor = page.locator(".ant-modal:visible .cond");
  await editor.waitFor();
  if (!(await editor.locator(".cond-row").count()))
    await editor.getByRole("button", { name: "添加条件", exact: true }).click();
  await editor.locator(".ant-select").first().click();
  await page.keyboard.type("隐患等级");
  await option(page, "隐患等级").click();
  const value = editor.locator(".cond-row .ant-select").last();
  await value.click();
  await option(page, "重大").click();
  await shot(page, "design-condition");
  assert.match(await editor.locator(".cond-says").textContent(), /隐患等级是“重大”/);
  await page.click("#branch-0-when-ok");
  await page.locator(".ant-modal:visible").waitFor({ state: "hidden" });
  await add("condition1/condition1_1", "审批");
  await page.fill("#node-name", "物业经理审批");
  await handler("角色", "物业经理");
  await page.click("#fallback-add");
  await choose(page, "fallback-0-kind", "角色");
  await page.click("#fallback-0-ids");
  await option(page, "管理员").click();
  await page.keyboard.press("Escape");
  await add("condition1", "填写");
  await page.fill("#node-name", "责任人整改");
  await handler("表单里填的人", "整改负责人");
  await allow("multiline2", "可填", true);
  await allow("photo1", "可填");
  await add("fill1", "抄送");
  await page.fill("#node-name", "抄送物业经理");
  await handler("角色", "物业经理");
  await add("cc1", "审批");
  await page.fill("#node-name", "上报人复核");
  await handler("发起人");
  await page.click("#fallback-add");
  await choose(page, "fallback-0-kind", "角色");
  await page.click("#fallback-0-ids");
  await option(page, "班长").click();
  await page.keyboard.press("Escape");
  await choose(page, "reject-to", "责任人整改");
  await allow("opinion1", "可填");
  await shot(page, "design-flow");
  // whom nobody holds is told to whoever looks after the flow
  await page.locator(".design-middle").click({ position: { x: 4, y: 4 } });
  await page.click("#flow-fallback-add");
  await choose(page, "flow-fallback-0-kind", "角色");
  await page.click("#flow-fallback-0-ids");
  await option(page, "管理员").click();
  await page.keyboard.press("Escape");
  await publish();
  const minutes = (Date.now() - began) / 60_000;
  console.log(`designed in ${minutes.toFixed(1)} minutes of a script's time`);

  // What the flow has people fill in does not vanish under it: the way to the flow is shown.
  await go(page, `/workbench/forms/${hazard}`, "#canvas .design-card");
  await page.focus('[data-field="multiline2"]');
  await page.keyboard.press("Alt+Delete");
  await page.click("#problems");
  await page.locator(".ant-dropdown-menu-item:visible").first().click();
  await page.locator('[data-node="fill1"]').waitFor();
  await go(page, `/workbench/forms/${hazard}`, "#canvas .design-card");
  await page.click("#publish");
  await page.locator(".design-problems li").first().waitFor();
  assert.equal(await page.locator("#publish-now").isDisabled(), true);
  await shot(page, "design-in-use");
  await page.keyboard.press("Escape");
  await page.click(`#discard-form-${hazard}`);
  await page.locator(".ant-popover:visible .ant-btn-primary").click();
  await page.locator('[data-field="multiline2"]').waitFor();

  // Step three: people use what was built.
  const guard = await login(b, "wangqiang");
  const supervisor = await login(b, "lina");
  const fitter = await login(b, "sunli");
  await go(guard, "/forms", `[data-form="${hazard}"]`);
  await guard.locator(`[data-form="${hazard}"]`).getByText("填写").click();
  await guard.locator("#submit-record").waitFor();
  await guard.fill("#f-multiline1", "3 号楼消防栓箱门打不开");
  await choose(guard, "f-option1", "消防");
  await choose(guard, "f-person1", "孙丽");
  await shot(guard, "design-used");
  await guard.click("#submit-record");
  await guard.waitForURL("**/flows/**");
  const path = new URL(guard.url()).pathname;
  const now = (p, node) =>
    p.locator(`[data-node="${node}"][data-state="now"]`).waitFor();
  await now(guard, "approve1");
  await go(supervisor, path, "#my-task");
  await choose(supervisor, "f-option2", "一般");
  await supervisor.click("#agree");
  await supervisor.waitForURL("**/todos");
  await go(fitter, path, "#my-task");
  await fitter.fill("#f-multiline2", "更换锁芯，箱门已可开");
  await fitter.click("#agree");
  await fitter.waitForURL("**/todos");
  await go(guard, path, "#my-task");
  await guard.click("#agree");
  await guard.waitForURL("**/todos");
  await go(guard, path, ".work-timeline");
  await shot(guard, "design-closed");
  const c = await api(guard, `/api/flows/${path.split("/").at(-1)}`);
  assert.equal(c.state.status, "passed");

  // And the patrol record, with its rows.
  await go(guard, `/forms/${patrol}/new`, "#submit-record");
  await guard.click("#f-rows1");
  await guard.fill("#f-text1-1", "灭火器压力");
  await guard.locator('[data-row="1"]').getByText("异常", { exact: true }).click();
  await guard.click("#submit-record");
  await guard.waitForURL(`**/forms/${patrol}`);
  const list = await api(guard, `/api/forms/${patrol}/records`);
  assert.equal(list.total, 1);
  assert.equal(list.records[0].doc.rows1[0].text1, "灭火器压力");

  // And by finger, on a tablet: a finger that rests takes hold of a control, or of a field.
  const tablet = await login(b, "admin", { width: 1180, height: 820, touch: true });
  await go(tablet, `/workbench/forms/${points}`, "#canvas .design-card");
  const cdp = await tablet.context().newCDPSession(tablet);
  const held = async (from, onto, inside) => {
    await from.scrollIntoViewIfNeeded();
    const [a, z] = [await from.boundingBox(), await onto.boundingBox()];
    const touch = (type, x, y) =>
      cdp.send("Input.dispatchTouchEvent", { type, touchPoints: x === undefined ? [] : [{ x, y }] });
    const [x, y] = [a.x + a.width / 2, a.y + a.height / 2];
    await touch("touchStart", x, y);
    await tablet.locator(".design-control.dragging").waitFor();
    const [toX, toY] = [z.x + z.width / 2, z.y + inside(z.height)];
    for (let i = 1; i <= 8; i++)
      await touch("touchMove", x + ((toX - x) * i) / 8, y + ((toY - y) * i) / 8);
    await shot(tablet, "design-finger");
    await touch("touchEnd");
  };
  const cards = tablet.locator("#canvas .design-card");
  const fieldsOf = () => cards.evaluateAll((all) => all.map((c) => c.dataset.field));
  assert.deepEqual(await fieldsOf(), ["text1", "place1"]);
  await held(tablet.locator('[data-control="multiline"]'), tablet.locator("#canvas"), (h) => h - 12);
  await cards.nth(2).waitFor();
  assert.deepEqual(await fieldsOf(), ["text1", "place1", "multiline1"]);
  await held(
    tablet.locator('[data-field="multiline1"] .design-grip'),
    tablet.locator('[data-field="text1"]'),
    (h) => h / 4,
  );
  await tablet.locator('#canvas .design-card:first-child[data-field="multiline1"]').waitFor();
  assert.deepEqual(await fieldsOf(), ["multiline1", "text1", "place1"]);
  assert.ok(points);
} finally {
  await b.close();
}
