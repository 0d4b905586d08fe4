// The actions, by the name in a button's data-do or of a key, and clicks.

import { closest } from "../../spotter/tabs/shared/dom.js";
import { tr } from "../../spotter/tabs/shared/texts.js";
import { isPossible } from "./bars.js";
import { change, commit } from "./edits.js";
import { abortGesture, endNudge } from "./gestures.js";
import { edited, withSuggestion } from "./regions.js";
import { editNextText, editText, finishText, focusPhoto, leaveText, select, toggleSelected } from "./selection.js";
import { lastSelected, listOrder, onlySelected } from "./state.js";
import { finishDrawing, merge, mergeWith, split, startTool, stopTool } from "./tools.js";
import { announce } from "./update.js";
import { announceNothing, duplicateSelected, lock, removeSelected, toggleFlag, travel } from "./word_edits.js";
import { fit, zoomAtCentre, zoomTo } from "./zoom.js";

/** @import { Editor } from "./types.js" */

const ZOOM = 1.5;  // a press of a zoom button

/** @type {Record<string, (editor: Editor) => void>} */
const ACTIONS = {
  box: (editor) => startTool(editor, "box"),
  polygon: (editor) => startTool(editor, "polygon"),
  band: (editor) => startTool(editor, "band"),
  split: (editor) => startTool(editor, "split"),
  merge: (editor) => {
    const { selection } = editor.state;
    if (selection.length > 1) merge(editor, selection);
    else startTool(editor, "merge");
  },
  done: finish,
  cancel: (editor) => {
    stopTool(editor);
    announce(editor, tr("Cancelled"));
    focusPhoto(editor);
  },
  undo: (editor) => travel(editor, "undo"),
  redo: (editor) => travel(editor, "redo"),
  zoomIn: (editor) => zoomAtCentre(editor, ZOOM),
  zoomOut: (editor) => zoomAtCentre(editor, 1 / ZOOM),
  fit,
  zoomWord: (editor) => zoomTo(editor, lastSelected(editor.state)),
  help: ({ nodes }) => nodes.help.showModal(),
  closeHelp: ({ nodes }) => nodes.help.close(),
  text: (editor) => editText(editor, editor.state.selection[0], "photo"),
  next: (editor) => {
    if (!editNextText(editor, 1)) leaveText(editor, true);
  },
  accept: (editor) => {
    const text = onlySelected(editor.state)?.suggestion?.text;
    change(editor, editor.state.selection, withSuggestion, tr("suggestion used: {text}", { text: text ?? "" }));
  },
  dismiss: (editor) => {
    change(editor, editor.state.selection, (r) => edited(r, { suggestion: null }), tr("suggestion dismissed"));
  },
  duplicate: duplicateSelected,
  illegible: (editor) => toggleFlag(editor, editor.state.selection, "illegible"),
  difficult: (editor) => toggleFlag(editor, editor.state.selection, "difficult"),
  lock: (editor) => lock(editor, editor.state.selection),
  remove: removeSelected,
};
const END_TOOL = ["text", "duplicate", "illegible", "difficult", "lock", "undo", "redo", "remove"];

/** @param {Editor} editor */
function finish(editor) {
  const { tool, mergeTarget } = editor.state;
  if (tool === "split") split(editor);
  else if (tool !== "merge") finishDrawing(editor);
  else if (mergeTarget) mergeWith(editor, mergeTarget);
}

/** @param {Editor} editor @param {string} name */
export function act(editor, name) {
  const { photo, selection } = editor.state;
  if (!isPossible(editor.state, name)) {
    if (name === "undo" || name === "redo") announceNothing(editor, name);
    else if (photo.photo && !selection.length) announce(editor, tr("Select a word first"));
    return;
  }
  if (editor.state.gesture?.kind !== "nudge") abortGesture(editor);
  endNudge(editor);
  if (name !== "next") finishText(editor);
  if (END_TOOL.includes(name) && editor.state.tool !== "select") stopTool(editor);
  if (isPossible(editor.state, name)) ACTIONS[name](editor);
}

/** @param {Editor} editor @param {MouseEvent} event */
export function onClick(editor, event) {
  const button = closest(event, "button"), action = button?.dataset.do;
  if (action) {
    act(editor, action);
    if (action === "accept" || action === "dismiss") focusPhoto(editor);  // the button is gone
    return;
  }
  const id = closest(event, "tbody tr")?.dataset.id;
  if (id) clickRow(editor, id, button?.dataset.row, event);
}

/** @param {Editor} editor @param {string} id @param {string | undefined} action @param {MouseEvent} event */
function clickRow(editor, id, action, event) {
  const { tool } = editor.state;
  if (tool === "merge") return mergeWith(editor, id);
  if (tool !== "select") return;
  if (event.shiftKey || event.ctrlKey || event.metaKey) return toggleSelected(editor, id);
  if (action === "remove") return removeRow(editor, id);
  select(editor, [id], true);
  if (action === "illegible" || action === "difficult") toggleFlag(editor, [id], action);
  else if (action === "text") editText(editor, id, "list");
  else editor.drawn.get(id)?.text.focus({ preventScroll: true });  // for the keys
}

/** The focus goes to the row that takes the place of the deleted one. @param {Editor} editor @param {string} id */
function removeRow(editor, id) {
  const at = listOrder(editor.state).findIndex((r) => r.id === id);
  commit(editor, editor.state.history.now.filter((r) => r.id !== id), tr("word deleted"));
  const order = listOrder(editor.state), next = order[Math.min(at, order.length - 1)];
  (next && editor.drawn.get(next.id)?.remove || editor.nodes.photo).focus();
}
