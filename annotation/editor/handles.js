// The handles of the only selected word: its corners, and dots halfway between them for new ones.

import { makeSvg, setAttributes } from "../../spotter/tabs/shared/dom.js";
import { bounds, clamp, contains, distance, interpolate, roundToTenth } from "./geometry.js";
import { onlySelected, shapeOf } from "./state.js";

/** @import { Editor, Point } from "./types.js" */

/**
 * In screen pixels. Small words get small handles, which hide less of them.
 * @param {Editor} editor
 * @param {Point[]} points
 */
function handleSizes({ nodes: { root }, state: { view } }, points) {
  const box = bounds(points), coarse = root.classList.contains("coarse");
  const small = Math.min(box.x2 - box.x1, box.y2 - box.y1) * view.scale;
  return {
    radius: clamp(small * 0.22, coarse ? 6 : 4, coarse ? 11 : 7),
    reach: coarse ? 24 : 11,                                        // from outside of the word
    inside: clamp(small * 0.25, coarse ? 8 : 5, coarse ? 20 : 11),  // from inside, where one moves the word
    minSide: coarse ? 56 : 34,                                      // shortest side with a dot
  };
}

/** The next corner. @param {Point[]} points @param {number} i */
const after = (points, i) => points[(i + 1) % points.length];

/** @param {Point[]} points */
const midpoints = (points) => points.map((p, i) => interpolate(p, after(points, i), 0.5));

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
  const count = points.length, { radius, minSide } = handleSizes(editor, points);
  if (handleLayer.childElementCount !== 2 * count) makeHandles(handleLayer, count);
  const nodes = /** @type {SVGElement[]} */ ([...handleLayer.children]);
  midpoints(points).forEach((p, i) => {
    const wide = distance(points[i], after(points, i)) * state.view.scale >= minSide;
    placeHandle(nodes[i], p, radius * 0.6, { visibility: wide ? "visible" : "hidden" });
  });
  points.forEach((p, i) => {
    const active = i === state.corner;
    placeHandle(nodes[count + i], p, active ? radius + 2 : radius, {
      class: active ? "corner active" : "corner",
      "aria-label": "Corner " + (i + 1) + " of " + count + " at " + p.map(roundToTenth).join(", "),
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
 * The handle under an image point: the index of a corner, or of the corner before a dot.
 * @param {Editor} editor
 * @param {Point[]} points
 * @param {Point} p
 */
export function handleAt(editor, points, p) {
  const { scale } = editor.state.view, { reach, inside, minSide } = handleSizes(editor, points);
  const within = (contains(points, p) ? inside : reach) / scale;
  const corner = nearest(points, p, within);
  if (corner >= 0) return { kind: /** @type {const} */ ("corner"), index: corner };
  const shown = (/** @type {number} */ i) => distance(points[i], after(points, i)) * scale >= minSide;
  /** @type {Point} */
  const nowhere = [Infinity, Infinity];
  const middle = nearest(midpoints(points).map((q, i) => (shown(i) ? q : nowhere)), p, 0.75 * within);
  return middle >= 0 ? { kind: /** @type {const} */ ("middle"), index: middle } : null;
}
