// An operator's seat that is simply watched: it signs in, says "ready" and stays until
// its input ends. The console itself stamps when an alarm is painted.
import { browser, login } from "../systemtest/browser/browser.mjs";

const b = await browser();
try {
  const page = await login(b, "zhangwei");
  await page.waitForSelector(".tile[data-building=b03][data-state=ok]");
  console.log("ready");
  for await (const _ of process.stdin);
} finally {
  await b.close();
}
