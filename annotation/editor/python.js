// The values Python sends: photos, suggestions, selections and the pill.

import { clone } from "../../spotter/tabs/shared/dom.js";
import { tr } from "../../spotter/tabs/shared/texts.js";
import { forgetConfirmed, storeEdits } from "./autosave.js";
import { commit, restoreEdits, writeValue } from "./edits.js";
import { abortGesture } from "./gestures.js";
import { newHistory } from "./history.js";
import { unpack } from "./payload.js";
import { adopt, suggest } from "./incoming.js";
import { restorePlace, showInAddress } from "./place.js";
import { editFirstText, finishText, focusPhoto, select } from "./selection.js";
import { isBusy, proposalsOf, regionOf } from "./state.js";
import { focusNode, update } from "./update.js";
import { fit, zoomTo } from "./zoom.js";

/** @import { Editor, Payload } from "./types.js" */

const SENDING = 150;  // milliseconds for gradio to read an edit before the value changes

/** A new photo replaces everything; for the same photo no later edit is lost. @param {Editor} editor */
export function receiveValue(editor) {
  const value = unpack(editor.props.value), { photo, revision } = editor.state;
  if (value.image_id !== photo.image_id) return receivePhoto(editor, value);
  update(editor, { isTyping: false });
  if (value.revision >= revision && isBusy(editor.state)) return update(editor, { postponed: { value, revision } });
  if (value.revision >= revision) adopt(editor, value);
  else suggest(editor, proposalsOf(value.regions));
  writeValue(editor);
}

/** @param {Editor} editor @param {Payload} value */
function receivePhoto(editor, value) {
  const { revision } = editor.state;
  abortGesture(editor);
  finishText(editor);
  if (editor.state.revision === revision) return showPhoto(editor, value);
  // What was being typed has just been sent for the old photo: the value must not change before it is read.
  setTimeout(() => {
    showPhoto(editor, value);
    writeValue(editor);
  }, SENDING);
}

/** @param {Editor} editor @param {Payload} value */
export function showPhoto(editor, { regions, revision, ...photo }) {
  const { nodes: { root }, state } = editor, { isTyping } = state, hadFocus = root.contains(document.activeElement);
  clearTimeout(editor.lateTimer);
  const { saving } = state, pill = saving.state === "conflict" ? { state: "" } : {};
  update(editor, {
    photo, revision, history: newHistory(regions), selection: [], corner: null, moving: false, tool: "select",
    drawing: null, cut: null, mergeTarget: null, postponed: null, tabLeaves: false, isTyping: false,
    saving: { ...saving, revision, late: false, message: "", note: "", ...pill },
  });
  fit(editor);
  // What had the focus may be gone: the keyboard stays in the editor.
  const focused = document.activeElement;
  if (hadFocus && (focused === document.body || !focused?.checkVisibility())) focusNode(editor.nodes.photo);
  receiveSelection(editor);
  if (isTyping) editFirstText(editor);
  showInAddress(photo);
  setTimeout(() => {  // A value that comes with the page cannot be answered at once.
    restoreEdits(editor);
    restorePlace(editor);
  }, 0);
}

/** @param {Editor} editor */
export function receiveSuggestions(editor) {
  const { image_id: imageId, items } = clone(editor.props.proposed ?? {});
  if (!items || imageId !== editor.state.photo.image_id) return;
  suggest(editor, items);
  writeValue(editor);
}

/** A word to show, perhaps of a photo that comes a moment later. @param {Editor} editor */
export function receiveSelection(editor) {
  const { image_id: imageId, id, number = 0 } = clone(editor.props.chosen ?? {}), { photo, lastChoice } = editor.state;
  const region = regionOf(editor.state, id);
  if (!region || imageId !== photo.image_id || number === lastChoice) return;
  update(editor, { lastChoice: number });
  select(editor, [region.id]);
  zoomTo(editor, region);
  focusPhoto(editor);
  editor.nodes.stage.scrollIntoView({ block: "nearest" });
}

/** Regions of another photo: an edit like any other, which can be undone. @param {Editor} editor */
export function receiveAdded(editor) {
  const { image_id: imageId, regions = [] } = clone(editor.props.added ?? {}), { photo, history } = editor.state;
  if (!regions.length || imageId !== photo.image_id) return;
  const count = regions.length, label = count === 1 ? tr("1 word copied") : tr("{count} words copied", { count });
  commit(editor, [...history.now, ...regions], label);
}

/** @param {Editor} editor */
export function receivePill(editor) {
  const { state, message, image_id: imageId, revision, version, unread } = clone(editor.props.pill ?? {});
  const { photo } = editor.state, saving = { ...editor.state.saving, on: state !== undefined };
  if (imageId && Number.isInteger(revision)) forgetConfirmed(imageId, revision ?? 0);
  if (unread) editor.trigger("submit");
  if (imageId && imageId !== photo.image_id) return update(editor, { saving });
  update(editor, {
    saving: { ...saving, state: state ?? "", message: message ?? "", revision: revision ?? saving.revision },
    photo: Number.isInteger(version) ? { ...photo, version: version ?? photo.version } : photo,
  });
  if (editor.state.saving.revision < editor.state.revision) storeEdits(editor);
}
