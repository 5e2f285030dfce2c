// SPDX-License-Identifier: Apache-2.0
//
// Uses the page as a person does. Run by ctest (label browser) through run.sh.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hostileTitle, makePages, open, startBrowser, useOn } from "./fixture.mjs";

let pages, browser;
before(async () => {
  pages = makePages();
  browser = await startBrowser();
});
after(async () => {
  if (browser) await browser.close();
  if (pages) pages.remove();
});

const onPage = (name, options, use) => useOn(browser, pages.url(name), options, use);

const visibility = (locator) => locator.evaluate((element) => getComputedStyle(element).visibility);
const filter = (locator) => locator.evaluate((element) => getComputedStyle(element).filter);

test("the slider wipes one photo over the other", () =>
  onPage("page.html", {}, async (page) => {
    const overlay = page.locator("#q1h1 .overlay");
    const stage = overlay.locator(".stage");
    const slider = overlay.locator("input[type=range]");
    const carried = overlay.locator(".layer.carried");
    await stage.scrollIntoViewIfNeeded();
    const shown = {};
    for (const share of ["0", "50", "100"]) {
      await slider.fill(share);
      assert.equal(await carried.evaluate((e) => e.style.clipPath), `inset(0px ${100 - Number(share)}% 0px 0px)`);
      shown[share] = (await stage.screenshot()).toString("base64");
    }
    assert.equal(new Set(Object.values(shown)).size, 3, "Three places of the slider look different.");
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    assert.equal(await slider.inputValue(), "99");
    // On the pictures themselves.
    const box = await stage.boundingBox();
    await page.mouse.move(box.x + box.width / 4, box.y + 40);
    await page.mouse.down();
    assert.equal(await slider.inputValue(), "25");
    await page.mouse.move(box.x + (box.width * 3) / 4, box.y + 60);
    await page.mouse.up();
    assert.equal(await slider.inputValue(), "75");
    await page.mouse.move(box.x + 10, box.y + 60);
    assert.equal(await slider.inputValue(), "75", "Only while the button is held.");
  }));

test("blend and difference", () =>
  onPage("page.html", {}, async (page) => {
    const overlay = page.locator("#q1h1 .overlay");
    const layer = (name) => overlay.locator(`.layer.${name}`);
    assert.equal(await visibility(layer("difference")), "hidden");
    await overlay.getByText("Blend", { exact: true }).click();
    await overlay.locator("input[type=range]").fill("30");
    assert.equal(await layer("carried").evaluate((e) => getComputedStyle(e).opacity), "0.3");
    assert.equal(await layer("carried").evaluate((e) => e.style.clipPath), "");
    await overlay.getByText("Difference", { exact: true }).first().click();
    assert.equal(await visibility(layer("difference")), "visible");
    assert.equal(await visibility(layer("carried")), "hidden");
    assert.equal(await visibility(layer("known")), "hidden");
    assert.ok(await overlay.locator("input[type=range]").isDisabled());
    await overlay.getByText("Curtain", { exact: true }).click();
    assert.equal(await visibility(layer("difference")), "hidden");
    assert.equal(await visibility(layer("carried")), "visible");
    for (const picture of await overlay.locator("img").all()) {
      assert.ok(await picture.evaluate((img) => img.complete && img.naturalWidth > 100), "It is decoded.");
    }
  }));

test("flicker shows both in turn, slowly, and stops", () =>
  onPage("page.html", {}, async (page) => {
    const overlay = page.locator("#q1h1 .overlay");
    const button = overlay.locator(".flicker");
    await button.click();
    assert.equal(await button.getAttribute("aria-pressed"), "true");
    // Counted in the page: which one is visible, until both have been twice; on a slow day that takes long.
    const { changes, seconds } = await overlay.evaluate(
      (element) =>
        new Promise((resolve) => {
          const changes = [], times = [];
          const look = () => {
            const known = getComputedStyle(element.querySelector(".layer.known")).visibility;
            const carried = getComputedStyle(element.querySelector(".layer.carried")).visibility;
            const now = known === carried ? "both or none" : known;
            if (changes.at(-1) === now) return;
            changes.push(now);
            if (times.push(performance.now()) < 5) return;
            clearInterval(timer);
            resolve({ changes, seconds: (times.at(-1) - times[0]) / 1000 });
          };
          const timer = setInterval(look, 20);
        }));
    assert.ok(!changes.includes("both or none"), String(changes));
    assert.ok(seconds > 4 / 6, `At most three flashes a second: four changes in ${seconds} s`);
    await button.click();
    assert.equal(await button.getAttribute("aria-pressed"), "false");
    assert.equal(await visibility(overlay.locator(".layer.known")), "visible");
    assert.equal(await visibility(overlay.locator(".layer.carried")), "visible");
  }));

