// The map of the network. A click on a node opens its view by clicking on the view's sub-tab, which stays for keyboards
// and screen readers; the node of the open view is framed.

import { closest, find, makeSvg } from "../shared/dom.js";
import { tr } from "../shared/texts.js";
import { saveDrawing } from "./figure_save.js";

/** @import { Component } from "../shared/dom.js" */

/**
 * As MapData in network_map.py.
 * @typedef {{ title: string, view: string, column: number, row: number, path: string, small: boolean, image: string }} Node
 * @typedef {{ start: string, end: string, path: string, shape: string, gradient: boolean, under: boolean }} Edge
 * @typedef {{ nodes: Record<string, Node>, edges: Edge[] }} MapValue
 * @typedef {{ x: number, y: number, width: number, height: number }} Box  x and y of the middle
 */

const LEFT = 62, PITCH = 93.5, TOP = 24, ROW = 56;  // of the middles of columns and rows, units of the view box
const SIZE = { width: 52, height: 36 }, SMALL_HEIGHT = 20;
const LETTER = 6.1, SYLLABLE = 11;  // widths of a Latin and a Hangul character

/** @param {Component<{ value: MapValue }>} component */
export function mount({ element, props, watch }) {
  const root = find(element, ".network-map", HTMLElement), svg = find(element, "svg", SVGSVGElement);
  const back = find(element, ".switch input", HTMLInputElement);
  find(element, ".switch span", HTMLElement).textContent = tr("Show the gradient's way back");
  back.addEventListener("change", () => root.classList.toggle("backwards", back.checked));
  const save = find(element, ".save", HTMLButtonElement);
  save.textContent = "SVG";
  save.addEventListener("click", () => saveDrawing(svg, "network"));
  svg.addEventListener("click", (event) => {
    const view = closest(event, ".node")?.dataset.view;
    if (view) tabOf(view)?.click();
  });
  const draw = () => {
    drawMap(svg, props.value);
    markOpenView(root);
  };
  watch("value", draw);
  draw();
  const observer = new MutationObserver(() => {
    if (root.isConnected) markOpenView(root);
    else observer.disconnect();
  });
  observer.observe(document.body, { attributeFilter: ["aria-selected"], subtree: true });
}

/** The sub-tab's button. @param {string} view @returns {HTMLElement | null} */
const tabOf = (view) => document.getElementById(`view-${view}-button`);

/** Frames the nodes of the open view, and scrolls the map to the first. @param {HTMLElement} root */
function markOpenView(root) {
  /** @type {SVGGElement[]} */
  const nodes = [...root.querySelectorAll("g.node")].filter((node) => node instanceof SVGGElement);
  for (const node of nodes) {
    const isOpen = tabOf(node.dataset.view ?? "")?.getAttribute("aria-selected") === "true";
    node.classList.toggle("open", isOpen);
  }
  const first = nodes.find((node) => node.classList.contains("open")), scroll = find(root, ".scroll", HTMLElement);
  if (!first || scroll.scrollWidth <= scroll.clientWidth) return;
  const box = first.getBoundingClientRect(), frame = scroll.getBoundingClientRect();
  scroll.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
}

/** @param {SVGSVGElement} svg @param {MapValue} value */
function drawMap(svg, value) {
  svg.replaceChildren();
  const nodes = value?.nodes ?? {};
  const defs = makeSvg(svg, "defs");
  for (const path of ["shared", "detection", "recognition", "back"]) makeHead(defs, path);
  const arrows = makeSvg(svg, "g"), boxes = makeSvg(svg, "g"), texts = makeSvg(svg, "g");  // later ones lie on top
  for (const edge of value?.edges ?? []) {
    const start = nodes[edge.start], end = nodes[edge.end];
    if (start && end) drawEdge(arrows, texts, edge, boxOf(start), boxOf(end));
  }
  for (const [name, node] of Object.entries(nodes)) drawNode(boxes, name, node);
}

