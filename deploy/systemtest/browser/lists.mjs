// Lists of records as an administrator works with them: filter, columns, a saved view, bulk
// delete and undo, Excel out and in, a record with its log.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { api, browser, env, login, shot } from "./browser.mjs";

const b = await browser();
try {
  const page = await login(b, "admin");
  const go = async (path, ready) => {
    await page.goto(new URL(path, env.console).href);
    await page.locator(ready).first().waitFor();
  };
  await go("/forms/hazard", ".empty");
  const places = await api(page, "/api/places");
  const c = places.communities[0].id;
  for (const [i, what] of ["消防通道堵塞", "电梯异响", "飞线充电"].entries()) {
    const made = await page.evaluate(
      async (fields) =>
        (
          await fetch("/api/forms/hazard/records", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ fields }),
          })
        ).status,
      {
        category: ["fire", "elevator", "e-bike"][i],
        place: `${c}/b03/12`,
        what,
      },
    );
    assert.equal(made, 200);
  }
  const rows = page.locator("#records tbody tr");
  const count = (n) =>
    page.waitForFunction(
      (want) =>
        document.querySelectorAll("#records tbody tr").length === want,
      n,
    );
  await go("/forms/hazard", "#records");
  await count(3);

  // A filter by clicks, other columns, kept as a view.
  await page.click("#filter-records");
  const editor = page.locator(".ant-modal:visible .cond");
  await editor.getByRole("button", { name: "添加条件", exact: true }).click();
  const pick = async (select, word) => {
    await select.click();
    await page.keyboard.type(word);
    await page
      .locator(".ant-select-item-option:visible", { hasText: word })
      .first()
      .click();
  };
  await pick(editor.locator(".cond-row .ant-select").first(), "隐患类别");
  await pick(editor.locator(".cond-row .ant-select").last(), "电梯");
  await page.click("#filter-ok");
  await count(1);
  await page.click("#choose-columns");
  const columns = page.locator(".work-columns");
  await columns.getByText("隐患等级").click();
  await columns.getByText("上报人").click();
  await page.click("#columns-ok");
  await page.locator("#records th", { hasText: "上报人" }).waitFor();
  assert.equal(await page.locator("#records th", { hasText: "隐患等级" }).count(), 0);
  await page.click("#save-view");
  await page.fill("#view-name", "电梯隐患");
  await page.click("#save-view-now");
  await page.getByRole("tab", { name: "电梯隐患" }).waitFor();
  await shot(page, "lists-view");
  await page.getByRole("tab", { name: "全部" }).click();
  await count(3);
  await page.getByRole("tab", { name: "电梯隐患" }).click();
  await count(1);
  assert.match(await rows.first().textContent(), /电梯异响/);
  await page.reload();
  await page.locator("#records").waitFor();
  await count(1);

  // What is exported is what is listed, with the columns of the form.
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.click("#export-records"),
  ]);
  assert.match(file.suggestedFilename(), /^anlan-hazard-.*\.xlsx$/);
  const workbook = readFileSync(await file.path());
  assert.equal(workbook.subarray(0, 2).toString(), "PK");

  // Counted by a click; a number leads to as many records as it says.
  await go("/forms/hazard", "#records");
  await page.locator("#list-or-stats").getByText("统计").click();
  await page.locator("#stat-table").waitFor();
  await pick(page.locator("#stat-by-0"), "隐患类别");
  await page.waitForFunction(() => document.querySelectorAll("#stat-table tbody tr").length === 3);
  assert.match(await page.locator("#stat-table tfoot").textContent(), /合计\s*3/);
  await pick(page.locator("#stat-by-1"), "提交时间");
  await page.locator("#stat-kind").getByText("热力").click();
  await page.locator(".work-chart canvas").first().waitFor();
  await shot(page, "lists-stats");
  await page.click("#save-view");
  await page.fill("#view-name", "类别与月份");
  await page.click("#save-view-now");
  await page.getByRole("tab", { name: "类别与月份" }).waitFor();
  await page.locator("#stat-table tbody tr", { hasText: "电梯" }).locator("button").first().click();
  await count(1);
  assert.match(await rows.first().textContent(), /电梯异响/);
  await page.locator("#undrill").click();
  await count(3);
  await page.getByRole("tab", { name: "类别与月份" }).click();
  await page.locator("#stat-table tfoot").waitFor();

  // Where their flows stand, and with whom.
  await go("/forms/hazard?fields=what,_node,_handler", "#records");
  const audit = page.locator("#records td", { hasText: "安全主管审核" });
  await audit.first().waitFor();
  assert.equal(await audit.count(), 3);
  await pick(page.locator("#at-node"), "整改");
  await page.locator(".empty").waitFor();
  await shot(page, "lists-node");
  await go("/forms/hazard?fields=what,_node,_handler&node=audit", "#records");
  await count(3);

  // Delete and undo.
  await go("/forms/hazard", "#records");
  await count(3);
  await page.locator("#records thead input[type=checkbox]").check();
  await shot(page, "lists-chosen");
  await page.click("#remove-chosen");
  await page.click("#remove-now");
  await page.locator(".empty").waitFor();
  await page.click("#undo-remove");
  await page.locator("#records").waitFor();
  await count(3);

  // The workbook comes back in: first checked, then made. Its places and categories are read
  // as people write them.
  await page.getByRole("button", { name: "导入" }).click();
  await page.setInputFiles("#import-records", {
    name: "x.xlsx",
    mimeType: "application/octet-stream",
    buffer: Buffer.from("not a workbook"),
  });
  await page.getByText("不是可以读取的 Excel 工作簿").waitFor();
  await page.setInputFiles("#import-records", {
    name: "hazards.xlsx",
    mimeType:
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    buffer: workbook,
  });
  await page.locator("#import-report").waitFor();
  await shot(page, "lists-import");
  assert.match(await page.textContent("#import-report"), /共 1 行/);
  await page.locator(".work-import td", { hasText: "表单没有这一列" }).first().waitFor();
  await page.keyboard.press("Escape");

  // One record: changed, and what was changed is told.
  await go("/forms/hazard", "#records");
  await page.locator(".work-record-link").first().click();
  await page.locator("#record-log").waitFor();
  await page.click("#edit-record");
  await page.fill("#f-what", "飞线充电，已拍照");
  await page.click("#save-record");
  await page.locator("#record-log", { hasText: "飞线充电，已拍照" }).waitFor();
  assert.match(
    await page.locator("#record-log li").first().textContent(),
    /修改 · .*隐患描述：飞线充电 → 飞线充电，已拍照/,
  );
  await shot(page, "lists-record");
} finally {
  await b.close();
}
