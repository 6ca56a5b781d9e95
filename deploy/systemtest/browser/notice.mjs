// A hazard is told under the bell of who has to act, on an open page, within a second.
import assert from "node:assert/strict";
import { browser, env, login, shot } from "./browser.mjs";

const b = await browser();
try {
  const guard = await login(b, "wangqiang");
  const supervisor = await login(b, "lina");
  await supervisor.goto(new URL("/todos", env.console).href);
  await supervisor.locator(".empty").waitFor();
  assert.equal(await supervisor.locator("#bell .badge").count(), 0);
  // Looked for in the page itself, by its own clock.
  await supervisor.evaluate(() => {
    const look = () => {
      window.belled ??= document.querySelector("#bell .badge") ? Date.now() : undefined;
      window.listed ??= document.querySelector("#todo-list a") ? Date.now() : undefined;
      requestAnimationFrame(look);
    };
    look();
  });
  const at = await guard.evaluate(async () => {
    const r = await fetch("/api/forms/hazard/records", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ fields: { category: "fire", place: "anlan-garden/b03", what: "消防通道堵塞" } }),
    });
    if (!r.ok) throw new Error(await r.text());
    return Date.now();
  });
  await supervisor.locator("#todo-list a").waitFor();
  await supervisor.locator("#waiting", { hasText: "待办共 1" }).waitFor();
  await supervisor.locator("#bell .badge").waitFor();
  const [belled, listed] = await supervisor.evaluate(() => [window.belled, window.listed]);
  console.log("bell after", belled - at, "ms, to-do after", listed - at, "ms");
  assert.ok(belled - at < 1000 && listed - at < 1000);
  await supervisor.click("#bell");
  await supervisor.locator(".notice-popover li.unread").waitFor();
  await shot(supervisor, "notice-bell");
  await supervisor.locator(".notice-popover li.unread a").click();
  await supervisor.waitForURL("**/flows/**");
  await supervisor.locator("#bell .badge").waitFor({ state: "detached" });
  await supervisor.goto(new URL("/notices", env.console).href);
  await supervisor.locator(".notices li").waitFor();
  await shot(supervisor, "notice-all-night");
  await supervisor.click("#mode");
  await shot(supervisor, "notice-all-day");
  await supervisor.goto(new URL("/notices?unread=1", env.console).href);
  await supervisor.locator(".empty").waitFor();
  // The worker starts under the console's content security policy.
  const scope = await supervisor.evaluate(async () => {
    await navigator.serviceWorker.register("/notice-sw.js", { scope: "/" });
    return (await navigator.serviceWorker.ready).active?.scriptURL;
  });
  assert.match(scope, /notice-sw\.js$/);
} finally {
  await b.close();
}
