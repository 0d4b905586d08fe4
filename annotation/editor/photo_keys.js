// Keys of the focused photo. Each function returns whether the key was used.

import { tr } from "../../spotter/tabs/shared/texts.js";
import { act } from "./actions.js";
import { bounds, clamp } from "./geometry.js";
import { endNudge, nudge, stepSize } from "./gestures.js";
import { readingOrder } from "./regions.js";
import { editFirstText, focusPhoto, select, toggleSelected } from "./selection.js";
import { onlySelected } from "./state.js";
import {
  addPoint, announceHint, changeDrawing, finishDrawing, mergeWith, moveCut, removePoint, split,
} from "./tools.js";
import { announce, focusNode, update } from "./update.js";
import { stageSize } from "./view.js";
import { activateCorner, insertCorner } from "./word_edits.js";
import { panBy, reveal } from "./zoom.js";

/** @import { Drawing, Editor, Key, Point, Region } from "./types.js" */

const PAN = 48;  // screen pixels of an arrow key

/** @param {Editor} editor @param {Key} key */
export function photoKey(editor, key) {
  const { tool, drawing, corner, moving } = editor.state;
  if (key.name === " ") return holdSpace(editor);
  if (tool === "split") return splitKey(editor, key);
  if (tool === "merge") return mergeKey(editor, key);
  if (drawing) return drawingKey(editor, drawing, key);
  const region = onlySelected(editor.state);
  if (region && corner !== null) return cornerKey(editor, region, corner, key);
  if (moving) return movingKey(editor, key);
  return wordKey(editor, key);
}

/** @param {Editor} editor */
function holdSpace(editor) {
  if (!editor.state.space.held) update(editor, { space: { held: true, used: false } });
  editor.nodes.root.classList.add("panning");
  return true;
}

/** @param {Editor} editor @param {Key} key */
function splitKey(editor, { name, shift, arrow }) {
  const { cut } = editor.state;
  if (arrow && cut) {
    moveCut(editor, clamp(cut.t + (arrow[0] + arrow[1]) * (shift ? 0.1 : 0.01), 0.02, 0.98));
    announceHint(editor);
  } else if (name === "Enter") split(editor);
  else return false;
  return true;
}

/** @param {Editor} editor @param {Key} key */
function mergeKey(editor, { name, arrow }) {
  const { mergeTarget } = editor.state;
  if (arrow) moveMergeTarget(editor, arrow[0] + arrow[1]);
  else if (name === "Enter" && mergeTarget) mergeWith(editor, mergeTarget);
  else return false;
  return true;
}

/** @param {Editor} editor @param {number} step */
function moveMergeTarget(editor, step) {
  const { history, selection, mergeTarget } = editor.state, all = readingOrder(history.now);
  const order = all.filter((r) => !selection.includes(r.id)), at = order.findIndex((r) => r.id === mergeTarget);
  // The first press goes to the neighbour of the selected word.
  const from = all.findIndex((r) => r.id === selection[selection.length - 1]);
  const next = at >= 0 ? at + step : order.indexOf(all[from + Math.sign(step)]);
  const target = order[clamp(next, 0, order.length - 1)];
  update(editor, { mergeTarget: target.id });
  reveal(editor, bounds(target.points));
  announce(editor, tr("Merge with {text}? Enter merges", { text: target.text || tr("no text") }));
}

/** @param {Editor} editor @param {Drawing} drawing @param {Key} key */
function drawingKey(editor, drawing, { name, shift, arrow }) {
  if (arrow) moveCross(editor, drawing, arrow, shift);
  else if (name === "Enter") finishDrawing(editor);
  else if (name === "Backspace") removePoint(editor);
  else return false;
  return true;
}

/**
 * The cross of the keyboard starts in the middle of the view.
 * @param {Editor} editor
 * @param {Drawing} drawing
 * @returns {Point}
 */
function crossOf(editor, { cross }) {
  const { width, height } = stageSize(editor), { view } = editor.state;
  return cross ?? [Math.round(view.x + width / 2 / view.scale), Math.round(view.y + height / 2 / view.scale)];
}

