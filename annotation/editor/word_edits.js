// Edits of the selected words and of corners.

import { tr } from "../../spotter/tabs/shared/texts.js";
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
  if (full) announce(editor, tr("There are {count} words, no more fit on one photo", { count: LIMITS.regions }));
  return full;
}

/** What it changed is selected, if that is one word. @param {Editor} editor @param {"undo" | "redo"} direction */
export function travel(editor, direction) {
  const { state } = editor, step = (direction === "undo" ? undo : redo)(state.history);
  if (!step) return announceNothing(editor, direction);
  const before = new Set(state.history.now), { now } = step.history;
  const changed = now.filter((r) => !before.has(r));
  const selection = changed.length === 1 ? [changed[0].id] : remainingSelection(state, now).selection;
  const onPhoto = photoHasFocus(editor) || document.activeElement === document.body;
  const { label } = step, isUndo = direction === "undo";
  const sentence = isUndo ? tr("Undone: {label}", { label }) : tr("Redone: {label}", { label });
  send(editor, { history: step.history, selection, corner: null, moving: false }, sentence);
  if (onPhoto) focusPhoto(editor);
}

/** @param {Editor} editor @param {"undo" | "redo"} direction */
export function announceNothing(editor, direction) {
  announce(editor, direction === "undo" ? tr("Nothing to undo") : tr("Nothing to redo"));
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
  const label = count === 1 ? tr("word deleted") : tr("{count} words deleted", { count });
  commit(editor, history.now.filter(isKept), label);
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
  const count = copies.length, label = count === 1 ? tr("word duplicated") : tr("{count} words duplicated", { count });
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
  const label = name === "illegible"
    ? (on ? tr("illegible") : tr("not illegible"))
    : (on ? tr("difficult") : tr("not difficult"));
  change(editor, ids, (r) => edited(r, { [name]: on }), label);
}

/**
 * Marks words as checked by a person. It cannot be taken back: no model changes them any more.
 * @param {Editor} editor
 * @param {string[]} ids
 */
export function lock(editor, ids) {
  if (ids.every((id) => regionOf(editor.state, id)?.locked)) return announce(editor, tr("Checked already"));
  change(editor, ids, (r) => ({ ...r, locked: true }), tr("checked"));
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
  if (points.length >= LIMITS.corners) {
    return announce(editor, tr("A word has at most {count} corners", { count: LIMITS.corners }));
  }
  const shape = clampPoints(withMidpoint(points, index), editor.state.photo);
  change(editor, [id], (r) => edited(r, { points: shape }), tr("corner added"));
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
  if (points.length <= 3) return announce(editor, tr("A word has at least three corners"));
  update(editor, { corner: Math.min(index, points.length - 2) });
  change(editor, [id], (r) => edited(r, { points: points.filter((_, i) => i !== index) }), tr("corner deleted"));
  focusPhoto(editor);
}
