// A sub-form of a hundred rows in a real browser: how long one key takes, from its input
// event until the page is laid out again. Prints a number of milliseconds a line.
import { browser, env, login } from "../systemtest/browser/browser.mjs";

const rows = 100;
const keys = 200;
const text = (zh) => ({ zh, en: zh });
const form = {
  title: text("百行明细"),
  fields: [
    {
      key: "items",
      type: "rows",
      label: text("明细"),
      fields: [
        { key: "what", type: "text", label: text("内容") },
        { key: "n", type: "number", label: text("数量") },
        { key: "price", type: "number", label: text("单价") },
        { key: "cost", type: "formula", label: text("金额"), formula: "n * price", result: "number" },
        {
          key: "why",
          type: "text",
          label: text("说明"),
          visible: { op: "gt", l: { f: "n" }, r: { v: 10 } },
        },
      ],
    },
    { key: "total", type: "formula", label: text("合计"), formula: "sum(items.cost)", result: "number" },
  ],
};

const b = await browser();
try {
  const page = await login(b, "admin");
  const made = await page.evaluate(async (body) => {
    const send = async (method, path, content) => {
      const r = await fetch(path, {
        method,
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(content),
      });
      if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`);
      return r.json();
    };
    const draft = await send("PUT", "/api/documents/form/hundred/draft", { rev: 0, body });
    await send("POST", "/api/documents/form/hundred/publish", { rev: draft.draft.rev });
    await send("POST", "/api/grants", { role: "admin", form: "hundred", actions: ["create", "view"] });
    return true;
  }, form);
  if (!made) throw new Error("no form");
  await page.goto(new URL("/forms/hundred/new", env.console).href);
  for (let i = 0; i < rows; i++) await page.click("#f-items");
  await page.locator(`[data-row="${rows}"]`).waitFor();
  await page.evaluate(() => {
    window.took = [];
    let begun = 0;
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = () => {
      void document.body.offsetHeight; // style and layout are part of it
      window.took.push(performance.now() - begun);
    };
    window.addEventListener("input", () => ((begun = performance.now()), port1.postMessage(0)), true);
  });
  for (const [cell, key] of [
    ["#f-what-50", "a"],
    ["#f-n-50", "1"],
  ]) {
    await page.click(cell);
    for (let i = 0; i < keys / 2; i++) {
      await page.keyboard.press(i % 10 === 9 ? "Backspace" : key);
      if (i % 10 === 9) for (let j = 0; j < 8; j++) await page.keyboard.press("Backspace");
    }
  }
  for (const ms of await page.evaluate(() => window.took)) console.log(ms);
} finally {
  await b.close();
}
