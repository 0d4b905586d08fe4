// The keyboard. Letters work anywhere in the editor but in text fields; arrows, Tab, Enter and Space on the photo.

import { closest } from "../../spotter/tabs/shared/dom.js";
import { act } from "./actions.js";
import { abortGesture, endNudge } from "./gestures.js";
import { addCrossPoint, photoKey } from "./photo_keys.js";
import { editNextText, leaveText, select } from "./selection.js";
import { listOrder } from "./state.js";
import { focusNode, update } from "./update.js";

/** @import { Editor, Key, Point } from "./types.js" */

/** @type {Record<string, string>} */
const LETTERS = {
  q: "box", p: "polygon", b: "band", s: "split", j: "merge", d: "duplicate", i: "illegible", f: "difficult", l: "lock",
  a: "accept", r: "dismiss", z: "zoomWord", "+": "zoomIn", "=": "zoomIn", "-": "zoomOut", 0: "fit", "?": "help",
  Delete: "remove", Backspace: "remove",
};
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {Editor} editor @param {KeyboardEvent} event */
export function onKeyDown(editor, event) {
  const { help, field, photo } = editor.nodes, { gesture } = editor.state;
  if (help.open || event.target === field || event.isComposing || !(event.target instanceof Element)) return;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const key = { name, shift: event.shiftKey, arrow: ARROWS[name] };
  if (event.ctrlKey || event.metaKey) return undoKey(editor, event, key);
  if (event.altKey) return;
  if (name === "Escape" && gesture && gesture.kind !== "nudge") return abortGesture(editor);
  const used = (photo.contains(event.target) && photoKey(editor, key)) || barKey(event, key) ||
    listKey(editor, event, key) || letterKey(editor, event, key);
  if (used) event.preventDefault();
}

/** @param {Editor} editor @param {KeyboardEvent} event @param {Key} key */
function undoKey(editor, event, { name, shift }) {
  const action = name === "z" ? (shift ? "redo" : "undo") : name === "y" ? "redo" : null;
  if (!action) return;
  event.preventDefault();
  act(editor, action);
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
  select(editor, [next.id]);
  const action = closest(event, "[data-row]")?.dataset.row ?? "text";
  focusNode(editor.drawn.get(next.id)?.row.querySelector('[data-row="' + action + '"]') ?? null);
  return true;
}

/** @param {Editor} editor @param {KeyboardEvent} event */
export function onFieldKey(editor, event) {
  if (event.isComposing) return;
  if (event.key === "Enter") leaveText(editor, true);
  else if (event.key === "Escape") leaveText(editor, false);
  else if (event.key !== "Tab" || !editNextText(editor, event.shiftKey ? -1 : 1)) return;
  event.preventDefault();
  event.stopPropagation();
}
