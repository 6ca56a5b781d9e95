// What every browser script starts with: a real Chromium, and the ways in.
import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { connect, createServer } from "node:net";
import { basename, join } from "node:path";

const require = createRequire(
  new URL("../../../cloud/console/package.json", import.meta.url),
);
const { chromium } = require("playwright-core");
export const { default: encodeQR } = await import(require.resolve("qr"));

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
  const b = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: flags,
  });
  const close = b.close.bind(b);
  b.close = async () => {
    // What every seat showed at the end: the first thing to look at after a failure.
    for (const [i, c] of b.contexts().entries())
      for (const page of c.pages())
        await shot(
          page,
          `last-${basename(process.argv[1], ".mjs")}-${i}`,
        ).catch(() => undefined);
    await close();
  };
  return b;
}

/** login opens a seat of its own (cookies, storage) and signs a person in by the form. */
export async function login(
  b,
  user,
  {
    width = 1440,
    height = 900,
    touch = false,
    console: url = env.console,
  } = {},
) {
  const context = await b.newContext({
    viewport: { width, height },
    hasTouch: touch,
    locale: "zh-CN",
  });
  await context.addInitScript(() => {
    // So that a script can do to the sound what a pulled plug does, and hear it.
    const Real = window.AudioContext;
    window.contexts = [];
    window.notes = [];
    window.AudioContext = class extends Real {
      constructor(...args) {
        super(...args);
        window.contexts.push(this);
      }
      createOscillator() {
        const osc = super.createOscillator();
        const start = osc.start.bind(osc);
        osc.start = (at) => {
          const wait = Math.max(0, (at ?? 0) - this.currentTime) * 1000;
          window.notes.push({ hz: osc.frequency.value, at: Date.now() + wait });
          start(at);
        };
        return osc;
      }
    };
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (e) => {
    console.error("page error:", e.message);
    process.exitCode = 1;
  });
  await page.goto(url);
  await page.getByLabel("用户名").fill(user);
  await page.getByLabel("密码", { exact: true }).fill(env.passwords[user]);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#link-lamp[data-state=alive]");
  return page;
}

/** arm tests the sound of a seat, as a person must. */
export async function arm(page) {
  await page.click("#arm-sound");
  await page.waitForSelector("#sound-sheet");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#sound-sheet", { state: "hidden" });
  await page.waitForSelector("#sound[data-state=armed]");
}

/** select chooses an alarm by the keyboard alone. */
export async function select(page, id) {
  await page.keyboard.press("Escape"); // from the top
  for (let i = 0; i < 60; i++) {
    if (await page.locator(`.panel[data-panel="${id}"]`).count()) return;
    const before = await page.evaluate(
      () => document.querySelector("[data-panel]")?.dataset.panel,
    );
    await page.keyboard.press("j");
    await page
      .waitForFunction(
        (b) => document.querySelector("[data-panel]")?.dataset.panel !== b,
        before,
        { timeout: 2_000 },
      )
      .catch(() => undefined); // the end of the list
  }
  const focus = await page.evaluate(() =>
    document.activeElement?.outerHTML.slice(0, 200),
  );
  throw new Error(
    `the keyboard does not reach the alarm; the focus is at ${focus}`,
  );
}

/** cable is a way of one seat's own to the cloud, which can be cut and mended. */
export async function cable() {
  const to = new URL(env.console);
  const open = new Set();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(Number(to.port), to.hostname);
    for (const [a, b] of [
      [near, far],
      [far, near],
    ]) {
      open.add(a);
      a.on("error", () => b.destroy());
      a.on("close", () => {
        open.delete(a);
        b.destroy();
      });
      a.pipe(b);
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut() {
      whole = false;
      for (const s of open) s.destroy();
    },
    mend() {
      whole = true;
    },
    close() {
      this.cut();
      server.close();
    },
  };
}

export async function shot(page, name) {
  if (artifacts)
    await page.screenshot({ path: join(artifacts, `${name}.png`) });
}

/** fault does something to a simulated device: {silent: true} and the like. */
export async function fault(device, what) {
  const r = await fetch(new URL(`/api/faults/${device}`, env.sim), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(what),
  });
  if (!r.ok) throw new Error(`fault ${device}: ${r.status} ${await r.text()}`);
}

export async function post(url) {
  const r = await fetch(url, { method: "POST" });
  if (!r.ok) throw new Error(`${url}: ${r.status} ${await r.text()}`);
}

export const play = (scenario) => post(`${env.sim}/api/scenarios/${scenario}`);
/** person makes somebody else who can log in, with a role. */
export async function person(user, name, role) {
  const r = await fetch(
    `${env.harness}/person?${new URLSearchParams({ user, name, role })}`,
    {
      method: "POST",
    },
  );
  const said = await r.text();
  if (!r.ok) throw new Error(said);
  env.passwords[user] = said;
}

export const harness = (act) => post(`${env.harness}/${act}`);

/** api asks the cloud as the person of this page. */
export const api = (page, path) =>
  page.evaluate(async (p) => {
    const r = await fetch(p);
    if (!r.ok) throw new Error(`${p}: ${r.status}`);
    return r.json();
  }, path);
