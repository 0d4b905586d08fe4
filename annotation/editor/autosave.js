// Edits that Python has not confirmed are stored by the browser: they survive a reload, a crash and a lost server.

/** @import { Editor, Photo, Region, State } from "./types.js" */

/** @param {Photo} photo */
const keyOf = (photo) => "region-editor " + photo.image_id;

/** Tells photos with the same id in different databases apart. @param {Photo} photo */
const fileName = (photo) => (photo.photo?.path ?? "").split("/").pop();

/** @param {Editor} editor */
export function storeEdits({ state: { saving, photo, history } }) {
  if (!saving.on) return;
  const stored = JSON.stringify({ photo: fileName(photo), version: photo.version, regions: history.now });
  // Full or forbidden: the page still asks before it is left.
  try { localStorage.setItem(keyOf(photo), stored); } catch { /* nothing is stored */ }
}

/** @param {Editor} editor */
export function removeStoredEdits({ state: { photo } }) {
  try { localStorage.removeItem(keyOf(photo)); } catch { /* nothing is stored */ }
}

/** The stored regions of this photo and the version they were edited on, null without any. @param {State} state */
export function storedEdits({ photo }) {
  /** @type {{ photo: string, version: number | undefined, regions: Region[] } | null} */
  let stored = null;
  try { stored = JSON.parse(localStorage.getItem(keyOf(photo)) ?? "null"); } catch { /* nothing is stored */ }
  return stored && stored.photo === fileName(photo) ? stored : null;
}
