// A line chart with intervals. It is drawn in pixels of the screen, so that its numbers stay readable on a phone.

import { clone, closest, find, makeSvg } from "../../../spotter/tabs/shared/dom.js";
import { tr } from "../../../spotter/tabs/shared/texts.js";

/** @import { Component } from "../../../spotter/tabs/shared/dom.js" */

const LEFT = 46, RIGHT = 14, TOP = 22, BOTTOM = 24;  // pixels around the plot
const TICKS = 4;
const LABEL = 46;  // pixels that a label below the axis needs
const MAX_DOTS = 60;  // with more points only the line is drawn
const RING = 9;  // pixels
const ROOM = 0.08;  // of the height above the highest and below the lowest value

/**
 * As ChartData in chart.py.
 * @typedef {object} Point
 * @property {number} x
 * @property {number} y
 * @property {number | null} low
 * @property {number | null} high
 * @property {string} tip
 * @property {string} label
 * @property {string} key
 * @property {string} mark
 * @typedef {{ points: Point[], current?: string, empty?: string, picked?: string }} ChartData
 * @typedef {{ value: ChartData, named: string, unit: string }} Props
 * @typedef {{ x: (value: number) => number, y: (value: number) => number, width: number, height: number }} Scale
 */

/** @param {Component<Props>} component */
export function mount({ element, props, trigger, watch }) {
  const svg = find(element, "svg", SVGSVGElement), readout = find(element, ".readout", HTMLElement);
  find(element, ".title", HTMLElement).textContent = props.named;
  svg.setAttribute("aria-label", props.named);
  /** @type {ChartData} */
  let data = { points: [] };
  /** @type {Scale | null} */
  let scale = null;
  const redraw = () => {
    scale = data.points.length && svg.clientWidth ? makeScale(data.points, svg.clientWidth, svg.clientHeight) : null;
    svg.replaceChildren();
    if (scale) draw(svg, data, scale, props.unit);
  };
  const update = () => {
    if (!props.value || props.value.picked) return;
    data = clone(props.value);
    find(element, ".chart", HTMLElement).hidden = !data.points.length && !data.empty;
    svg.style.display = data.points.length ? "" : "none";
    const none = find(element, ".none", HTMLElement);
    none.textContent = data.points.length ? "" : data.empty ?? "";
    none.hidden = !none.textContent;
    readout.textContent = data.points.at(-1)?.tip ?? "";
    redraw();
  };
  const choose = (/** @type {Event} */ event) => {
    const key = closest(event, ".point")?.dataset.key;
    if (!key) return;
    props.value = { points: [], picked: key };
    trigger("input");
  };
  svg.addEventListener("click", choose);
  svg.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose(event);
  });
  svg.addEventListener("pointermove", (event) => {
    if (scale) readout.textContent = pointAt(svg, data, scale, event).tip;
  });
  svg.addEventListener("focusin", (event) => {
    const key = closest(event, ".point")?.dataset.key;
    readout.textContent = data.points.find((point) => point.key === key)?.tip ?? readout.textContent;
  });
  svg.addEventListener("pointerleave", () => {
    svg.querySelector(".guide")?.remove();
    readout.textContent = data.points.at(-1)?.tip ?? "";
  });
  new ResizeObserver(redraw).observe(svg);
  watch("value", update);
  update();
}

/** The point below the mouse, with a line through it. @param {SVGSVGElement} svg @param {ChartData} data @param {Scale} scale @param {PointerEvent} event */
function pointAt(svg, { points }, scale, event) {
  const at = event.clientX - svg.getBoundingClientRect().left;
  const distance = (/** @type {Point} */ point) => Math.abs(scale.x(point.x) - at);
  const nearest = points.reduce((best, point) => (distance(point) < distance(best) ? point : best));
  svg.querySelector(".guide")?.remove();
  const x = scale.x(nearest.x), guide = makeSvg(svg, "line", { class: "guide", x1: x, x2: x, y1: TOP, y2: scale.height - BOTTOM });
  svg.prepend(guide);
  return nearest;
}

