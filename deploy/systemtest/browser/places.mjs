// Places: the tree is edited in the browser, a drawing has its devices moved by mouse and
// keyboard, a workbook is checked and written; all of it outlives the cloud.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { api, browser, env, harness, login, play, shot } from "./browser.mjs";

const b = await browser();
try {
  const admin = await login(b, "admin");
  const go = async (path, ready) => {
    await admin.goto(new URL(path, env.console).href);
    await admin.locator(ready).first().waitFor();
  };
  const device = (id) => api(admin, `/api/devices/edge-b03/${id}`);
  const until = async (what, ask) => {
    for (let i = 0; i < 100; i++) {
      if (await ask()) return;
      await admin.waitForTimeout(100);
    }
    throw new Error(`${what} did not happen`);
  };

  // T4: what a person calls a device wins over what its edge reports, and can be undone.
  await go("/places?node=d:edge-b03/f06-smoke", "#place-detail #save");
  await admin.fill("#place-detail input[id$=zh]", "六层烟感甲");
  await admin.click("#save");
  await admin.locator('[data-reported="name"]').waitFor();
  await admin.click("#undo");
  await until("the undo", async () => {
    const d = await device("f06-smoke");
    return d.row.name.zh === d.row.reported.name.zh;
  });
  await admin.fill("#place-detail input[id$=zh]", "六层烟感甲");
  await admin.click("#save");
  await admin.locator('[data-reported="name"]').waitFor();

  // A device is dragged to another floor; its alarms will say so.
  await admin
    .locator('[data-node="d:edge-b03/f06-smoke"]')
    .dragTo(admin.locator('[data-node="f:b03/7"]'));
  await until(
    "the move",
    async () => (await device("f06-smoke")).row.place.floor === 7,
  );
  await shot(admin, "places-tree");

  // A floor with a device on it cannot be taken away.
  await go("/places?node=f:b03/12", "#remove");
  await admin.click("#remove");
  await admin.locator(".ant-modal-confirm .ant-btn-dangerous").click();
  await admin.locator(".ant-message-error").waitFor();
  const floors = (await api(admin, "/api/places")).floors;
  assert.ok(floors.some((f) => f.number === 12 && !f.archived));

  // The plan: by mouse, by keyboard, saved by itself, undone.
  const spot = async (floor, id) =>
    (await api(admin, `/api/floorplans/b03/${floor}`)).positions.find(
      (p) => p.id === id,
    );
  await go(
    "/places/plans?building=b03&floor=12",
    '[data-placed="f12-smoke-west"]',
  );
  const before = await spot(12, "f12-smoke-west");
  await admin.locator('[data-placed="f12-smoke-west"]').click();
  for (let i = 0; i < 5; i++) await admin.keyboard.press("ArrowLeft");
  await until(
    "the nudge",
    async () => (await spot(12, "f12-smoke-west")).x < before.x - 0.01,
  );
  await admin.click("#plan-undo");
  await until(
    "the last step back",
    async () => (await spot(12, "f12-smoke-west")).x > before.x - 0.02,
  );
  await shot(admin, "places-plan");
  await go("/places/plans?building=b03&floor=3", '[data-loose="f03-gas-302"]');
  await admin
    .locator('[data-loose="f03-gas-302"]')
    .dragTo(admin.locator(".plan-frame svg"), {
      targetPosition: { x: 200, y: 90 },
    });
  await until("the drop", () => spot(3, "f03-gas-302"));

  // The workbook: one that is no workbook is refused; the export itself changes nothing.
  await go("/places/import", "#export");
  const [file] = await Promise.all([
    admin.waitForEvent("download"),
    admin.click("#export"),
  ]);
  const path = await file.path();
  await admin.locator("input[type=file]").setInputFiles({
    name: "a.xlsx",
    mimeType: "",
    buffer: Buffer.from("a,b"),
  });
  await admin.locator(".failed").waitFor();
  await admin.locator("input[type=file]").setInputFiles({
    name: "places.xlsx",
    mimeType: "",
    buffer: await readFile(path),
  });
  await admin.locator("#import-report[data-problems='0']").waitFor();
  assert.equal(
    await admin.locator("#apply").count(),
    0,
    "an unchanged workbook has something to write",
  );
  await shot(admin, "places-import");

  // Nothing is forgotten, and the edge's manifest after the restart takes nothing back.
  await harness("stop-cloud");
  await harness("start-cloud");
  await until("the edge's return", async () => {
    try {
      return (await api(admin, "/api/fleet")).edges.some(
        (e) => e.state === "online",
      );
    } catch {
      return false;
    }
  });
  const d = await device("f06-smoke");
  assert.equal(d.row.name.zh, "六层烟感甲");
  assert.equal(d.row.place.floor, 7);
  assert.ok(await spot(3, "f03-gas-302"), "a position was forgotten");

  // An alarm is on the plan, by shape and word, where the device is.
  await play("fire-12");
  await go("/?building=b03&floor=12", '[data-floor-plan="b03/12"]');
  await admin
    .locator('[data-mark="f12-smoke-east"][data-state="alarm"]')
    .first()
    .waitFor();
  await shot(admin, "places-alarm");

  await go("/fleet?tab=devices&q=六层", "#device-count");
  await admin.getByText("六层烟感甲").first().click();
  await admin.locator('[data-device="f06-smoke"] .reading').first().waitFor();
  await shot(admin, "places-device");
} finally {
  await b.close();
}