/** @param {Editor} editor @param {Drawing} drawing @param {Point} arrow @param {boolean} fast */
function moveCross(editor, drawing, [x, y], fast) {
  const [cx, cy] = crossOf(editor, drawing), step = stepSize(editor, fast), { photo } = editor.state;
  /** @type {Point} */
  const cross = [clamp(cx + x * step, 0, photo.width), clamp(cy + y * step, 0, photo.height)];
  changeDrawing(editor, { cross });
  reveal(editor, bounds([cross]));
  announce(editor, cross.join(", "));
}

/** A point at the cross. @param {Editor} editor @param {Drawing} drawing */
export function addCrossPoint(editor, drawing) {
  const cross = crossOf(editor, drawing);
  changeDrawing(editor, { cross });
  addPoint(editor, cross);
}

/** @param {Editor} editor @param {Key} key */
function wordKey(editor, { name, shift, arrow }) {
  const { history, selection } = editor.state, order = readingOrder(history.now);
  const at = order.findIndex((r) => r.id === selection[selection.length - 1]);
  if (name === "Tab") return tabKey(editor, order, at, shift);
  if (arrow && !selection.length) panBy(editor, -arrow[0] * PAN, -arrow[1] * PAN);
  else if (arrow) {
    const next = order[at + arrow[0] + arrow[1]];
    if (next && shift) {
      toggleSelected(editor, next.id);
      focusPhoto(editor);
    } else visit(editor, next);
  } else if (name === "Home" || name === "End") visit(editor, order[name === "Home" ? 0 : order.length - 1]);
  else if (name === "Enter" && selection.length) act(editor, "text");
  else if (name === "Enter") editFirstText(editor);
  else if (name === "Escape") {
    leaveWords(editor);
    announce(editor, tr("No word selected"));
  } else return reshapeKey(editor, name);
  return true;
}

/** @param {Editor} editor @param {string} name */
function reshapeKey(editor, name) {
  if (!onlySelected(editor.state)) return false;
  if (name === "v") activateCorner(editor, 0);
  else if (name === "m") {
    update(editor, { moving: true });
    announceHint(editor);
  } else return false;
  return true;
}

/**
 * From word to word; the photo is left at either end and after Esc.
 * @param {Editor} editor
 * @param {Region[]} order
 * @param {number} at
 * @param {boolean} back
 */
function tabKey(editor, order, at, back) {
  if (editor.state.tabLeaves && at < 0) {
    update(editor, { tabLeaves: false });
    return false;
  }
  const next = at < 0 ? (back ? -1 : 0) : at + (back ? -1 : 1);
  if (next >= 0 && next < order.length) visit(editor, order[next]);
  else if (next < 0 && at === 0) leaveWords(editor);
  else return false;
  return true;
}

/** Selects nothing; the next Tab leaves the photo. @param {Editor} editor */
function leaveWords(editor) {
  select(editor, []);
  update(editor, { tabLeaves: true });
  focusNode(editor.nodes.photo);
}

/** @param {Editor} editor @param {Region | undefined} region */
function visit(editor, region) {
  if (!region) return;
  select(editor, [region.id], true);
  focusPhoto(editor);
}

/** @param {Editor} editor @param {Region} region @param {number} corner @param {Key} key */
function cornerKey(editor, { points }, corner, { name, shift, arrow }) {
  if (arrow) nudge(editor, arrow, shift, corner);
  else if (name === "Tab") activateCorner(editor, (corner + (shift ? points.length - 1 : 1)) % points.length);
  else if (name === "n") insertCorner(editor, corner);
  else if (name === "Escape" || name === "v") {
    endNudge(editor);
    update(editor, { corner: null });
    focusPhoto(editor);
  } else return false;
  return true;
}

/** @param {Editor} editor @param {Key} key */
function movingKey(editor, { name, shift, arrow }) {
  if (arrow) nudge(editor, arrow, shift, null);
  else if (["Enter", "Escape", "m"].includes(name)) {
    endNudge(editor);
    update(editor, { moving: false });
    announce(editor, tr("Moving ended"));
  } else return false;
  return true;
}
