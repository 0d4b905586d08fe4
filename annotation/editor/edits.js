// Edits: steps of the history that are shown, sent to Python and announced.

import { tr } from "../../spotter/tabs/shared/texts.js";
import { forget, storedEdits, storeEdits } from "./autosave.js";
import { addStep } from "./history.js";
import { pack, triggerInput } from "./payload.js";
import { remainingSelection } from "./state.js";
import { announce, update } from "./update.js";

/** @import { Editor, Region, State } from "./types.js" */

const LATE = 10000;  // milliseconds without an answer until the pill says "Not saved yet"

/** Writes the state to the value of the component. @param {Editor} editor */
export function writeValue({ props, state: { photo, revision, history } }) {
  props.value = pack({ ...photo, revision, regions: history.now });
}

/**
 * @param {Editor} editor
 * @param {Region[]} regions
 * @param {string} label
 * @param {Partial<State>} [also]  changes of the state besides
 */
export function commit(editor, regions, label, also) {
  const { state } = editor, history = addStep(state.history, regions, label);
  send(editor, { history, ...remainingSelection(state, regions), ...also }, label[0].toUpperCase() + label.slice(1));
}

/**
 * An edit: changes of the state that Python gets.
 * @param {Editor} editor
 * @param {Partial<State>} changes
 * @param {string} sentence
 */
export function send(editor, changes, sentence) {
  const { revision, saving, photo } = editor.state;
  if (photo.read_only) return announce(editor, tr("You can look at this photo, but not change it."));
  update(editor, { ...changes, revision: revision + 1, saving: { ...saving, late: false, note: "" } });
  writeValue(editor);
  storeEdits(editor);
  triggerInput(editor);
  announce(editor, sentence);
  clearTimeout(editor.lateTimer);
  editor.lateTimer = setTimeout(() => update(editor, { saving: { ...editor.state.saving, late: true } }), LATE);
}

/**
 * Replaces regions.
 * @param {Editor} editor
 * @param {string[]} ids
 * @param {(region: Region) => Region} how
 * @param {string} label
 * @param {Partial<State>} [also]  changes of the state besides
 */
export function change(editor, ids, how, label, also) {
  commit(editor, editor.state.history.now.map((r) => (ids.includes(r.id) ? how(r) : r)), label, also);
}

/**
 * Stored edits of this photo become an edit of the version they were made on: Python reports a conflict if it has
 * been saved since.
 * @param {Editor} editor
 */
export function restoreEdits(editor) {
  const { state } = editor, stored = storedEdits(state.photo);
  if (!stored) return;
  const { key, edits: { version, regions } } = stored;
  if (JSON.stringify(regions) === JSON.stringify(state.history.now)) return forget(key);
  // There are stored edits only where Python saves, though it may not have said so on this page yet.
  update(editor, { photo: { ...state.photo, version }, saving: { ...state.saving, on: true } });
  const note = tr("your last edits are here again");
  commit(editor, regions, note);
  update(editor, { saving: { ...editor.state.saving, note } });
  if (storedEdits(state.photo)?.key !== key) forget(key);  // of a closed window, and now of this one
}
