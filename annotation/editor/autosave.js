// Edits that Python has not confirmed are stored by the browser: they survive a reload, a crash and a lost server.
// They are forgotten only when Python has confirmed exactly them.

import { regionsJson } from "./payload.js";

/** @import { Editor, Photo, Region } from "./types.js" */

/**
 * @typedef {{ photo: string, version: number | undefined, revision: number, regions: Region[] }} Edits
 *   `photo`: its file, which tells photos with the same id in different databases apart.
 */

const PREFIX = "region-editor ", WINDOW = "region-editor window";

/** Edits of two windows do not replace each other; a window has the same name after a reload. */
function windowName() {
  try {
    const name = sessionStorage.getItem(WINDOW) ?? Date.now().toString(36) + Math.random().toString(36).slice(2);
    sessionStorage.setItem(WINDOW, name);
    return name;
  } catch { return ""; }
}

/** @param {string} imageId */
const keyOf = (imageId) => PREFIX + imageId + " " + windowName();

/** @param {Photo} photo */
const fileName = (photo) => (photo.photo?.path ?? "").split("/").pop() ?? "";

/** @param {string} key @returns {Edits | null} */
function load(key) {
  try { return JSON.parse(localStorage.getItem(key) ?? "null"); } catch { return null; }
}

/** @param {string} key */
export function forget(key) {
  try { localStorage.removeItem(key); } catch { /* nothing is stored */ }
}

/** Returns whether they are stored: the browser may be full, or forbid it. @param {Editor} editor */
export function storeEdits({ state: { saving, photo, history, revision } }) {
  if (!saving.on) return false;
  /** @type {Omit<Edits, "regions">} */
  const about = { photo: fileName(photo), version: photo.version, revision };
  const edits = JSON.stringify(about).slice(0, -1) + ',"regions":' + regionsJson(history.now) + "}";
  try { localStorage.setItem(keyOf(photo.image_id), edits); } catch { return false; }
  return true;
}

/** Python has this window's edits of an image up to a revision. @param {string} imageId @param {number} revision */
export function forgetConfirmed(imageId, revision) {
  const key = keyOf(imageId), edits = load(key);
  if (edits && edits.revision <= revision) forget(key);
}

/**
 * The stored edits of this photo: of this window, else of one that was closed. Null without any.
 * @param {Photo} photo
 * @returns {{ key: string, edits: Edits } | null}
 */
export function storedEdits(photo) {
  const own = keyOf(photo.image_id), anyWindow = PREFIX + photo.image_id;
  /** @type {string[]} */
  let keys = [];
  try { keys = Object.keys(localStorage); } catch { /* nothing is stored */ }
  const others = keys.filter((key) => key === anyWindow || key.startsWith(anyWindow + " "));
  for (const key of [own, ...others]) {
    const edits = load(key);
    if (edits && edits.photo === fileName(photo)) return { key, edits };
  }
  return null;
}
