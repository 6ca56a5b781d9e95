// The four-colour risk map as an administrator works with it: typical risks added, one scored
// anew, its colour on the map, the list behind a number, and the hazards of the same place.
import assert from "node:assert/strict";
import { api, browser, env, login, shot } from "./browser.mjs";

const b = await browser();
try {
  const page = await login(b, "admin");
  const errors = [];
  page.on("console", (m) => m.type() === "error" && errors.push(m.text()));
  const go = async (path, ready) => {
    await page.goto(new URL(path, env.console).href);
    await page.locator(ready).first().waitFor();
  };
  let tree = await api(page, "/api/places");
  for (let i = 0; i < 100 && !tree.floors?.some((f) => f.building === "b03" && f.number === 12); i++) {
    await page.waitForTimeout(200); // until the edge has told of its building
    tree = await api(page, "/api/places");
  }
  const c = tree.communities[0].id;
  const tile = page.locator(`.risk-map [data-building="${c}/b03"]`);
  const graded = (grade) =>
    page.waitForFunction(
      ([at, want]) =>
        document.querySelector(`.risk-map [data-building="${at}"]`)?.dataset.grade === want,
      [`${c}/b03`, grade],
    );
  await go("/risks", ".risk-map");
  await graded("");
  assert.match(await tile.innerText(), /未辨识/);
  await shot(page, "risks-empty");

  // What applies is ticked and added in one action; the next time it is marked.
  await tile.click();
  await page.click("#from-library");
  for (const id of ["fire-doors", "extinguishers"])
    await page.locator(`[data-offer="${id}"] input`).check();
  await page.click("#library-add");
  await graded("yellow");
  await page.click("#from-library");
  assert.equal(await page.locator('[data-offer="fire-doors"] input').isDisabled(), true);
  assert.equal(await page.locator('[data-offer="fire-lane"] input').isDisabled(), false);
  await page.keyboard.press("Escape");
  await page.locator("#risk-library").waitFor({ state: "hidden" });

  // Graver consequences: seen while they are chosen, and the server says the same.
  await page.locator("#risk-list a", { hasText: "防火门" }).click();
  await page.click("#edit-record");
  await page.locator('#risk-live[data-grade="yellow"]').waitFor();
  await page.locator('[data-control="lec_c"] .ant-select').click();
  await page.locator(".ant-select-item-option:visible", { hasText: "40 灾难" }).click();
  await page.locator('#risk-live[data-grade="red"]').waitFor();
  assert.match(await page.locator("#risk-live").innerText(), /1440.*重大风险.*公司/s);
  await page.click("#save-record");
  await page.locator("#record-log").waitFor();
  await page.locator("#edit-record").waitFor();

  // Its colour on the map, its number, and the list behind that.
  const made = await page.evaluate(
    async (place) =>
      (
        await fetch("/api/forms/hazard/records", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ fields: { category: "fire", place, what: "常闭式防火门敞开" } }),
        })
      ).status,
    `${c}/b03/12`,
  );
  assert.equal(made, 200);
  await go("/risks", ".risk-map");
  await graded("red");
  await page.click('#risk-bands [data-score="1440"]');
  await page.waitForURL(/score=1440/);
  const rows = page.locator("#risk-list tbody tr");
  await page.waitForFunction(() => document.querySelectorAll("#risk-list tbody tr").length === 1);
  assert.match(await rows.first().innerText(), /重大风险[\s\S]*防火门[\s\S]*LEC 6×6×40 = 1440[\s\S]*公司/);
  await shot(page, "risks-red");
  await page.reload(); // the address says it all
  await page.waitForFunction(() => document.querySelectorAll("#risk-list tbody tr").length === 1);
  await tile.click();
  await page.locator(`#risk-floors [data-place="${c}/b03"]`).waitFor();
  await page.locator("#risk-floors .risk-hazards").click();
  await page.locator("#records tbody tr", { hasText: "YH" }).waitFor();
  assert.equal(await page.locator("#records tbody tr").count(), 1);

  // A new risk begins at the place that was being looked at.
  await go(`/risks?place=${c}/b03`, "#new-risk");
  await page.click("#new-risk");
  await page.locator('[data-control="place"]', { hasText: "号楼" }).waitFor();
  assert.deepEqual(errors, []);
} finally {
  await b.close();
}
