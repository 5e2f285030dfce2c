// SPDX-License-Identifier: Apache-2.0
//
// The graph on the page of linked sellers, and what can be done with it by mouse and by keys. Everything stands in the tables
// as well. No text becomes markup, nothing is stored or sent.
"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  root.classList.add("script");

  // Veiled pictures; in the graph they appear when all are revealed.
  const revealAll = document.querySelector(".reveal-all");
  const isVeiled = () => Boolean(revealAll) && revealAll.getAttribute("aria-pressed") !== "true";
  if (revealAll) {
    revealAll.addEventListener("click", () => {
      const reveal = isVeiled();
      for (const box of document.querySelectorAll("input.reveal")) box.checked = reveal;
      revealAll.setAttribute("aria-pressed", String(reveal));
      revealAll.textContent = reveal ? "Veil all pictures" : "Reveal all pictures";
      draw();
    });
  }

  // Paper cannot be opened.
  const details = Array.from(document.querySelectorAll("details"));
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = details.filter((element) => !element.open);
    for (const element of opened) element.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const element of opened) element.open = false;
    opened = [];
  });

  const data = JSON.parse(byId("graph-data").textContent);
  const nodes = new Map(data.nodes.map((node) => [node.id, node]));
  const box = byId("cy"), chooseGroup = byId("choose-group"), chooseNode = byId("choose-node"), panel = byId("node");
  const showPhotos = byId("show-photos"), showLeads = byId("show-leads");
  let graph = null;  // Cytoscape's.
  let shown = [];    // Ids of the nodes in view, in the order of the list.
  let current = "";

  const make = (tag, text, className) => {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    if (className) element.className = className;
    return element;
  };
  const option = (value, text) => {
    const element = make("option", text);
    element.value = value;
    return element;
  };
  const pictureOf = (node) => node.picture && byId(node.picture);

  // --- What is in view

  const isShown = (edge) =>
    (edge.kind !== "lead" || showLeads.checked) && nodes.has(edge.a) && nodes.has(edge.b);
  const wanted = () => {
    const group = chooseGroup.value;
    const inGroup = (node) => group === "" || node.groups.includes(Number(group));
    let list = data.nodes.filter((node) => inGroup(node) && (node.kind === "seller" || showPhotos.checked));
    const ids = new Set(list.map((node) => node.id));
    if (showLeads.checked) {
      // Whoever a lead leads to.
      for (const edge of data.edges) {
        if (edge.kind !== "lead" || ids.has(edge.a) === ids.has(edge.b)) continue;
        list.push(nodes.get(ids.has(edge.a) ? edge.b : edge.a));
      }
      list = Array.from(new Set(list));
    }
    return list;
  };

  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const styleSheet = () => [
    { selector: "node", style: {
      "label": "data(label)", "color": colour("--ink"), "font-size": 11, "text-wrap": "wrap", "text-max-width": 110,
      "text-valign": "bottom", "text-margin-y": 4, "text-background-color": colour("--page"), "text-background-opacity": 0.8,
      "text-background-padding": 1, "background-color": colour("--link"), "width": 34, "height": 34,
      "border-width": 2, "border-color": colour("--card") } },
    { selector: "node.photo", style: {
      "shape": "rectangle", "label": "", "width": 54, "height": 54, "background-color": colour("--fill"),
      "border-color": colour("--rule"), "border-width": 1 } },
    { selector: "node.pictured", style: { "background-image": "data(image)", "background-fit": "cover" } },
    { selector: "node.outside", style: { "background-color": colour("--soft") } },
    { selector: "edge", style: { "width": 1.5, "line-color": colour("--rule"), "curve-style": "haystack" } },
    { selector: "edge.link, edge.confirmed", style: { "width": "mapData(weight, 0, 1, 2, 6)", "line-color": colour("--link") } },
    { selector: "edge.lead", style: { "line-style": "dashed", "line-color": colour("--soft"), "curve-style": "straight" } },
    { selector: "edge.cut", style: { "line-style": "dotted", "line-color": colour("--soft"), "curve-style": "straight" } },
    ...["same-photo", "same-object", "same-scene"].map((kind) => (
      { selector: `edge.${kind}`, style: { "width": 2.5, "line-color": colour(`--${kind}`) } })),
    { selector: "node.current", style: { "border-width": 4, "border-color": colour("--note-rule") } },
  ];

  const draw = () => {
    const list = wanted();
    const ids = new Set(list.map((node) => node.id));
    shown = list.map((node) => node.id);
    chooseNode.replaceChildren(option("", `${list.length} nodes in view`), ...list.map((node) => option(node.id, node.label)));
    const group = chooseGroup.value;
    const radius = 40 + 16 * list.length;
    const elements = list.map((node, i) => {
      const picture = isVeiled() ? null : pictureOf(node);
      const image = picture && picture.querySelector("image").getAttribute("href");
      const classes = [node.kind];
      if (image) classes.push("pictured");
      if (node.kind === "seller" && group !== "" && !node.groups.includes(Number(group))) classes.push("outside");
      return {
        group: "nodes", classes: classes.join(" "), data: { id: node.id, label: node.label, image: image || "" },
        position: { x: radius * Math.cos((2 * Math.PI * i) / list.length), y: radius * Math.sin((2 * Math.PI * i) / list.length) },
      };
    });
    data.edges.forEach((edge, i) => {
      if (!isShown(edge) || !ids.has(edge.a) || !ids.has(edge.b)) return;
      elements.push({ group: "edges", classes: edge.kind, data: { id: `e${i}`, source: edge.a, target: edge.b, weight: edge.weight } });
    });
    if (graph) graph.destroy();
    // From places on a circle and without chance: the same data gives the same picture.
    graph = window.cytoscape({
      container: box, elements, style: styleSheet(), minZoom: 0.1, maxZoom: 4,
      layout: { name: "cose", animate: false, randomize: false, padding: 30, nodeRepulsion: () => 16000, idealEdgeLength: () => 60 },
    });
    graph.on("tap", "node", (event) => choose(event.target.id()));
    choose(ids.has(current) ? current : "");
  };

  // --- The node that is chosen

  const choose = (id) => {
    current = id;
    chooseNode.value = id;
    panel.replaceChildren();
    if (graph) graph.nodes().removeClass("current");
    if (!id) {
      panel.append(make("p", "Choose a node here or in the graph.", "soft"));
      return;
    }
    const node = nodes.get(id);
    if (graph) graph.getElementById(id).addClass("current");
    panel.append(make("h3", node.label));
    for (const line of node.lines) panel.append(make("p", line));
    if (!isVeiled() && pictureOf(node)) {
      const space = "http://www.w3.org/2000/svg";
      const svg = document.createElementNS(space, "svg"), use = document.createElementNS(space, "use");
      svg.setAttribute("viewBox", byId(node.picture).getAttribute("viewBox"));
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", node.label);
      use.setAttribute("href", `#${node.picture}`);
      svg.append(use);
      const frame = make("div", "", "picture");
      frame.append(svg);
      panel.append(frame);
    }
    for (const number of node.groups) {
      const link = make("a", `To the evidence of group ${number}`);
      link.href = `#group-${number}`;
      const line = make("p");
      line.append(link);
      panel.append(line);
    }
    const list = make("ul");
    for (const edge of data.edges) {
      if (!isShown(edge) || (edge.a !== id && edge.b !== id)) continue;
      const other = edge.a === id ? edge.b : edge.a;
      if (!shown.includes(other)) continue;
      const button = make("button", `${edge.label}: ${nodes.get(other).label}`);
      button.type = "button";
      button.addEventListener("click", () => {
        choose(other);
        centre();
        chooseNode.focus();
      });
      const item = make("li");
      item.append(button);
      list.append(item);
    }
    panel.append(list);
  };
  // Moves the graph only if the node lies outside.
  const centre = () => {
    if (!current) return;
    const node = graph.getElementById(current), { x, y } = node.renderedPosition();
    if (x < 30 || y < 30 || x > box.clientWidth - 30 || y > box.clientHeight - 30) graph.center(node);
  };
  const step = (by) => {
    if (shown.length === 0) return;
    const place = shown.indexOf(current);
    choose(shown[place < 0 ? (by > 0 ? 0 : shown.length - 1) : (place + by + shown.length) % shown.length]);
    centre();
  };
  const zoom = (factor) => graph.zoom({ level: graph.zoom() * factor, renderedPosition: { x: box.clientWidth / 2, y: box.clientHeight / 2 } });
  const fit = () => graph.fit(undefined, 30);

  const keys = {
    n: () => step(1),
    p: () => step(-1),
    "+": () => zoom(1.25),
    "=": () => zoom(1.25),
    "-": () => zoom(0.8),
    "0": fit,
    ArrowLeft: () => graph.panBy({ x: 60, y: 0 }),
    ArrowRight: () => graph.panBy({ x: -60, y: 0 }),
    ArrowUp: () => graph.panBy({ x: 0, y: 60 }),
    ArrowDown: () => graph.panBy({ x: 0, y: -60 }),
  };
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || !Object.hasOwn(keys, event.key)) return;
    keys[event.key]();
    event.preventDefault();
  });
  chooseGroup.append(...data.groups.map((group) => option(String(group.id), group.label)), option("", "everything"));
  for (const control of [chooseGroup, showPhotos, showLeads]) control.addEventListener("change", draw);
  chooseNode.addEventListener("change", () => {
    choose(chooseNode.value);
    centre();
  });
  byId("zoom-in").addEventListener("click", () => zoom(1.25));
  byId("zoom-out").addEventListener("click", () => zoom(0.8));
  byId("fit").addEventListener("click", fit);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => graph && graph.style(styleSheet()));
  draw();
})();
