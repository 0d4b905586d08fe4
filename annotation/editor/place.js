// Where this window is: the photo in the address, and what is seen and selected of it. All of it is there again after a
// reload.

import { clampView } from "./view.js";
import { remainingSelection } from "./state.js";
import { update } from "./update.js";

/** @import { Editor, Photo, View } from "./types.js" */
/** @typedef {{ image: string, view: View, selection: string[] }} Place */

const KEY = "region-editor place";

/** @param {Photo} photo */
export function showInAddress({ image_id: imageId }) {
  const address = new URL(location.href);
  if (!imageId || address.searchParams.get("image") === imageId) return;
  address.searchParams.set("image", imageId);
  address.searchParams.delete("region");  // of the photo before; only links name one
  history.replaceState(history.state, "", address);
}

/** Called when the page is left. @param {Editor} editor */
export function storePlace({ state: { photo, view, selection } }) {
  /** @type {Place} */
  const place = { image: photo.image_id, view, selection };
  if (!photo.image_id) return;
  try { sessionStorage.setItem(KEY, JSON.stringify(place)); } catch { /* the photo is shown from its start */ }
}

/** The place before the reload, once, if this photo was open then. @param {Editor} editor */
export function restorePlace(editor) {
  const { state } = editor;
  /** @type {Place | null} */
  let place = null;
  try {
    place = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    sessionStorage.removeItem(KEY);
  } catch { /* nothing is stored */ }
  if (!place || place.image !== state.photo.image_id) return;
  const { selection } = remainingSelection({ ...state, selection: place.selection }, state.history.now);
  update(editor, { view: clampView(editor, place.view), selection });
}
