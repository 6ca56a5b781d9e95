// The hazard loop on phones of 390 px: a guard reports with a photo and a place in at most
// eight taps, the supervisor dispatches, a fitter rectifies, the guard reviews.
import assert from "node:assert/strict";
import { browser, encodeQR, env, person, shot } from "./browser.mjs";

const b = await browser();
try {
  await person("sunli", "孙丽", "engineer");
  const phone = async (user, width = 390) => {
    const context = await b.newContext({
      viewport: { width, height: 844 },
      locale: "zh-CN",
      hasTouch: true,
      isMobile: true,
      deviceScaleFactor: 2,
      geolocation: { latitude: 31.2304, longitude: 121.4737, accuracy: 12 },
      permissions: ["geolocation"],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on("pageerror", (e) => {
      console.error("page error:", e.message);
      process.exitCode = 1;
    });
    await page.goto(new URL("/m", env.console).href);
    await page.fill('[name="username"]', user);
    await page.fill('[name="password"]', env.passwords[user]);
    await page.locator('[name="password"]').press("Enter");
    await page.locator(".p-tabs").waitFor();
    return page;
  };
  /** fits says that nothing sticks out of the screen sideways. */
  const fits = async (page) =>
    assert.ok(
      await page.evaluate(
        () => document.documentElement.scrollWidth <= innerWidth,
      ),
      `wider than the screen: ${page.url()}`,
    );
  const photograph = async (page, id, colour) => {
    const data = await page.evaluate((c) => {
      const x = document.createElement("canvas");
      [x.width, x.height] = [1200, 900];
      const g = x.getContext("2d");
      g.fillStyle = c;
      g.fillRect(0, 0, 1200, 900);
      return x.toDataURL("image/jpeg").split(",")[1];
    }, colour);
    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      page.locator(`label.p-camera[for="${id}"]`).tap(),
    ]);
    await chooser.setFiles({
      name: `${colour}.jpg`,
      mimeType: "image/jpeg",
      buffer: Buffer.from(data, "base64"),
    });
    await page.locator(".p-media figure img").first().waitFor();
  };

  const guard = await phone("wangqiang");
  await guard.locator(".p-empty").waitFor();
  await fits(guard);
  await shot(guard, "phone-home-empty");

  // H15: every tap is counted.
  const began = Date.now();
  let taps = 0;
  const tap = async (where) => {
    taps++;
    await where.tap();
  };
  await tap(guard.locator("#report"));
  await guard.locator("#submit").waitFor();
  taps++; // the camera
  await photograph(guard, "f-photos", "red");
  await tap(guard.locator("#f-category").getByText("消防安全"));
  await tap(guard.locator('[data-building="b03"]'));
  await tap(guard.locator('.p-sheet [data-place="12"]'));
  await shot(guard, "phone-place");
  await tap(guard.locator(".p-sheet").getByText("东走廊", { exact: true }));
  await tap(guard.getByText("消防通道堵塞"));
  await fits(guard);
  await shot(guard, "phone-report");
  await tap(guard.locator("#submit"));
  await guard.locator(".p-sent").waitFor();
  console.log(`reported in ${taps} taps`);
  assert.ok(taps <= 8, `${taps} taps`);
  assert.ok(Date.now() - began < 45_000);
  await shot(guard, "phone-sent");

  // What is missing is said at its field, and what was filled in stays on the phone.
  await guard.getByText("再报一条").tap();
  await guard.locator("#submit").tap();
  await guard.locator(".p-field.bad").first().waitFor();
  await guard.fill("#f-what", "写到一半");
  await guard.reload();
  await guard.getByText("草稿已保存").waitFor();
  assert.equal(await guard.inputValue("#f-what"), "写到一半");
  await guard.locator("#f-gps").tap();
  await guard.getByText("31.2304, 121.4737").waitFor();
  await guard.locator(".p-chips").getByText("最近").tap();
  await shot(guard, "phone-missing");
  await guard.getByText("清空重填").tap();
  assert.equal(await guard.inputValue("#f-what"), "");

  // The supervisor grades and dispatches, at 360 px.
  const supervisor = await phone("lina", 360);
  await supervisor.locator("#todo-list a", { hasText: "消防通道堵塞" }).tap();
  await supervisor.locator("#my-task").waitFor();
  await supervisor.locator("#f-level").getByText("一般").tap();
  await supervisor.locator("#f-owner").tap();
  await supervisor.locator(".p-names").getByText("孙丽").tap();
  await supervisor.fill("#f-demand", "今天清理干净");
  await fits(supervisor);
  await shot(supervisor, "phone-audit");
  await supervisor.locator("#agree").tap();
  await supervisor.locator(".p-empty").waitFor();

  // H16, W8: rectified, with the evidence.
  const fitter = await phone("sunli");
  await fitter.locator("#todo-list a").tap();
  await fitter.fill("#f-measures", "已清理");
  await fitter.locator("#agree").tap();
  await fitter.locator(".p-field.bad").first().waitFor();
  await photograph(fitter, "f-after_photos", "green");
  await shot(fitter, "phone-repair");
  await fitter.locator("#agree").tap();
  await fitter.locator(".p-empty").waitFor();

  // W10: the reporter sees before and after side by side, and closes it.
  await guard.goto(new URL("/m", env.console).href);
  await guard.locator("#todo-list a").tap();
  await guard.locator(".p-compare").waitFor();
  await guard.waitForFunction(() =>
    [...document.querySelectorAll(".p-compare img")].every(
      (i) => i.complete && i.naturalWidth > 0,
    ),
  );
  await fits(guard);
  await shot(guard, "phone-review");
  // F10: time, person and place are written into the picture itself.
  const marks = await guard.evaluate(async () => {
    const photo = [...document.querySelectorAll(".p-compare img")].at(-1);
    const id = /attachments\/([^/?]+)/.exec(photo.src)[1];
    const picture = await createImageBitmap(
      await (await fetch(`/api/attachments/${id}`)).blob(),
    );
    const x = document.createElement("canvas");
    [x.width, x.height] = [picture.width, picture.height];
    const g = x.getContext("2d");
    g.drawImage(picture, 0, 0);
    const band = (y, h) => {
      const { data } = g.getImageData(0, y, x.width, h);
      let white = 0;
      for (let i = 0; i < data.length; i += 4)
        if (data[i] > 200 && data[i + 1] > 200 && data[i + 2] > 200) white++;
      return white;
    };
    const low = Math.round(x.height * 0.12);
    return {
      above: band(0, x.height - low - 20),
      below: band(x.height - low, low),
    };
  });
  assert.ok(
    marks.above === 0 && marks.below > 500,
    `no watermark: ${JSON.stringify(marks)}`,
  );
  await guard.locator("#agree").tap();
  await guard.locator(".p-empty").waitFor();
  await guard.getByRole("tab", { name: "我发起的" }).tap();
  await guard.locator("#todo-list").getByText("已办结").waitFor();

  // F8: a point's code is scanned; where no camera opens, from a picture of it.
  await guard.goto(new URL("/m/forms/patrol_record", env.console).href);
  await guard.locator("#f-point").waitFor();
  await guard.getByRole("button", { name: "扫码" }).tap();
  await guard.locator("dialog.scan").waitFor();
  await guard.getByText(/打不开摄像头|没有摄像头权限/).waitFor();
  const scan = async (matrix) => {
    const data = await guard.evaluate((rows) => {
      const x = document.createElement("canvas");
      [x.width, x.height] = [600, 600];
      const g = x.getContext("2d");
      g.fillStyle = "#fff";
      g.fillRect(0, 0, 600, 600);
      g.fillStyle = "#000";
      g.translate(300, 300);
      g.rotate(0.2); // nobody holds a phone straight
      const d = 360 / Math.max(1, rows.length);
      rows.forEach((row, i) =>
        row.forEach(
          (dark, j) =>
            dark && g.fillRect(j * d - 180, i * d - 180, d + 0.5, d + 0.5),
        ),
      );
      return x.toDataURL("image/png").split(",")[1];
    }, matrix);
    await guard.locator("dialog.scan input").setInputFiles({
      name: "code.png",
      mimeType: "image/png",
      buffer: Buffer.from(data, "base64"),
    });
  };
  await scan([]);
  await guard.getByText("照片里没有二维码").waitFor();
  await shot(guard, "phone-scan");
  await scan(encodeQR("3号楼消防泵房", "raw"));
  await guard.locator("dialog.scan").waitFor({ state: "detached" });
  assert.equal(await guard.inputValue("#f-point"), "3号楼消防泵房");
  await guard.goto(new URL("/m", env.console).href);

  // In English, by night, in large letters.
  await guard.getByText("夜间").tap();
  await guard.getByText("大字").tap();
  await guard.getByText("English").tap();
  await guard.getByText("Report a hazard").waitFor();
  await fits(guard);
  await shot(guard, "phone-english-night");
} finally {
  await b.close();
}