/** @param {Point[]} points @param {number} width @param {number} height @returns {Scale} */
function makeScale(points, width, height) {
  const lows = points.map(({ y, low }) => low ?? y), highs = points.map(({ y, high }) => high ?? y);
  const lowest = Math.min(...lows), highest = Math.max(...highs), room = (highest - lowest) * ROOM || 1;
  const bottom = lowest >= 0 ? Math.max(0, lowest - room) : lowest - room, top = highest + room;
  const first = points[0].x, span = (points.at(-1)?.x ?? first) - first;
  const inner = width - LEFT - RIGHT;
  return {
    x: (value) => LEFT + (span ? ((value - first) / span) * (inner - 2 * RING) + RING : inner / 2),
    y: (value) => TOP + (1 - (value - bottom) / (top - bottom)) * (height - TOP - BOTTOM),
    width,
    height,
  };
}

/** @param {SVGSVGElement} svg @param {ChartData} data @param {Scale} scale @param {string} unit */
function draw(svg, { points, current }, scale, unit) {
  for (const value of ticks(points)) {
    const y = scale.y(value);
    if (y < TOP - 1 || y > scale.height - BOTTOM + 1) continue;
    makeSvg(svg, "line", { class: "grid", x1: LEFT, x2: scale.width - RIGHT, y1: y, y2: y });
    makeSvg(svg, "text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }).textContent = format(value) + unit;
  }
  const path = points.map(({ x, y }, index) => (index ? "L" : "M") + scale.x(x) + " " + scale.y(y)).join("");
  makeSvg(svg, "path", { class: "line", d: path });
  drawLabels(svg, points, scale);
  if (points.length <= MAX_DOTS) for (const point of points) drawPoint(svg, point, scale, point.key !== "" && point.key === current);
}

/** Those of the points, as many as there is room for; otherwise the first and the last number. @param {SVGSVGElement} svg @param {Point[]} points @param {Scale} scale */
function drawLabels(svg, points, scale) {
  const every = Math.max(1, Math.ceil((points.length * LABEL) / (scale.width - LEFT - RIGHT)));
  const labelled = points.some((point) => point.label);
  points.forEach((point, index) => {
    const fromEnd = points.length - 1 - index, isEnd = !index || !fromEnd;
    if (labelled ? fromEnd % every : !isEnd) return;
    const anchor = labelled || points.length === 1 ? "middle" : index ? "end" : "start";
    const text = makeSvg(svg, "text", { x: scale.x(point.x), y: scale.height - 6, "text-anchor": anchor });
    text.textContent = labelled ? point.label : tr("{number} min", { number: point.x.toFixed(1) });
  });
}

/** @param {SVGSVGElement} svg @param {Point} point @param {Scale} scale @param {boolean} isCurrent */
function drawPoint(svg, point, scale, isCurrent) {
  const x = scale.x(point.x), y = scale.y(point.y), names = ["dots", point.key ? "point" : "", point.mark ? "marked" : "", isCurrent ? "current" : ""];
  const group = makeSvg(svg, "g", { class: names.filter(Boolean).join(" ") });
  if (point.key) {
    group.dataset.key = point.key;
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", point.tip);
  }
  if (point.low !== null && point.high !== null) {
    makeSvg(group, "line", { class: "interval", x1: x, x2: x, y1: scale.y(point.low), y2: scale.y(point.high) });
  }
  makeSvg(group, "circle", { class: "ring", cx: x, cy: y, r: RING, "pointer-events": "all" });
  makeSvg(group, "circle", { class: "dot", cx: x, cy: y, r: point.key ? 5 : 2 });
  if (point.mark) {
    const anchor = x < LEFT + LABEL / 2 ? "start" : x > scale.width - RIGHT - LABEL / 2 ? "end" : "middle";
    const text = makeSvg(group, "text", { x, y: scale.y(point.high ?? point.y) - 6, "text-anchor": anchor });
    text.textContent = point.mark;
  }
}

/** Round numbers over the range. @param {Point[]} points */
function ticks(points) {
  const lowest = Math.min(...points.map(({ y, low }) => low ?? y)), highest = Math.max(...points.map(({ y, high }) => high ?? y));
  const rough = (highest - lowest || 1) / TICKS, magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * magnitude).find((one) => one >= rough) ?? rough;
  const first = Math.floor(lowest / step);
  return Array.from({ length: Math.ceil((highest - lowest) / step) + 2 }, (_, index) => (first + index) * step);
}

/** @param {number} value */
const format = (value) => String(Number(value.toPrecision(3)));