test("lines and regions can be switched off", () =>
  onPage("page.html", {}, async (page) => {
    const hit = page.locator("#q1h1");
    const lines = hit.locator("svg.wide .lines");
    const regions = hit.locator("svg.wide .regions");
    assert.ok((await lines.locator("line").count()) > 10);
    assert.equal(await regions.locator("rect.region").count(), 2);
    assert.ok(await lines.isVisible());
    await hit.getByText(/inlier lines/).click();
    assert.ok(!(await lines.isVisible()));
    assert.ok(await regions.isVisible());
    await hit.getByText("Matched region").click();
    assert.ok(!(await regions.isVisible()));
    await hit.getByText(/inlier lines/).click();
    assert.ok(await lines.isVisible());
    assert.ok(await page.locator("#q2h1 svg.wide .regions").isVisible(), "Other hits keep theirs.");
  }));

test("a link in the summary, a mark of the timeline and an address open a hit", async () => {
  await onPage("page.html", {}, async (page) => {
    const closed = page.locator("#q1h4");
    assert.ok(!(await closed.evaluate((e) => e.open)), "Only the first hits are open.");
    await page.locator("#summary a[href='#q1h4']").click();
    assert.ok(await closed.evaluate((e) => e.open));
    assert.ok(await closed.locator("svg.wide").isVisible());
    await page.waitForFunction(() => Math.abs(document.getElementById("q1h4").getBoundingClientRect().top) < 60);
    await closed.locator("summary").click();
    assert.ok(!(await closed.evaluate((e) => e.open)));
    await page.locator("#summary a[href='#q1h4']").click();
    assert.ok(await closed.evaluate((e) => e.open), "Also the second time.");
    const mark = page.locator("#q1 .timeline a[href='#q1h3']").first();
    await mark.click();
    await page.waitForFunction(() => Math.abs(document.getElementById("q1h3").getBoundingClientRect().top) < 60);
    assert.match(await mark.getAttribute("aria-label"), /^20\d\d-\d\d-\d\d · \S+ · seller-\d · L-\d: same-\w+, hit 3$/);
  });
  const { page } = await open(browser, pages.url("page.html") + "#q1h4");
  assert.ok(await page.locator("#q1h4").evaluate((e) => e.open));
  await page.context().close();
});

