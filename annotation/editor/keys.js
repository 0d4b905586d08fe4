// The keyboard. Letters work anywhere in the editor but in text fields; arrows, Tab, Enter and Space on the photo.

import { closest } from "../../spotter/tabs/shared/dom.js";
import { act } from "./actions.js";
import { abortGesture, endNudge } from "./gestures.js";
import { addCrossPoint, photoKey } from "./photo_keys.js";
import { editNextText, focusPhoto, leaveText, select, selectAll } from "./selection.js";
import { listOrder } from "./state.js";
import { focusNode, update } from "./update.js";

/** @import { Editor, Key, Point } from "./types.js" */

/** @type {Record<string, string>} */
const LETTERS = {
  q: "box", p: "polygon", b: "band", s: "split", j: "merge", d: "duplicate", i: "illegible", f: "difficult", l: "lock",
  a: "accept", r: "dismiss", z: "zoomWord", "+": "zoomIn", "=": "zoomIn", "-": "zoomOut", 0: "fit", "?": "help",
  Delete: "remove", Backspace: "remove",
};
/** With Alt they work while a text is typed, too. @type {Record<string, string>} */
const ALT_LETTERS = { a: "accept", r: "dismiss", i: "illegible" };
const DELETE = ["Delete", "Backspace"];
const FIELDS = "input, textarea, select, [contenteditable], [role=listbox]";  // they use letters themselves
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {Editor} editor @param {KeyboardEvent} event */
export function onKeyDown(editor, event) {
  const { help, field, photo } = editor.nodes, { gesture } = editor.state;
  if (help.open || event.target === field || event.isComposing || !(event.target instanceof Element)) return;
  const key = keyOf(event), { name } = key;
  if (event.ctrlKey || event.metaKey) return controlKey(editor, event, key);
  if (event.altKey) {
    altKey(editor, event);
    return;
  }
  if (name === "Escape" && gesture && gesture.kind !== "nudge") return abortGesture(editor);
  const used = (photo.contains(event.target) && photoKey(editor, key)) || barKey(event, key) ||
    listKey(editor, event, key) || letterKey(editor, event, key);
  if (used) event.preventDefault();
}

/**
 * Letters that are pressed where they mean nothing, such as on the tab that has just been opened: they are the
 * editor's. Delete is not, as something else may have the focus.
 * @param {Editor} editor
 * @param {KeyboardEvent} event
 */
export function onPageKey(editor, event) {
  const { root } = editor.nodes, { target } = event, key = keyOf(event);
  if (event.defaultPrevented || event.isComposing || !(target instanceof Element) || root.contains(target)) return;
  if (!root.checkVisibility() || target.closest(FIELDS) || document.querySelector("dialog[open]")) return;
  if (event.ctrlKey || event.metaKey) return controlKey(editor, event, key);
  if (event.altKey || DELETE.includes(key.name) || !letterKey(editor, event, key)) return;
  event.preventDefault();
  if (!editor.nodes.help.open) focusPhoto(editor);
}

/** @param {KeyboardEvent} event @returns {Key} */
function keyOf({ key, shiftKey }) {
  const name = key.length === 1 ? key.toLowerCase() : key;
  return { name, shift: shiftKey, arrow: ARROWS[name] };
}

/** @param {Editor} editor @param {KeyboardEvent} event @param {Key} key */
function controlKey(editor, event, { name, shift }) {
  const action = name === "z" ? (shift ? "redo" : "undo") : name === "y" ? "redo" : name === "a" ? "selectAll" : null;
  const inField = event.target instanceof Element && event.target.matches(FIELDS) && name === "a";
  if (!action || inField || event.altKey) return;
  event.preventDefault();
  if (action === "selectAll") selectAll(editor);
  else act(editor, action);
}

/** Returns whether the key was used. @param {Editor} editor @param {KeyboardEvent} event */
function altKey(editor, event) {
  // On a Mac, Option makes other letters of them: there the place on the keyboard counts.
  const letter = event.key in ALT_LETTERS ? event.key : event.code.replace("Key", "").toLowerCase();
  if (event.ctrlKey || event.metaKey || !ALT_LETTERS[letter]) return false;
  event.preventDefault();
  act(editor, ALT_LETTERS[letter]);
  return true;
}

/** @param {Editor} editor @param {KeyboardEvent} event @param {Key} key */
function letterKey(editor, event, { name }) {
  if (name === "Escape" && editor.state.tool !== "select") {
    act(editor, "cancel");
    return true;
  }
  if (event.target instanceof Element && event.target.matches("input:not([type=checkbox])")) return false;
  if (!LETTERS[name]) return false;
  act(editor, LETTERS[name]);
  return true;
}

/** @param {Editor} editor @param {KeyboardEvent} event */
export function onKeyUp(editor, event) {
  const { space } = editor.state, { photo } = editor.nodes;
  if (ARROWS[event.key]) endNudge(editor);
  if (event.key !== " " || !space.held) return;
  releaseSpace(editor);
  const { drawing } = editor.state;
  const onPhoto = event.target instanceof Node && photo.contains(event.target);
  if (drawing && onPhoto && !space.used) addCrossPoint(editor, drawing);
}

/** @param {Editor} editor */
export function releaseSpace(editor) {
  if (editor.state.space.held) update(editor, { space: { ...editor.state.space, held: false } });
  editor.nodes.root.classList.remove("panning");
}

// ---- Bars, list and text field

/** A bar is one tab stop; arrow keys move it. @param {KeyboardEvent} event @param {Key} key */
function barKey(event, { name }) {
  const bar = closest(event, "[role=toolbar]");
  if (!bar) return false;
  const buttons = [...bar.querySelectorAll("button")], at = buttons.findIndex((button) => button === event.target);
  const steps = { ArrowRight: at + 1, ArrowLeft: at - 1 + buttons.length, Home: 0, End: buttons.length - 1 };
  if (!(name in steps)) return false;
  buttons[steps[/** @type {keyof typeof steps} */ (name)] % buttons.length].focus();
  return true;
}

/** @param {FocusEvent} event */
export function moveTabStop(event) {
  for (const button of closest(event, "[role=toolbar]")?.querySelectorAll("button") ?? []) {
    button.tabIndex = button === event.target ? 0 : -1;
  }
}

/** @param {Editor} editor @param {KeyboardEvent} event @param {Key} key */
function listKey(editor, event, { name }) {
  const row = closest(event, "tbody tr"), step = name === "ArrowDown" ? 1 : name === "ArrowUp" ? -1 : 0;
  if (!row || !step) return false;
  const order = listOrder(editor.state), next = order[order.findIndex((r) => r.id === row.dataset.id) + step];
  if (!next) return true;
  select(editor, [next.id], true);
  const action = closest(event, "[data-row]")?.dataset.row ?? "text";
  focusNode(editor.drawn.get(next.id)?.row.querySelector('[data-row="' + action + '"]') ?? null);
  return true;
}

/** @param {Editor} editor @param {KeyboardEvent} event */
export function onFieldKey(editor, event) {
  if (event.isComposing) return;
  if (event.altKey && altKey(editor, event)) return event.stopPropagation();
  if (event.key === "Enter") leaveText(editor, true);
  else if (event.key === "Escape") leaveText(editor, false);
  else if (event.key !== "Tab" || !editNextText(editor, event.shiftKey ? -1 : 1)) return;
  event.preventDefault();
  event.stopPropagation();
}
