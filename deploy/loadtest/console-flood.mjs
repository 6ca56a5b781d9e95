// 1,000 alarms in 10 s through the real way, into a real browser: does it stay fluent,
// does it lose anything, does it grow? Run by `go run ./deploy/loadtest -script …`; with
// `-- -minutes 12` behind it the heap is watched for so long, once a minute.
import assert from "node:assert/strict";
import {
  api,
  browser,
  env,
  login,
  post,
  shot,
} from "../systemtest/browser/browser.mjs";

const n = Number(process.env.FLOOD ?? 1000);
const seconds = 10;
const minutes = process.argv.indexOf("-minutes");
const trickleSeconds =
  minutes > 0 ? 60 * Number(process.argv[minutes + 1]) : 60;
const lookEvery = minutes > 0 ? 60 : 10;

const b = await browser();
try {
  const page = await login(b, "zhangwei");
  await page.click("#arm-sound");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#sound-sheet", { state: "hidden" });
  const cdp = await page.context().newCDPSession(page);
  const heap = async () => {
    await cdp.send("HeapProfiler.collectGarbage");
    return (await cdp.send("Runtime.getHeapUsage")).usedSize / 2 ** 20;
  };
  const before = (await api(page, "/api/overview")).counts.unacked;

  // Frames are counted by their gaps.
  await page.evaluate(() => {
    window.gaps = [];
    let last = performance.now();
    const frame = (now) => {
      window.gaps.push(now - last);
      last = now;
      window.counting !== false && requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    window.requests = 0;
    const real = window.fetch;
    window.fetch = (...a) => {
      window.requests++;
      return real(...a);
    };
  });
  await post(`${env.harness}/flood?n=${n}&seconds=${seconds}`);
  const sent = Date.now();
  const want = before + n;
  await page.waitForFunction(
    (w) => Number(document.querySelector("#count-unacked").dataset.n) >= w,
    want,
    { timeout: 120_000 },
  );
  const behind = Date.now() - sent;
  const { gaps, requests } = await page.evaluate(() => {
    window.counting = false;
    return { gaps: window.gaps, requests: window.requests };
  });
  await shot(page, "flood");
  gaps.sort((x, y) => x - y);
  const total = gaps.reduce((x, y) => x + y, 0);
  const report = {
    alarms: n,
    fps_mean: +((gaps.length / total) * 1000).toFixed(1),
    frame_p95_ms: +gaps[Math.floor(gaps.length * 0.95)].toFixed(1),
    frame_p99_ms: +gaps[Math.floor(gaps.length * 0.99)].toFixed(1),
    frame_worst_ms: +gaps.at(-1).toFixed(1),
    frames_over_33ms: gaps.filter((g) => g > 33.4).length,
    requests_per_s: +((requests / total) * 1000).toFixed(1),
    behind_ms: behind,
  };
  const server = (await api(page, "/api/overview")).counts.unacked;
  const shown = await page.evaluate(() =>
    Number(document.querySelector("#count-unacked").dataset.n),
  );
  report.lost = server - shown;
  // In a flood the rest is grouped, but a life-safety alarm never is.
  report.grouped = await page.locator("[data-flood]").count();
  report.alone = await page.evaluate(
    () => document.querySelector("#queue-bar")?.dataset.n,
  );

  // Ten events a second, back and forth: the heap has to be flat.
  report.heap_mb = [+(await heap()).toFixed(1)];
  for (let s = 10, on = false; s <= trickleSeconds; s += 10, on = !on) {
    await post(`${env.harness}/flood?n=100&seconds=10&active=${on}`);
    if (s % lookEvery === 0) report.heap_mb.push(+(await heap()).toFixed(1));
  }
  console.log(JSON.stringify(report, null, 1));
  assert.equal(report.lost, 0, "the console lost alarms");
  assert.ok(report.fps_mean >= 30, "less than 30 frames a second");
  assert.equal(report.grouped, 1, "no flood view");
} finally {
  await b.close();
}