/** The head of the arrows of a path. @param {Element} defs @param {string} path */
function makeHead(defs, path) {
  const marker = makeSvg(defs, "marker", {
    id: `network-map-${path}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 5.5, markerHeight: 5.5, orient: "auto",
  });
  makeSvg(marker, "path", { d: "M0,0 L8,4 L0,8 z", style: `fill: var(--${path})` });
}

/** @param {Node} node @returns {Box} */
function boxOf({ title, column, row, small }) {
  const wide = title.match(/[\u1100-\uffff]/g)?.length ?? 0, narrow = title.length - wide;
  const width = small ? Math.max(26, narrow * LETTER + wide * SYLLABLE + 8) : SIZE.width;
  return { x: Math.max(LEFT + column * PITCH, width / 2 + 2), y: TOP + row * ROW, width, height: small ? SMALL_HEIGHT : SIZE.height };
}

/** @param {Element} parent @param {string} name @param {Node} node */
function drawNode(parent, name, node) {
  const { x, y, width, height } = boxOf(node);
  const group = makeSvg(parent, "g", { class: `node ${node.path}${node.small ? " small" : ""}` });
  group.dataset.view = node.view;
  group.dataset.node = name;
  makeSvg(group, "rect", { x: x - width / 2, y: y - height / 2, width, height, rx: 4 });
  if (node.image) {
    const inner = { x: x - width / 2 + 2, y: y - height / 2 + 2, width: width - 4, height: height - 4 };
    makeSvg(group, "image", { ...inner, href: node.image, preserveAspectRatio: "none" });
  }
  makeSvg(group, "text", { x, y: node.small ? y + 4 : y + height / 2 + 11 }).textContent = node.title;
  makeSvg(group, "title").textContent = node.title;
}

/** @param {Element} arrows @param {Element} texts @param {Edge} edge @param {Box} start @param {Box} end */
function drawEdge(arrows, texts, edge, start, end) {
  const from = port(start, end), to = edge.under ? below(end) : port(end, start);
  makeSvg(arrows, "path", { class: `edge ${edge.path}`, d: route(from, to), "marker-end": `url(#network-map-${edge.path})` });
  if (edge.gradient) {
    makeSvg(arrows, "path", { class: "back", d: route(to, from), "marker-end": "url(#network-map-back)" });
  }
  if (edge.shape) drawShape(texts, edge.shape, from, to);
}

/**
 * @typedef {[number, number]} Point
 * The middle of the side of a box that faces another box.
 * @param {Box} from @param {Box} to @returns {Point}
 */
function port(from, to) {
  const right = to.x - from.x, down = to.y - from.y;
  if (Math.abs(right) > (from.width + to.width) / 2) return [from.x + (Math.sign(right) * from.width) / 2, from.y];
  return down > 0 ? below(from) : [from.x, from.y - from.height / 2 - 1];
}

/** Under a box and its title. @param {Box} box @returns {Point} */
const below = ({ x, y, height }) => [x, y + height / 2 + (height > SMALL_HEIGHT ? 14 : 1)];

/** A straight line, or a bend between two rows. @param {Point} from @param {Point} to */
function route([x1, y1], [x2, y2]) {
  if (Math.abs(y1 - y2) < 1 || Math.abs(x1 - x2) < 1) return `M${x1},${y1} L${x2},${y2}`;
  const bend = (x2 - x1) * 0.6;
  return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
}

/** A shape in two lines, above and below its arrow. @param {Element} parent @param {string} shape @param {Point} from @param {Point} to */
function drawShape(parent, shape, [x1, y1], [x2, y2]) {
  const [first, ...rest] = shape.split(" × "), isLevel = Math.abs(y1 - y2) < 1;
  const x = (x1 + x2) / 2 + (x1 === x2 ? 12 : -2), y = (y1 + y2) / 2;
  const lines = rest.length && isLevel ? [`${first}×`, rest.join("×")] : [[first, ...rest].join("×")];
  lines.forEach((line, i) => {
    makeSvg(parent, "text", { class: "shape", x, y: y + (isLevel ? (i ? 11 : -4) : 3) }).textContent = line;
  });
}
