// SPDX-License-Identifier: Apache-2.0
//
// Pages made by the program from a few staged ads, and a browser that notes what a page should never do.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const binary = process.env.PUGMARK_BINARY;
const samples = process.env.PUGMARK_SAMPLES;

// What a seller might write: markup, a terminal's control characters, a reversed reading direction.
export const hostileTitle =
  "<img src=http://evil.example/x onerror=\"window.pwned=1\">" +
  "<script>window.pwned=1</script>{{{title}}}\u001b[2J\u202Egpj.exe";

// Photos of the collage q21 and of the copy q22, one listing each.
const ads = [
  ["pikpals/37390934_426993093552674_n.jpg", "pikpals", "2015-11-22T10:00:00Z", hostileTitle],
  ["pikpals/79013316_914442220715845_n.jpg", "pikpals", "2015-11-22T10:00:00Z", "Rug"],
  ["blackacacia/bd74c498a0830c71.jpg", "blackacacia", "2017-03-08T10:00:00Z", "Figure"],
  ["blackacacia/4bdfbf826769b28c.jpg", "blackacacia", "2017-04-02T10:00:00Z", "Horn"],
  ["chonhanh/z3098368540400_c8ea9eaa55.jpg", "chonhanh", "2016-04-14T10:00:00Z", "Bangle"],
  ["blackacacia/2ed730fe719b4398.jpg", "blackacacia", "2016-12-28T10:00:00Z", "Horn"],
];

// Exit code 1, no hit, is no failure here.
function run(...args) {
  try {
    execFileSync(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    if (error.status !== 1) throw new Error(`pugmark ${args.join(" ")}: ${error.stderr}`);
  }
}

export function makePages() {
  const folder = mkdtempSync(join(tmpdir(), "pugmark-browser-"));
  const collection = join(folder, "c");
  const rows = ads.map(([path, platform, posted_at, title], i) => {
    const file = basename(path);
    copyFileSync(join(samples, "ads", path), join(folder, file));
    return JSON.stringify({ file, platform, listing_id: `L-${i}`, seller: `seller-${i}`, posted_at, title });
  });
  writeFileSync(join(folder, "ads.jsonl"), rows.join("\n") + "\n");
  run("-c", collection, "init");
  run("-c", collection, "ingest", "--manifest", join(folder, "ads.jsonl"));
  const query = (name) => join(samples, "queries", name);
  const search = (page, ...args) => run("-c", collection, "search", ...args, "--html", join(folder, page));
  search("page.html", query("q21.jpg"), query("q22.jpg"), query("q25.jpg"));
  search("blurred.html", query("q21.jpg"), query("q25.jpg"), "--blur");
  search("grey.html", query("q22.jpg"), "--grey");
  run("compare", query("q22.jpg"), join(samples, "ads", ads[5][0]), "--html", join(folder, "compare.html"));
  run("-c", collection, "review", query("q22.jpg"), join(samples, "ads", ads[5][0]), "yes", "--by", "Ana", "--note", hostileTitle);
  search("reviewed.html", query("q22.jpg"), "--roi", "0%,0%,90%,100%", "--exclude", "10,10,50,40");
  return { url: (page) => pathToFileURL(join(folder, page)).href, remove: () => rmSync(folder, { recursive: true }) };
}

// All ads of these sellers, taken in and linked; the page and a blurred one of their links.
export function makeLinkPages(sellers) {
  const folder = mkdtempSync(join(tmpdir(), "pugmark-browser-"));
  const collection = join(folder, "c");
  const [head, ...rows] = readFileSync(join(samples, "ads", "manifest.csv"), "utf8").trimEnd().split("\n");
  const mine = rows.filter((row) => sellers.some((seller) => row.includes(`,${seller},`)));
  for (const row of mine) copyFileSync(join(samples, "ads", row.split(",")[0]), join(folder, basename(row.split(",")[0])));
  const hostile = `"${hostileTitle.replaceAll('"', '""')}"`;
  // The first file's name has no comma, and neither has what stands before the title; the title is the seventh.
  const local = mine.map((row) => {
    const cells = row.match(/("([^"]|"")*"|[^,]*)(,|$)/g).map((cell) => cell.replace(/,$/, ""));
    cells[0] = basename(cells[0]);
    cells[6] = hostile;
    return cells.slice(0, head.split(",").length).join(",");
  });
  writeFileSync(join(folder, "ads.csv"), [head, ...local].join("\n") + "\n");
  run("-c", collection, "init");
  run("-c", collection, "ingest", "--manifest", join(folder, "ads.csv"));
  run("-c", collection, "link");
  run("-c", collection, "link", "--html", join(folder, "links.html"));
  run("-c", collection, "link", "--html", join(folder, "blurred.html"), "--blur");
  return { url: (page) => pathToFileURL(join(folder, page)).href, remove: () => rmSync(folder, { recursive: true }) };
}

export function startBrowser() {
  // Chromium has no sandbox for root, and containers have little shared memory.
  const args = ["--disable-gpu", "--disable-dev-shm-usage"];
  if (process.getuid() === 0) args.push("--no-sandbox");
  return chromium.launch({ executablePath: process.env.PUGMARK_CHROMIUM ?? "/usr/bin/chromium", args });
}

// Opens a page. `complaints` collects requests, errors, dialogs and violations of the policy: they should stay empty.
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);  // A slow day is no failure.
  const complaints = [];
  page.on("request", (request) => {
    if (!request.url().startsWith("data:image/jpeg;base64,") && request.url().split("#")[0] !== url) {
      complaints.push(`request: ${request.url()}`);
    }
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(url);
  return { page, complaints };
}

// Opens a page, uses it, and expects that it asked for nothing and complained of nothing. PUGMARK_SHOTS: a folder for pictures.
export async function useOn(browser, url, options, use) {
  const { page, complaints } = await open(browser, url, options);
  await use(page);
  assert.deepEqual(complaints, []);
  if (process.env.PUGMARK_SHOTS) {
    await page.screenshot({ path: `${process.env.PUGMARK_SHOTS}/${basename(url)}-${Date.now()}.png` });
  }
  await page.context().close();
}
