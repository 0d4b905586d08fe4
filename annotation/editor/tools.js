// The tools: drawing words, splitting and merging them.

import { tr } from "../../spotter/tabs/shared/texts.js";
import { hintOf } from "./bars.js";
import { bandOutline, makeCutter, nearestCut } from "./bands.js";
import { currentLine } from "./drafts.js";
import { commit } from "./edits.js";
import { bounds, boxBetween, clampPoints, clockwise, distance, orderQuad, signedArea } from "./geometry.js";
import { initialCut, LIMITS, mergeRegions, newRegion, readingOrder, splitRegion } from "./regions.js";
import { editText, finishText, focusPhoto, select } from "./selection.js";
import { onlySelected, regionOf } from "./state.js";
import { announce, focusNode, update } from "./update.js";
import { isFull } from "./word_edits.js";
import { reveal } from "./zoom.js";

/** @import { Drawing, Editor, Point, Press, Tool } from "./types.js" */

const MIN_AREA = 4;  // square pixels of the image

/** Starts a tool, or ends it when it is in use. @param {Editor} editor @param {Tool} tool */
export function startTool(editor, tool) {
  finishText(editor);
  const inUse = editor.state.tool === tool;
  stopTool(editor);
  if (inUse) return;
  update(editor, { corner: null, moving: false });
  if (tool === "split") startCut(editor);
  else if (tool === "merge") update(editor, { tool });
  else {
    if (isFull(editor)) return;
    select(editor, []);
    update(editor, { tool, drawing: { points: [], bottom: [], lower: false, cursor: null, cross: null, box: null } });
  }
  announceHint(editor);
  focusNode(editor.nodes.photo);
}

/** @param {Editor} editor */
export const stopTool = (editor) => update(editor, { tool: "select", drawing: null, cut: null, mergeTarget: null });

/** @param {Editor} editor */
export const announceHint = (editor) => announce(editor, hintOf(editor.state));

// ---- Drawing

/** @param {Editor} editor @param {Partial<Drawing>} changes */
export function changeDrawing(editor, changes) {
  const { drawing } = editor.state;
  if (drawing) update(editor, { drawing: { ...drawing, ...changes } });
}

/**
 * The end of a press with a drawing tool: a box, the end of the shape or one more point.
 * @param {Editor} editor
 * @param {Press} press
 * @param {Point} p
 */
export function endPress(editor, press, p) {
  const { drawing, tool, view } = editor.state;
  if (!drawing) return;
  if (drawing.box) {
    changeDrawing(editor, { box: null });
    return addRegion(editor, boxBetween(drawing.box[0], p));
  }
  const line = currentLine(drawing);
  const isNear = (/** @type {Point | undefined} */ q, /** @type {number} */ pixels) =>
    q && distance(p, q) * view.scale < pixels;
  const isAgain = isNear(line[line.length - 1], 5);  // a double click
  const isClosed = tool === "polygon" && line.length > 2 && isNear(line[0], press.touch ? 20 : 9);
  if (tool !== "box" && (isAgain || isClosed)) finishDrawing(editor);
  else addPoint(editor, p);
}

/** @param {Editor} editor @param {Point} p */
export function addPoint(editor, p) {
  const { drawing, tool, photo } = editor.state;
  if (!drawing) return;
  if (drawing.points.length + drawing.bottom.length >= LIMITS.corners) {
    return announce(editor, tr("A word has at most {count} corners", { count: LIMITS.corners }));
  }
  const line = [...currentLine(drawing), ...clampPoints([p], photo)];
  if (tool === "box" && line.length === 4) return addRegion(editor, orderQuad(line));
  changeDrawing(editor, drawing.lower ? { bottom: line } : { points: line });
  const place = line[line.length - 1].join(", "), hint = hintOf(editor.state);
  announce(editor, tr("Point {number} at {place}. {hint}", { number: line.length, place, hint }));
}

