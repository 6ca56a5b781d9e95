// An operator's seat that is simply watched: it signs in, tests its sound, says "ready"
// and stays until its input ends. The console itself stamps when an alarm is painted;
// "heard" and the time in ms say when a note of an alarm's tone begins.
import { arm, browser, login } from "../systemtest/browser/browser.mjs";

const b = await browser();
try {
  const page = await login(b, "zhangwei");
  await page.waitForSelector(".tile[data-building=b03][data-state=ok]");
  await arm(page);
  await page.exposeFunction("heard", (at) => console.log(`heard ${at}`));
  await page.evaluate(() => {
    const push = window.notes.push.bind(window.notes);
    window.notes.push = (note) => {
      window.heard(Math.round(note.at));
      return push(note);
    };
  });
  console.log("ready");
  for await (const _ of process.stdin);
} finally {
  await b.close();
}