test("keys", () =>
  onPage("page.html", {}, async (page) => {
    const current = async () => page.evaluate(() => document.querySelector(".hit.current")?.id);
    const state = (selector, property) => page.locator(selector).evaluate((e, name) => e[name], property);
    await page.keyboard.press("n");
    assert.equal(await current(), "q1h1");
    await page.keyboard.press("n");
    assert.equal(await current(), "q1h2");
    await page.keyboard.press("p");
    assert.equal(await current(), "q1h1");
    await page.keyboard.press("p");
    assert.equal(await current(), "q1h1", "There is none before.");
    await page.keyboard.press("l");
    assert.equal(await state("#q1h1-lines", "checked"), false);
    await page.keyboard.press("r");
    assert.equal(await state("#q1h1-regions", "checked"), false);
    await page.keyboard.press("d");
    assert.equal(await page.locator("#q1h1 .overlay").getAttribute("data-mode"), "difference");
    assert.equal(await state("#q1h1-difference", "checked"), true);
    await page.keyboard.press("b");
    assert.equal(await page.locator("#q1h1 .overlay").getAttribute("data-mode"), "blend");
    await page.keyboard.press("c");
    await page.keyboard.press("ArrowRight");
    assert.equal(await state("#q1h1 input[type=range]", "value"), "55");
    await page.keyboard.press("Shift+ArrowLeft");
    assert.equal(await state("#q1h1 input[type=range]", "value"), "35");
    await page.keyboard.press("f");
    assert.equal(await page.locator("#q1h1 .flicker").getAttribute("aria-pressed"), "true");
    await page.keyboard.press("o");
    assert.equal(await state("#q1h1", "open"), false);
    assert.equal(await page.locator("#q1h1 .flicker").getAttribute("aria-pressed"), "false", "Nothing flickers unseen.");
    await page.keyboard.press("o");
    assert.equal(await state("#q1h1", "open"), true);
    await page.keyboard.press("Control+l");
    assert.equal(await state("#q1h1-lines", "checked"), false, "Keys of the browser are left alone.");
    await page.keyboard.press("?");
    assert.ok(await page.locator("#keys").isVisible());
    await page.locator("#use-keys").uncheck();
    await page.keyboard.press("l");
    assert.equal(await state("#q1h1-lines", "checked"), false, "Switched off.");
    // All keys of the list do something, and all that do something are in the list.
    const listed = (await page.locator("#keys dt kbd").allTextContents()).sort().join("");
    assert.equal(listed, ["?", "b", "c", "d", "f", "l", "n", "o", "p", "r", "s", "←", "→"].sort().join(""));
  }));

test("blurred pictures are revealed one hit at a time, or all", async () => {
  await onPage("blurred.html", {}, async (page) => {
    const first = page.locator("#q1h1 svg.wide"), second = page.locator("#q1h2 svg.wide");
    const stage = page.locator("#q1h1 .stage"), query = page.locator("#q2 .nothing svg");
    for (const picture of [first, second, stage, query]) assert.match(await filter(picture), /blur\(\d+px\)/);
    await page.locator("#q1h1 .pair .veil").click();
    assert.equal(await filter(first), "none");
    assert.equal(await filter(stage), "none");
    assert.match(await filter(second), /blur/, "The others stay veiled.");
    assert.ok(!(await page.locator("#q1h1 .pair .veil").isVisible()), "Nothing lies over what is revealed.");
    await page.locator("#q1h1 summary").click();
    await page.locator("#q1h1 summary").click();
    await page.keyboard.press("v");
    assert.match(await filter(first), /blur/, "Veiled again.");
    await page.locator("#q1h2-reveal").focus();
    await page.keyboard.press("Space");
    assert.equal(await filter(second), "none");
    await page.getByRole("button", { name: "Reveal all pictures" }).click();
    for (const picture of [first, second, stage, query]) assert.equal(await filter(picture), "none");
    await page.getByRole("button", { name: "Veil all pictures" }).click();
    for (const picture of [first, second, stage, query]) assert.match(await filter(picture), /blur/);
  });
  await onPage("grey.html", {}, async (page) => {
    assert.equal(await filter(page.locator("#q1h1 svg.wide")), "grayscale(1)");
    await page.locator("#q1h1 .overlay .veil").click();
    assert.equal(await filter(page.locator("#q1h1 svg.wide")), "none");
  });
});

test("a hostile title is text", () =>
  onPage("page.html", {}, async (page) => {
    const hit = page.locator(".hit", { hasText: "gpj.exe" }).first();
    await page.locator(`a[href='#${await hit.getAttribute("id")}']`).first().click();
    const title = await hit.locator("td[data-label=Title] bdi").first().textContent();
    assert.equal(title, hostileTitle.replace("\u001b", "\\u{001B}").replace("\u202E", "\\u{202E}"));
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.locator("script").count(), 1, "The page's own.");
    const text = await page.evaluate(() => document.documentElement.outerHTML.replaceAll("\n", ""));
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
  }));