/** @param {Editor} editor */
export function removePoint(editor) {
  const { drawing } = editor.state;
  if (!drawing) return;
  const line = currentLine(drawing).slice(0, -1);
  if (!drawing.lower) changeDrawing(editor, { points: line });
  else changeDrawing(editor, { bottom: line, lower: drawing.bottom.length > 0 });
  announceHint(editor);
}

/** Enter, Done or a double click. @param {Editor} editor */
export function finishDrawing(editor) {
  const { drawing, tool } = editor.state;
  if (!drawing) return;
  const { points, bottom, lower } = drawing;
  if (tool === "polygon" && points.length > 2) return addRegion(editor, clockwise(points));
  if (tool === "band" && !lower && points.length > 1) changeDrawing(editor, { lower: true });
  else if (tool === "band" && bottom.length > 1) return addRegion(editor, clockwise(bandOutline(points, bottom)));
  announceHint(editor);
}

/** @param {Editor} editor @param {Point[]} shape */
function addRegion(editor, shape) {
  const points = clampPoints(shape, editor.state.photo), byTouch = editor.nodes.root.classList.contains("coarse");
  stopTool(editor);
  if (points.length < 3 || Math.abs(signedArea(points)) < MIN_AREA) {
    return announce(editor, tr("Too small for a word: nothing was added"));
  }
  const added = newRegion(points);
  commit(editor, [...editor.state.history.now, added], tr("word added"));
  select(editor, [added.id]);
  if (byTouch) focusPhoto(editor);  // an on-screen keyboard would cover half of the photo
  else editText(editor, added.id, "photo");
}

// ---- Splitting and merging

/** @param {Editor} editor */
function startCut(editor) {
  const region = onlySelected(editor.state);
  if (!region) return;
  const cut = { id: region.id, cutter: makeCutter(region.points), t: initialCut(region.text) };
  reveal(editor, bounds(region.points));
  update(editor, { tool: "split", cut });
}

/** @param {Editor} editor @param {number} t */
export function moveCut(editor, t) {
  const { cut } = editor.state;
  if (cut) update(editor, { cut: { ...cut, t } });
}

/** @param {Editor} editor @param {Point} p */
export function moveCutTo(editor, p) {
  const { cut } = editor.state;
  if (cut) moveCut(editor, nearestCut(cut.cutter, p));
}

/** @param {Editor} editor */
export function split(editor) {
  const { cut, history, photo } = editor.state, region = regionOf(editor.state, cut?.id);
  stopTool(editor);
  if (!cut || !region || isFull(editor)) return;
  const halves = splitRegion(region, cut.t, photo);
  if (!halves) return announce(editor, tr("Too close to the edge: nothing was split"));
  const [first, second] = halves.map((r) => r.text || tr("no text"));
  const label = tr("word split into {first} and {second}", { first, second });
  commit(editor, history.now.flatMap((r) => (r === region ? halves : [r])), label);
  select(editor, [cut.id]);
  focusPhoto(editor);
}

/** Merges the selected words with one more. @param {Editor} editor @param {string} id */
export function mergeWith(editor, id) {
  const { selection } = editor.state;
  if (!selection.includes(id)) merge(editor, [...selection, id]);
}

/** @param {Editor} editor @param {string[]} ids */
export function merge(editor, ids) {
  const { history, photo } = editor.state;
  const words = readingOrder(ids.flatMap((id) => regionOf(editor.state, id) ?? [])), first = words[0];
  const merged = words.reduce((a, b) => ({ ...mergeRegions(a, b, photo), id: first.id }));
  stopTool(editor);
  const others = history.now.filter((r) => r === first || !words.includes(r));
  const text = merged.text || tr("no text");
  const label = tr("{count} words merged: {text}", { count: words.length, text });
  commit(editor, others.map((r) => (r === first ? merged : r)), label);
  select(editor, [merged.id]);
  focusPhoto(editor);
}
