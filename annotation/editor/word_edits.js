// Edits of the selected words and of corners.

import { commit, change, send } from "./edits.js";
import { bounds, clampPoints, interpolate, translate } from "./geometry.js";
import { redo, undo } from "./history.js";
import { edited, LIMITS, newRegion, readingOrder } from "./regions.js";
import { focusPhoto, photoHasFocus, select } from "./selection.js";
import { onlySelected, regionOf, remainingSelection, selectedRegions } from "./state.js";
import { announce, update } from "./update.js";
import { reveal } from "./zoom.js";

/** @import { Editor, Region } from "./types.js" */

/** Whether no more words fit on the photo, which is announced. @param {Editor} editor @param {number} [count] */
export function isFull(editor, count = 1) {
  const full = editor.state.history.now.length + count > LIMITS.regions;
  if (full) announce(editor, "There are " + LIMITS.regions + " words, no more fit on one photo");
  return full;
}

/** What it changed is selected, if that is one word. @param {Editor} editor @param {"undo" | "redo"} direction */
export function travel(editor, direction) {
  const { state } = editor, step = (direction === "undo" ? undo : redo)(state.history);
  if (!step) return announce(editor, "Nothing to " + direction);
  const before = new Set(state.history.now), { now } = step.history;
  const changed = now.filter((r) => !before.has(r));
  const selection = changed.length === 1 ? [changed[0].id] : remainingSelection(state, now).selection;
  const onPhoto = photoHasFocus(editor) || document.activeElement === document.body;
  const sentence = (direction === "undo" ? "Undone: " : "Redone: ") + step.label;
  send(editor, { history: step.history, selection, corner: null, moving: false }, sentence);
  if (onPhoto) focusPhoto(editor);
}

/**
 * The active corner, else the selected words; the next word is selected when the photo has the focus.
 * @param {Editor} editor
 */
export function removeSelected(editor) {
  const { corner, history, selection } = editor.state;
  if (corner !== null) return removeCorner(editor, corner);
  const order = readingOrder(history.now), at = order.findIndex((r) => r.id === selection[selection.length - 1]);
  const isKept = (/** @type {Region} */ r) => !selection.includes(r.id);
  const next = order.slice(at + 1).find(isKept) ?? order.filter(isKept).pop();
  const onPhoto = photoHasFocus(editor), count = selection.length;
  commit(editor, history.now.filter(isKept), count === 1 ? "word deleted" : count + " words deleted");
  if (!onPhoto) return;
  select(editor, next ? [next.id] : []);
  focusPhoto(editor);
}

/** Copies lie a little to the lower right, or to the upper left where there is no room. @param {Editor} editor */
export function duplicateSelected(editor) {
  const { photo, view, history } = editor.state, step = Math.max(4, Math.round(10 / view.scale));
  const copies = selectedRegions(editor.state).map(({ points, text, illegible, difficult }) => {
    const { x1, y1, x2, y2 } = bounds(points);
    const dx = x2 + step <= photo.width ? step : Math.max(-step, -x1);
    const dy = y2 + step <= photo.height ? step : Math.max(-step, -y1);
    return { ...newRegion(clampPoints(translate(points, dx, dy), photo), text), illegible, difficult };
  });
  if (isFull(editor, copies.length)) return;
  const label = copies.length === 1 ? "word duplicated" : copies.length + " words duplicated";
  commit(editor, [...history.now, ...copies], label);
  select(editor, copies.map((r) => r.id));
  if (photoHasFocus(editor)) focusPhoto(editor);
}

/**
 * Sets a flag on all of them, or clears it when all have it.
 * @param {Editor} editor
 * @param {string[]} ids
 * @param {"illegible" | "difficult"} name
 */
export function toggleFlag(editor, ids, name) {
  const on = !ids.every((id) => regionOf(editor.state, id)?.[name]);
  change(editor, ids, (r) => edited(r, { [name]: on }), on ? name : "not " + name);
}

/**
 * Marks words as checked by a person. It cannot be taken back: no model changes them any more.
 * @param {Editor} editor
 * @param {string[]} ids
 */
export function lock(editor, ids) {
  if (ids.every((id) => regionOf(editor.state, id)?.locked)) return announce(editor, "Checked already");
  change(editor, ids, (r) => ({ ...r, locked: true }), "checked");
}

// ---- Corners

/** @param {Editor} editor @param {number} index */
export function activateCorner(editor, index) {
  const region = onlySelected(editor.state);
  if (!region) return;
  update(editor, { corner: index });
  focusPhoto(editor);
  reveal(editor, bounds([region.points[index]]));
}

/** A new corner halfway between this one and the next. @param {Editor} editor @param {number} index */
export function insertCorner(editor, index) {
  const region = onlySelected(editor.state);
  if (!region) return;
  const { id, points } = region;
  if (points.length >= LIMITS.corners) return announce(editor, "A word has at most " + LIMITS.corners + " corners");
  const shape = clampPoints(withMidpoint(points, index), editor.state.photo);
  change(editor, [id], (r) => edited(r, { points: shape }), "corner added");
  update(editor, { corner: index + 1 });
  focusPhoto(editor);
}

/** @param {import("./types.js").Point[]} points @param {number} index */
export const withMidpoint = (points, index) =>
  points.toSpliced(index + 1, 0, interpolate(points[index], points[(index + 1) % points.length], 0.5));

/** @param {Editor} editor @param {number} index */
export function removeCorner(editor, index) {
  const region = onlySelected(editor.state);
  if (!region) return;
  const { id, points } = region;
  if (points.length <= 3) return announce(editor, "A word has at least three corners");
  update(editor, { corner: Math.min(index, points.length - 2) });
  change(editor, [id], (r) => edited(r, { points: points.filter((_, i) => i !== index) }), "corner deleted");
  focusPhoto(editor);
}
