// SPDX-License-Identifier: Apache-2.0
//
// What moves on the page: overlay, flicker, opening of hits, keys. Everything can be read without it.
// It only reads and sets states of elements that are there: no text becomes markup, nothing is stored or sent.
"use strict";
(() => {
  const FLICKER_MS = 500;  // Two pictures a second: below the three flashes a second that can cause seizures.
  const root = document.documentElement;
  root.classList.add("script");
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const hits = all("details.hit");
  let current = null;  // The hit that keys act on.

  const choose = (hit) => {
    if (current === hit) return;
    if (current) current.classList.remove("current");
    current = hit;
    if (hit) hit.classList.add("current");
  };

  const go = (hit) => {
    if (!hit) return;
    hit.open = true;
    choose(hit);
    hit.scrollIntoView({ block: "start" });
    hit.querySelector("summary").focus({ preventScroll: true });
  };

  // A link to a hit opens it.
  const openTarget = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.matches("details.hit")) go(target);
  };
  window.addEventListener("hashchange", openTarget);
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[href^='#']");
    // The same place again changes no hash.
    if (link && link.getAttribute("href") === location.hash) openTarget();
    const hit = event.target instanceof Element && event.target.closest("details.hit");
    if (hit) choose(hit);
  });
  document.addEventListener("focusin", (event) => {
    const hit = event.target.closest("details.hit");
    if (hit) choose(hit);
  });

  // Overlays.
  const flickering = new Map();  // Overlay → timer.
  const showShare = (overlay) => {
    const share = Number(overlay.querySelector(".slider input").value);
    const carried = overlay.querySelector(".layer.carried");
    const isCurtain = overlay.dataset.mode === "curtain";
    carried.style.clipPath = isCurtain ? `inset(0 ${100 - share}% 0 0)` : "";
    carried.style.opacity = overlay.dataset.mode === "blend" ? String(share / 100) : "";
    overlay.querySelector(".edge").style.left = `${share}%`;
  };
  const stopFlicker = (overlay) => {
    if (!flickering.has(overlay)) return;
    clearInterval(flickering.get(overlay));
    flickering.delete(overlay);
    overlay.classList.remove("flickering", "shows-query");
    overlay.querySelector(".flicker").setAttribute("aria-pressed", "false");
    showShare(overlay);
  };
  const setMode = (overlay, mode) => {
    stopFlicker(overlay);
    overlay.dataset.mode = mode;
    for (const radio of all(".modes input", overlay)) radio.checked = radio.value === mode;
    overlay.querySelector(".slider input").disabled = mode === "difference";
    showShare(overlay);
  };
  const toggleFlicker = (overlay) => {
    if (flickering.has(overlay)) {
      stopFlicker(overlay);
      return;
    }
    if (overlay.dataset.mode === "difference") setMode(overlay, "curtain");
    const carried = overlay.querySelector(".layer.carried");
    carried.style.clipPath = carried.style.opacity = "";
    overlay.classList.add("flickering", "shows-query");
    overlay.querySelector(".flicker").setAttribute("aria-pressed", "true");
    flickering.set(overlay, setInterval(() => overlay.classList.toggle("shows-query"), FLICKER_MS));
  };
  const moveSlider = (overlay, share) => {
    stopFlicker(overlay);
    if (overlay.dataset.mode === "difference") setMode(overlay, "curtain");
    overlay.querySelector(".slider input").value = String(share);
    showShare(overlay);
  };
  for (const overlay of all(".overlay")) {
    const slider = overlay.querySelector(".slider input");
    slider.addEventListener("input", () => moveSlider(overlay, Number(slider.value)));
    for (const radio of all(".modes input", overlay)) radio.addEventListener("change", () => setMode(overlay, radio.value));
    overlay.querySelector(".flicker").addEventListener("click", () => toggleFlicker(overlay));
    // The pictures themselves can be wiped over.
    const stage = overlay.querySelector(".stage");
    const wipe = (event) => {
      const box = stage.getBoundingClientRect();
      moveSlider(overlay, Math.min(100, Math.max(0, Math.round(((event.clientX - box.left) / box.width) * 100))));
    };
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || overlay.dataset.mode === "difference") return;
      stage.setPointerCapture(event.pointerId);
      wipe(event);
    });
    stage.addEventListener("pointermove", (event) => {
      if (stage.hasPointerCapture(event.pointerId)) wipe(event);
    });
    showShare(overlay);
  }
  for (const hit of hits) {
    hit.addEventListener("toggle", () => {
      if (!hit.open) all(".overlay", hit).forEach(stopFlicker);
    });
  }

  // Veiled pictures.
  const revealAll = document.querySelector(".reveal-all");
  if (revealAll) {
    revealAll.addEventListener("click", () => {
      const reveal = revealAll.getAttribute("aria-pressed") !== "true";
      for (const box of all("input.reveal")) box.checked = reveal;
      revealAll.setAttribute("aria-pressed", String(reveal));
      revealAll.textContent = reveal ? "Veil all pictures" : "Reveal all pictures";
    });
  }

  // Paper cannot be opened.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = hits.filter((hit) => !hit.open);
    for (const hit of opened) hit.open = true;
    [...flickering.keys()].forEach(stopFlicker);
  });
  window.addEventListener("afterprint", () => {
    for (const hit of opened) hit.open = false;
    opened = [];
  });

  // Keys.
  const useKeys = document.getElementById("use-keys");
  const step = (by) => {
    // Without a current hit: the first one below the top of the window, or the last above it.
    if (!current) {
      const below = hits.findIndex((hit) => hit.getBoundingClientRect().top > -1);
      go(by > 0 ? hits[below < 0 ? hits.length - 1 : below] : hits[Math.max(0, (below < 0 ? hits.length : below) - 1)]);
      return;
    }
    go(hits[Math.min(hits.length - 1, Math.max(0, hits.indexOf(current) + by))]);
  };
  const flip = (selector) => {
    const box = current && current.querySelector(selector);
    if (box) box.checked = !box.checked;
    return Boolean(box);
  };
  const withOverlay = (act) => {
    const overlay = current && current.open && current.querySelector(".overlay");
    if (overlay) act(overlay);
    return Boolean(overlay);
  };
  const slide = (by) =>
    withOverlay((overlay) => {
      const share = Number(overlay.querySelector(".slider input").value) + by;
      moveSlider(overlay, Math.min(100, Math.max(0, share)));
    });
  const scrollTo = (id) => {
    const target = document.getElementById(id);
    target.scrollIntoView({ block: "start" });
    return true;
  };
  const keys = {
    n: () => (step(1), true),
    p: () => (step(-1), true),
    o: () => current && ((current.open = !current.open), true),
    l: () => flip(".show-lines"),
    r: () => flip(".show-regions"),
    v: () => flip("input.reveal"),
    c: () => withOverlay((overlay) => setMode(overlay, "curtain")),
    b: () => withOverlay((overlay) => setMode(overlay, "blend")),
    d: () => withOverlay((overlay) => setMode(overlay, "difference")),
    f: () => withOverlay(toggleFlicker),
    s: () => scrollTo("summary"),
    "?": () => scrollTo("keys"),
  };
  document.addEventListener("keydown", (event) => {
    if (!useKeys.checked || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const onControl = event.target instanceof HTMLInputElement;
    let done = false;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      // Sliders and groups of choices have their own arrows.
      if (onControl && event.target.type !== "checkbox") return;
      done = slide((event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 20 : 5));
    } else if (Object.hasOwn(keys, event.key)) {
      done = keys[event.key]();
    }
    if (done) event.preventDefault();
  });
  openTarget();
})();
