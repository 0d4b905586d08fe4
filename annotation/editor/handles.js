// The handles of the only selected word: its corners, and dots halfway between them for new ones. Those of small words
// lie outside of the word, so that its letters stay visible.

import { makeSvg, setAttributes } from "../../spotter/tabs/shared/dom.js";
import { tr } from "../../spotter/tabs/shared/texts.js";
import { bounds, clamp, contains, distance, interpolate, roundToTenth, signedArea } from "./geometry.js";
import { onlySelected, shapeOf } from "./state.js";

/** @import { Editor, Point } from "./types.js" */

const SMALL = 48, LARGE = 96;  // screen pixels of a word: handles outside of it, handles on its outline

/**
 * In screen pixels. Small words get small handles, which hide less of them.
 * @param {Editor} editor
 * @param {Point[]} points
 */
function handleSizes({ nodes: { root }, state: { view } }, points) {
  const box = bounds(points), coarse = root.classList.contains("coarse");
  const small = Math.min(box.x2 - box.x1, box.y2 - box.y1) * view.scale;
  const radius = clamp(small * 0.22, coarse ? 6 : 4, coarse ? 11 : 7);
  return {
    radius,
    outside: 2.1 * radius * clamp((LARGE - small) / (LARGE - SMALL), 0, 1),  // from the outline
    reach: coarse ? 24 : 11,                                        // from outside of the word
    inside: clamp(small * 0.25, coarse ? 8 : 5, coarse ? 20 : 11),  // from inside, where one moves the word
    minSide: coarse ? 56 : 34,                                      // shortest side with a dot
  };
}

/** The next corner. @param {Point[]} points @param {number} i */
const after = (points, i) => points[(i + 1) % points.length];

/** @param {Point[]} points */
const midpoints = (points) => points.map((p, i) => interpolate(p, after(points, i), 0.5));

/**
 * Where the handles of these corners and of the dots after them lie.
 * @param {Point[]} points
 * @param {number} by  image pixels from the outline
 */
function handlePlaces(points, by) {
  const side = signedArea(points) < 0 ? -1 : 1;
  /** Points away from the word. @type {Point[]} */
  const normals = points.map((p, i) => {
    const q = after(points, i), far = distance(p, q) || 1;
    return [side * (q[1] - p[1]) / far, side * (p[0] - q[0]) / far];
  });
  /** @param {Point} p @param {Point} a @param {Point} b @returns {Point} */
  const moved = (p, a, b) => {
    const [x, y] = [a[0] + b[0], a[1] + b[1]], far = Math.hypot(x, y) || 1;
    return [p[0] + by * x / far, p[1] + by * y / far];
  };
  return {
    corners: points.map((p, i) => moved(p, normals[(i || points.length) - 1], normals[i])),
    dots: midpoints(points).map((p, i) => moved(p, normals[i], normals[i])),
  };
}

/** @param {SVGGElement} layer @param {number} count */
function makeHandles(layer, count) {
  layer.replaceChildren();
  for (let i = 0; i < count; i++) {
    const middle = makeSvg(layer, "g", { class: "middle", "aria-hidden": "true", "data-at": i });
    makeSvg(makeSvg(middle, "g", { class: "px" }), "circle");
  }
  for (let i = 0; i < count; i++) {
    const corner = makeSvg(layer, "g", { class: "corner", role: "button", tabindex: -1, "data-at": i });
    makeSvg(makeSvg(corner, "g", { class: "px" }), "circle");
  }
}

/** @param {SVGElement} node @param {Point} point @param {number} radius @param {Record<string, string>} attributes */
function placeHandle(node, [x, y], radius, attributes) {
  setAttributes(node, { transform: "translate(" + x + " " + y + ")", ...attributes });
  const circle = node.querySelector("circle");
  if (circle) setAttributes(circle, { r: radius });
}

/** @param {Editor} editor */
export function drawHandles(editor) {
  const { nodes: { handleLayer }, state } = editor, region = onlySelected(state);
  if (!region || state.tool !== "select") {
    if (handleLayer.firstChild) handleLayer.replaceChildren();
    return;
  }
  const points = shapeOf(state.gesture) ?? region.points;
  const count = points.length, { radius, minSide, outside } = handleSizes(editor, points);
  const { corners, dots } = handlePlaces(points, outside / state.view.scale);
  if (handleLayer.childElementCount !== 2 * count) makeHandles(handleLayer, count);
  const nodes = /** @type {SVGElement[]} */ ([...handleLayer.children]);
  dots.forEach((p, i) => {
    const wide = distance(points[i], after(points, i)) * state.view.scale >= minSide;
    placeHandle(nodes[i], p, radius * 0.6, { visibility: wide ? "visible" : "hidden" });
  });
  points.forEach((p, i) => {
    const active = i === state.corner;
    placeHandle(nodes[count + i], corners[i], active ? radius + 2 : radius, {
      class: active ? "corner active" : "corner",
      "aria-label": tr("Corner {number} of {count} at {place}", {
        number: i + 1, count, place: p.map(roundToTenth).join(", "),
      }),
    });
  });
}

/** @param {Editor} editor @param {number} index @returns {SVGElement | null} */
export function cornerNode({ nodes: { handleLayer } }, index) {
  return handleLayer.querySelector('.corner[data-at="' + index + '"]');
}

/**
 * The nearest of these points within a distance, -1: none.
 * @param {Point[]} points
 * @param {Point} p
 * @param {number} within
 */
function nearest(points, p, within) {
  let found = -1;
  points.forEach((q, i) => {
    const far = distance(p, q);
    if (far < within) [found, within] = [i, far];
  });
  return found;
}

/**
 * The handle under an image point: the index of a corner, or of the corner before a dot. It is met where it is drawn and
 * on the outline.
 * @param {Editor} editor
 * @param {Point[]} points
 * @param {Point} p
 */
export function handleAt(editor, points, p) {
  const { scale } = editor.state.view, { reach, inside, minSide, outside } = handleSizes(editor, points);
  const isInside = contains(points, p), within = (isInside ? inside : reach) / scale;
  const shown = (/** @type {number} */ i) => distance(points[i], after(points, i)) * scale >= minSide;
  for (const by of isInside ? [0] : [outside / scale, 0]) {
    const { corners, dots } = handlePlaces(points, by), corner = nearest(corners, p, within);
    if (corner >= 0) return { kind: /** @type {const} */ ("corner"), index: corner };
    /** @type {Point} */
    const nowhere = [Infinity, Infinity];
    const middle = nearest(dots.map((q, i) => (shown(i) ? q : nowhere)), p, 0.75 * within);
    if (middle >= 0) return { kind: /** @type {const} */ ("middle"), index: middle };
  }
  return null;
}
