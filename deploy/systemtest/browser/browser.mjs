// What every browser script starts with: a real Chromium, and the ways in.
import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(new URL("../../../cloud/console/package.json", import.meta.url));
const { chromium } = require("playwright-core");

export const env = JSON.parse(process.env.ANLAN_BROWSER ?? "{}");
const artifacts = process.env.ANLAN_ARTIFACTS;
if (artifacts) mkdirSync(artifacts, { recursive: true });

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function browser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
}

/** login opens a seat of its own (cookies, storage) and signs a person in by the form. */
export async function login(b, user, { width = 1440, height = 900 } = {}) {
  const context = await b.newContext({ viewport: { width, height }, locale: "zh-CN" });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (e) => {
    console.error("page error:", e.message);
    process.exitCode = 1;
  });
  await page.goto(env.console);
  await page.getByLabel("用户名").fill(user);
  await page.getByLabel("密码", { exact: true }).fill(env.passwords[user]);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#link-lamp[data-state=alive]");
  return page;
}

export async function shot(page, name) {
  if (artifacts) await page.screenshot({ path: join(artifacts, `${name}.png`) });
}

export async function post(url) {
  const r = await fetch(url, { method: "POST" });
  if (!r.ok) throw new Error(`${url}: ${r.status} ${await r.text()}`);
}

export const play = (scenario) => post(`${env.sim}/api/scenarios/${scenario}`);
export const harness = (act) => post(`${env.harness}/${act}`);

/** api asks the cloud as the person of this page. */
export const api = (page, path) =>
  page.evaluate(async (p) => {
    const r = await fetch(p);
    if (!r.ok) throw new Error(`${p}: ${r.status}`);
    return r.json();
  }, path);
