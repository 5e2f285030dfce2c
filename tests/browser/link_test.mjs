// SPDX-License-Identifier: Apache-2.0
//
// Walks through the page of linked sellers as a person does, by mouse and by keys. Run by ctest (label browser) through run.sh.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeLinkPages, startBrowser, useOn } from "./fixture.mjs";

// Two people with two handles each, and one with one.
const sellers = ["jadegarden88", "white_gold_hk", "relics_of_silk", "silk_road_relics", "dr_keratin"];

let pages, browser;
before(async () => {
  pages = makeLinkPages(sellers);
  browser = await startBrowser();
});
after(async () => {
  if (browser) await browser.close();
  if (pages) pages.remove();
});

const onPage = (name, options, use) => useOn(browser, pages.url(name), options, use);

const labels = (page) => page.locator("#choose-node option").allTextContents();
const chosen = (page) => page.locator("#choose-node").inputValue();

test("groups are told with their evidence, side by side", () =>
  onPage("links.html", {}, async (page) => {
    const rows = page.locator("#groups tbody tr");
    assert.equal(await rows.count(), 2, "Two people have two handles each.");
    const text = await page.locator("#groups").innerText();
    for (const seller of sellers.slice(0, 4)) assert.ok(text.includes(seller), seller);
    assert.ok(!text.includes("dr_keratin"));
    const reason = page.locator(".group .reason").first();
    assert.ok(await reason.isVisible());
    assert.equal(await reason.locator(".side svg use").count(), 2);
    const box = await reason.locator(".side svg").first().boundingBox();
    assert.ok(box.width > 80 && box.height > 60);
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.ok((await page.locator(".side").first().innerText()).includes("<script>"), "Titles are shown as they were written.");
  }));

test("the graph shows a group, and is walked through by keys alone", () =>
  onPage("links.html", {}, async (page) => {
    assert.ok(await page.locator("#cy canvas").first().isVisible());
    const inGroup = await labels(page);
    assert.ok(inGroup.length > 3, `Sellers and photos: ${inGroup}`);
    assert.ok(inGroup[0].includes("nodes in view"));
    // Into the graph by Tab.
    await page.locator("#fit").focus();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "cy");
    await page.keyboard.press("n");
    const first = await chosen(page);
    assert.notEqual(first, "");
    assert.ok(sellers.some((seller) => inGroup[1].includes(seller)));
    assert.ok((await page.locator("#node h3").innerText()).length > 0);
    await page.keyboard.press("n");
    assert.notEqual(await chosen(page), first);
    await page.keyboard.press("p");
    assert.equal(await chosen(page), first);
    const before = await page.locator("#cy").screenshot();
    await page.keyboard.press("+");
    await page.keyboard.press("ArrowLeft");
    await page.waitForTimeout(200);
    assert.notDeepEqual(await page.locator("#cy").screenshot(), before, "Zoomed and moved.");
    await page.keyboard.press("0");
    // Out again, along the links of the node.
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "choose-node");
    await page.locator("#node button").first().focus();
    await page.keyboard.press("Enter");
    assert.notEqual(await chosen(page), first, "A link leads to its other end.");
    assert.equal(await page.evaluate(() => document.activeElement.id), "choose-node", "The focus is not lost.");
  }));

test("other groups, everything, no photos", () =>
  onPage("links.html", {}, async (page) => {
    const choices = await page.locator("#choose-group option").allTextContents();
    assert.equal(choices.length, 3);
    const one = await labels(page);
    await page.locator("#choose-group").selectOption({ index: 1 });
    const other = await labels(page);
    assert.notDeepEqual(one, other);
    await page.locator("#choose-group").selectOption({ label: "everything" });
    const all = await labels(page);
    assert.ok(all.length >= one.length + other.length - 1);
    await page.locator("#show-photos").uncheck();
    const without = await labels(page);
    assert.ok(without.slice(1).every((label) => !label.startsWith("photo ")));
    assert.ok(without.length >= 5);
  }));

test("a node is chosen with the mouse", () =>
  onPage("links.html", {}, async (page) => {
    await page.locator("#show-photos").uncheck();
    const box = await page.locator("#cy").boundingBox();
    // Somewhere in the fitted graph there are nodes: look along a grid.
    for (let y = 0.1; y < 1 && (await chosen(page)) === ""; y += 0.05) {
      for (let x = 0.05; x < 1 && (await chosen(page)) === ""; x += 0.04) {
        await page.mouse.click(box.x + box.width * x, box.y + box.height * y);
      }
    }
    assert.notEqual(await chosen(page), "");
    await page.locator("#node a").first().click();
    assert.ok((await page.url()).includes("#group-"));
  }));

test("blurred pictures stay so until they are revealed, in the graph as well", () =>
  onPage("blurred.html", {}, async (page) => {
    const picture = page.locator(".reason .picture svg").first();
    const filter = () => picture.evaluate((element) => getComputedStyle(element).filter);
    assert.ok((await filter()).includes("blur"));
    const veiled = await page.locator("#cy").screenshot();
    await page.getByText("Show the pictures of this group").first().click();
    assert.equal(await filter(), "none");
    await page.locator(".reveal-all").click();
    await page.waitForTimeout(500);
    assert.notDeepEqual(await page.locator("#cy").screenshot(), veiled);
    await page.locator(".reveal-all").click();
    assert.ok((await filter()).includes("blur"));
  }));

test("dark, narrow, on paper, without scripts", async () => {
  await onPage("links.html", { colorScheme: "dark" }, async (page) => {
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(background, "rgb(15, 18, 21)");
    await page.waitForTimeout(300);
  });
  await onPage("links.html", { viewport: { width: 390, height: 800 } }, async (page) => {
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), "Nothing sticks out.");
  });
  await onPage("links.html", { javaScriptEnabled: false }, async (page) => {
    assert.ok(!(await page.locator("#graph").isVisible()));
    assert.ok(await page.getByText("The graph needs JavaScript.").isVisible());
    assert.ok(await page.locator(".reason").first().isVisible());
  });
  await onPage("links.html", {}, async (page) => {
    await page.emulateMedia({ media: "print" });
    assert.ok(!(await page.locator("#graph").isVisible()));
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    assert.ok(await page.evaluate(() => Array.from(document.querySelectorAll("details")).every((element) => element.open)));
  });
});
