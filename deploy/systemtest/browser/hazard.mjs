// A hazard from report to closed by the people who do it, each in their own browser: a
// guard reports, the supervisor grades and dispatches, a fitter repairs, the guard sends it
// back once, and in the end it is closed.
import assert from "node:assert/strict";
import { api, browser, env, login, person, shot } from "./browser.mjs";

const b = await browser();
try {
  await person("sunli", "孙丽", "engineer");
  const guard = await login(b, "wangqiang");
  const supervisor = await login(b, "lina");
  const fitter = await login(b, "sunli");
  const go = async (page, path, ready) => {
    await page.goto(new URL(path, env.console).href);
    await page.locator(ready).first().waitFor();
  };
  const choose = async (page, id, word) => {
    await page.click(`#${id}`);
    await page.keyboard.type(word);
    await page
      .locator(".ant-select-item-option:visible", { hasText: word })
      .first()
      .click();
  };
  // A picture as a camera would make it; the server takes only what truly is one.
  const photograph = async (page, id, colour) => {
    const data = await page.evaluate((c) => {
      const x = document.createElement("canvas");
      [x.width, x.height] = [640, 480];
      const g = x.getContext("2d");
      g.fillStyle = c;
      g.fillRect(0, 0, 640, 480);
      g.fillText("安澜", 20, 40);
      return x.toDataURL("image/jpeg").split(",")[1];
    }, colour);
    await page.setInputFiles(`#${id}`, {
      name: `${colour}.jpg`,
      mimeType: "image/jpeg",
      buffer: Buffer.from(data, "base64"),
    });
    await page.locator(".work-media figure img").first().waitFor();
  };
  const verdict = async (page, which, done) => {
    await page.click(`#${which}`);
    await page.waitForURL(done ?? "**/todos");
  };

  // Empty lists say so.
  await go(fitter, "/todos", ".empty");
  await go(guard, "/forms/hazard", ".empty");
  assert.ok(!(await guard.locator("#f-level").count()));

  // H1, W3: what is missing is said at its field; a submission starts the flow.
  await guard.click("#new-record");
  await guard.locator("#submit-record").waitFor();
  assert.equal(
    await guard.locator("#f-level").count(),
    0,
    "a guard is offered to grade their own report",
  );
  await guard.click("#submit-record");
  await guard.locator(".work-problem").first().waitFor();
  await shot(guard, "hazard-missing");
  await choose(guard, "f-category", "消防安全");
  await guard.click("#f-place");
  const menu = guard.locator(".ant-cascader-menu-item:visible");
  await menu.filter({ hasText: "安澜花园" }).click();
  await menu.filter({ hasText: "3号楼" }).click();
  await guard.keyboard.press("Escape");
  await guard.getByRole("button", { name: "消防通道堵塞" }).click();
  await photograph(guard, "f-photos", "red");
  await guard.click("#submit-record");
  await guard.waitForURL("**/flows/**");
  await guard.locator('[data-node="audit"][data-state="now"]').waitFor();
  const path = new URL(guard.url()).pathname;
  await shot(guard, "hazard-reported");

  // W4, W7, W16: the supervisor finds it, grades it while approving, and dispatches it.
  await go(supervisor, "/todos", "#todo-list");
  await supervisor.locator("#todo-list a", { hasText: "消防通道堵塞" }).click();
  await supervisor.locator("#my-task").waitFor();
  await supervisor.click("#agree");
  await supervisor.locator("#my-task .work-problem").first().waitFor();
  await supervisor
    .locator("#my-task .ant-radio-button-wrapper", { hasText: "一般" })
    .click();
  await choose(supervisor, "f-owner", "孙丽");
  await supervisor.fill("#f-demand", "今天清理干净，加装警示牌");
  await shot(supervisor, "hazard-audit");
  await verdict(supervisor, "agree");

  // W6: the task is handed on, and handed back; whoever manages flows stops the clocks.
  const handOn = async (page, who) => {
    await go(page, path, "#my-task");
    await page.click("#task-more");
    await page
      .locator(".ant-dropdown-menu-item:visible", { hasText: "转办" })
      .click();
    await choose(page, "hand-to", who);
    await page.fill("#hand-why", "我不在");
    await page.click("#hand-now");
    await page.waitForURL("**/todos");
  };
  const operator = await login(b, "zhangwei");
  await handOn(fitter, "张伟");
  await go(fitter, path, ".work-timeline");
  assert.equal(await fitter.locator("#my-task").count(), 0);
  await handOn(operator, "孙丽");
  const admin = await login(b, "admin");
  await go(admin, path, "#suspend");
  await admin.click("#suspend");
  await admin.fill("#manage-reason", "等配件");
  await admin.click("#manage-now");
  await admin.locator("#resume").waitFor();
  await shot(admin, "hazard-suspended");
  await admin.click("#resume");
  await admin.locator("#suspend").waitFor();

  // W8: the fitter fills in what is theirs; nothing else can be written.
  const repair = async (what) => {
    await go(fitter, path, "#my-task");
    assert.equal(await fitter.locator("#f-what").count(), 0);
    await fitter.fill("#f-measures", what);
    await verdict(fitter, "agree");
  };
  // H16: a repair without a photo is refused, at the field.
  await go(fitter, path, "#my-task");
  await fitter.fill("#f-measures", "已清理");
  await fitter.click("#agree");
  await fitter.locator("#my-task .work-problem").first().waitFor();
  await photograph(fitter, "f-after_photos", "green");
  await shot(fitter, "hazard-repair");
  await verdict(fitter, "agree");

  // W10: not solved goes back, with the reason, for another round.
  await go(guard, path, "#my-task");
  await guard.fill("#opinion", "还剩一个柜子");
  await verdict(guard, "reject");
  await go(fitter, path, ".work-why");
  await fitter.locator(".work-why", { hasText: "还剩一个柜子" }).waitFor();
  await shot(fitter, "hazard-again");
  await repair("柜子已搬走，装了警示牌");
  await go(guard, path, "#my-task");
  await verdict(guard, "agree");

  // W11, W13, W14: closed, in the list as in the flow; everything that happened is told.
  await go(supervisor, "/forms/hazard?_state=closed", "#records");
  await supervisor
    .locator("#records tbody tr", {
      hasText: /消防通道堵塞.*一般.*消防安全.*3号楼.*孙丽.*已闭环/,
    })
    .waitFor();
  await shot(supervisor, "hazard-list");
  await go(supervisor, path, ".work-timeline");
  for (const word of ["提交", "同意", "驳回", "还剩一个柜子", "抄送", "结束"])
    await supervisor.locator(".work-timeline", { hasText: word }).waitFor();
  assert.equal(await supervisor.locator("#my-task").count(), 0);
  await shot(supervisor, "hazard-closed");

  // H16: both sets say when, by whom and where, as soon as the pictures' facts are here.
  const facts = /整改前.*\d\d:\d\d · .*3号楼.*整改后.*孙丽 · .*3号楼/s;
  await supervisor.locator(".work-compare", { hasText: facts }).waitFor();
  // W4: on paper the steps bear the names they were given.
  await supervisor.evaluate(() => {
    window.print = () => {
      window.printed = document.querySelector(".paper").textContent;
      window.pictures = [...document.querySelectorAll(".paper img")].every(
        (i) => i.naturalWidth > 0,
      );
    };
  });
  await supervisor.click("#print");
  const printed = await (
    await supervisor.waitForFunction(() => window.printed)
  ).jsonValue();
  for (const word of [
    "安全隐患上报单",
    "YH",
    "消防通道堵塞",
    "安全主管审核",
    "还剩一个柜子",
    "孙丽",
  ])
    assert.ok(printed.includes(word), `the paper does not tell “${word}”`);
  assert.ok(
    await supervisor.evaluate(() => window.pictures),
    "pictures missing on paper",
  );
  await supervisor.locator(".paper").waitFor({ state: "detached" });
  const left = await api(fitter, "/api/todos/count");
  assert.equal(left.open, 0);

  // S4: who has no part in it does not see it.
  await person("zhaoliu", "赵六", "guard");
  const other = await login(b, "zhaoliu");
  await go(other, path, ".failed");
  await go(other, "/forms/hazard", ".empty");
} finally {
  await b.close();
}
