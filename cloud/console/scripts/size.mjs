// The first load of the built console, gzipped: index.html, its script, what that
// imports at once, and its styles. Exits 1 above the limit.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const limit = 350 * 1024;
const dist = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "../dist");
const html = readFileSync(join(dist, "index.html"), "utf8");
const seen = new Map([["/index.html", gzipSync(html).length]]);

function take(path) {
  const file = join(dist, path);
  if (seen.has(path) || !existsSync(file)) return;
  const text = readFileSync(file, "utf8");
  seen.set(path, gzipSync(text).length);
  if (!path.endsWith(".js")) return;
  // Static imports only: import"./x.js", from"./x.js". import("./x.js") comes later.
  for (const m of text.matchAll(/(?:from|import)\s*["'](\.\/[^"']+\.js)["']/g)) {
    take(posix.join(posix.dirname(path), m[1]));
  }
}
for (const m of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) take(m[1]);

const total = [...seen.values()].reduce((a, b) => a + b, 0);
for (const [path, n] of [...seen].sort((a, b) => b[1] - a[1])) {
  console.log(`${(n / 1024).toFixed(1).padStart(8)} KB  ${path}`);
}
console.log(`${(total / 1024).toFixed(1).padStart(8)} KB  first load, limit ${limit / 1024} KB`);
if (total > limit) process.exit(1);