// That the test above would notice: what the policy forbids is tried on purpose.
test("the policy forbids what is not the page's own", async () => {
  const { page, complaints } = await open(browser, pages.url("page.html"));
  const violations = await page.evaluate(async () => {
    const seen = [];
    document.addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
    const add = (name, attributes, text = "") => {
      const element = document.createElement(name);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      element.textContent = text;
      document.body.append(element);
    };
    add("script", {}, "window.pwned = 1");
    add("img", { src: "http://127.0.0.1:9/x" });
    add("img", { src: "data:,", onerror: "window.pwned = 1" });
    add("p", { style: "position: fixed" });
    add("style", {}, "body { display: none }");
    add("iframe", { src: "http://127.0.0.1:9/x" });
    await fetch("http://127.0.0.1:9/x").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
    return seen;
  });
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  for (const directive of ["script-src-elem", "script-src-attr", "style-src-attr", "style-src-elem", "img-src", "frame-src",
                           "connect-src"]) {
    assert.ok(violations.includes(directive), `${directive} in ${violations}`);
  }
  assert.ok(complaints.length > 0, "And the listener hears of it.");
  assert.ok(await page.locator("h1").isVisible());
  await page.context().close();
});

test("without scripts everything can be read and revealed", () =>
  onPage("blurred.html", { javaScriptEnabled: false }, async (page) => {
    assert.ok(!(await page.locator("#q1h1 .tools").isVisible()), "No control that does nothing.");
    assert.ok(!(await page.locator("#keys").isVisible()));
    for (const layer of ["known", "carried", "difference"]) {
      assert.ok(await page.locator(`#q1h1 .layer.${layer} img`).isVisible());
    }
    await page.locator("#q1h1 .pair .veil").click();
    assert.ok(await page.locator("#q1h1-reveal").isChecked());
    await page.locator("#q1h4 summary").click();
    assert.ok(await page.locator("#q1h4 svg.wide").isVisible());
  }));

test("fits a telephone, the dark and paper", async () => {
  await onPage("page.html", { viewport: { width: 390, height: 800 }, colorScheme: "dark" }, async (page) => {
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, "Nothing to scroll sideways.");
    assert.ok(await page.locator("#q1h1 svg.tall").isVisible());
    assert.ok(!(await page.locator("#q1h1 svg.wide").isVisible()));
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.ok(background.match(/\d+/g).every((value) => Number(value) < 40), background);
  });
  await onPage("page.html", {}, async (page) => {
    const hits = await page.locator(".hit").count();
    assert.ok(hits >= 5);
    const pdf = await page.pdf({ format: "A4" });
    const sheets = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length;
    // A page per hit, one for the summary, at most two for the rest; queries without hits share theirs.
    assert.ok(sheets >= hits + 1 && sheets <= hits + 5, `${sheets} pages for ${hits} hits`);
    assert.ok(!(await page.locator("#q1h4").evaluate((e) => e.open)), "Closed again after printing.");
  });
});

test("a review and what was not searched for are seen at once", () =>
  onPage("reviewed.html", {}, async (page) => {
    assert.equal(await page.locator("#q1h1 .tag.review").textContent(), "reviewed: yes, Ana");
    const notice = page.locator("#q1h1 .note");
    assert.ok(await notice.isVisible());
    assert.match(await notice.textContent(), /^Confirmed by Ana on .*<script>window\.pwned=1<\/script>.* A yes puts the hit before/);
    const dark = page.locator("#q1h1 svg.wide path.unsearched");
    assert.equal(await dark.count(), 2, "Beside the region, and what was left out.");
    const box = await dark.nth(1).boundingBox();
    assert.ok(box.width > 20 && box.height > 20);
    assert.equal(await page.evaluate(() => window.pwned), undefined);
  }));

test("a comparison has a page of its own", () =>
  onPage("compare.html", {}, async (page) => {
    assert.equal(await page.locator("h1").textContent(), "Comparison of two photos");
    assert.equal(await page.locator(".hit").count(), 1);
    assert.equal(await page.locator(".hit .verdict").textContent(), "same-photo");
    await page.locator("#q1h1 input[type=range]").fill("10");
    assert.ok(await page.getByText("Everything but these two files").isVisible());
  }));
