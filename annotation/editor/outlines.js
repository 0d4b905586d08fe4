// The words on the photo: their outlines, and the tip with the text of the hovered one.

import { makeSvg, percent, scoreColour, setAttributes } from "../../spotter/tabs/shared/dom.js";
import { tr } from "../../spotter/tabs/shared/texts.js";
import { bounds, clamp } from "./geometry.js";
import { confidence } from "./regions.js";
import { isDragging, shapeOf } from "./state.js";
import { onStage, stageSize } from "./view.js";

/** @import { Editor, Entry, Gesture, Outline, Point, Region } from "./types.js" */

/** @param {Point[]} points */
export const pointsAttribute = (points) => points.map((p) => p.join(",")).join(" ");

/** @param {Editor} editor @param {string} id @returns {Outline} */
export function makeOutline({ nodes: { wordLayer } }, id) {
  const group = makeSvg(wordLayer, "g", { class: "word", role: "button", tabindex: -1, "data-id": id });
  const halo = makeSvg(group, "polygon", { class: "halo" }), line = makeSvg(group, "polygon", { class: "line" });
  const badge = makeSvg(group, "g", { class: "badge" }), sign = makeSvg(badge, "g");
  makeSvg(sign, "circle", { r: 8 });
  makeSvg(sign, "use", { href: "#re-lock", x: -6, y: -6, width: 12, height: 12 });
  return { group, halo, line, badge, sign };
}

/**
 * The badges keep their size on the screen. Not by a property on the photo, for which the browser would compute the
 * style of every word again.
 * @param {Iterable<Entry>} entries
 * @param {number} scale  screen pixels per image pixel
 */
export function scaleBadges(entries, scale) {
  for (const { region, sign } of entries) {
    if (region?.locked) setAttributes(sign, { transform: "scale(" + 1 / scale + ") translate(-6 -6)" });
  }
}

/**
 * Words far outside of the view are not shown: with the view, the browser would place the outline of each again.
 * @param {Editor} editor
 * @param {{ width: number, height: number }} stage
 */
export function hideFarWords({ drawn, state: { view, selection } }, { width, height }) {
  const [w, h] = [width / view.scale, height / view.scale];
  for (const [id, { group, region }] of drawn) {
    if (!region) continue;
    const { x1, y1, x2, y2 } = bounds(region.points);
    const isNear = x2 > view.x - w / 2 && x1 < view.x + 1.5 * w && y2 > view.y - h / 2 && y1 < view.y + 1.5 * h;
    group.toggleAttribute("hidden", !view.fitted && !isNear && !selection.includes(id));
  }
}

/** All that changes while a word is dragged. @param {Outline} outline @param {Point[]} points */
export function placeOutline({ halo, line, badge }, points) {
  halo.setAttribute("points", pointsAttribute(points));
  line.setAttribute("points", pointsAttribute(points));
  badge.setAttribute("transform", "translate(" + points[0].join(" ") + ")");
}

/** @param {Entry} entry @param {Region} region @param {string} description @param {boolean} selected */
export function drawOutline(entry, region, description, selected) {
  placeOutline(entry, region.points);
  const score = confidence(region), classes = ["word"];
  if (region.locked) classes.push("locked");
  else if (score !== null && score < 0.5) classes.push("dark");
  if (region.illegible) classes.push("illegible");
  if (region.difficult) classes.push("difficult");
  if (region.suggestion) classes.push("offered");
  if (selected) classes.push("selected");
  setAttributes(entry.group, { class: classes.join(" "), "aria-label": description });
  entry.line.style.stroke = region.locked ? "" : scoreColour(score ?? 0);
}

/** For screen readers. @param {Region} region @param {number} index @param {number} total */
export function describe(region, index, total) {
  const parts = [region.text || tr("no text"), tr("word {number} of {total}", { number: index + 1, total })];
  if (region.score !== null) parts.push(tr("found {share}", { share: percent(region.score) }));
  if (region.reading_score !== null) parts.push(tr("read {share}", { share: percent(region.reading_score) }));
  if (region.illegible) parts.push(tr("illegible"));
  if (region.difficult) parts.push(tr("difficult"));
  if (region.locked) parts.push(tr("checked, locked"));
  if (region.suggestion) parts.push(tr("the spotter suggests {text}", { text: region.suggestion.text }));
  return parts.join(", ");
}

/**
 * Shows the shape of the current gesture; a word whose gesture has ended gets its own shape back.
 * @param {Editor} editor
 * @param {Gesture | null} before
 */
export function drawGesture({ drawn, nodes: { root }, state: { gesture } }, before) {
  if (before && "shape" in before && before.shape && !shapeOf(gesture)) {
    const entry = drawn.get(before.id);
    if (entry?.region) placeOutline(entry, entry.region.points);
  }
  if (gesture && "shape" in gesture && gesture.shape) {
    const entry = drawn.get(gesture.id);
    if (entry) placeOutline(entry, gesture.shape);
  }
  root.classList.toggle("dragging", isDragging(gesture));
}

/** @param {Editor} editor */
export function drawMergeTarget({ drawn, state: { mergeTarget } }) {
  for (const [id, { group }] of drawn) group.classList.toggle("target", id === mergeTarget);
}

/** @param {Editor} editor */
export function drawHovered(editor) {
  const { drawn, nodes: { root, tip }, state: { hovered, selection, tool, view } } = editor;
  const entry = hovered ? drawn.get(hovered) : undefined;
  tip.hidden = !hovered || !entry || selection.includes(hovered) || tool === "merge";
  for (const other of root.querySelectorAll(".hovered")) {
    if (other !== entry?.group && other !== entry?.row) other.classList.remove("hovered");
  }
  if (!entry?.region) return;
  entry.group.classList.add("hovered");
  entry.row.classList.add("hovered");
  tip.textContent = (entry.region.text || tr("no text")) + "  " + percent(confidence(entry.region));
  const { top, bottom, middle } = onStage(view, bounds(entry.region.points));
  tip.style.left = clamp(middle, 40, stageSize(editor).width - 40) + "px";
  tip.style.top = (top < 40 ? bottom + 38 : top) + "px";
}
