// Zooming and moving the photo.

import { letterHeight } from "./crop.js";
import { bounds } from "./geometry.js";
import { update } from "./update.js";
import { clampView, closeView, revealingView, stageSize, wordView, zoomedView } from "./view.js";

/** @import { Box, Editor, Region, View } from "./types.js" */

const SMALL = 20;  // screen pixels of letters
const NEAR = { min: 20, max: 72 };  // of letters that need no other zoom
const GLIDE = { duration: 180, easing: "ease-out" };

/** @param {Editor} editor @param {View} view */
const show = (editor, view) => update(editor, { view: clampView(editor, view), home: null });

/** The whole photo. @param {Editor} editor */
export const fit = (editor) => show(editor, { ...editor.state.view, fitted: true });

/** The same view on a stage that may have changed its size. @param {Editor} editor */
export const refit = (editor) => update(editor, { view: clampView(editor, editor.state.view) });

/**
 * The image point under (x, y), pixels of the stage, stays where it is.
 * @param {Editor} editor
 * @param {number} factor
 * @param {number} x
 * @param {number} y
 */
export const zoomAt = (editor, factor, x, y) => show(editor, zoomedView(editor, factor, x, y));

/** @param {Editor} editor @param {number} factor */
export function zoomAtCentre(editor, factor) {
  const { width, height } = stageSize(editor);
  zoomAt(editor, factor, width / 2, height / 2);
}

/** Moves the photo by screen pixels. @param {Editor} editor @param {number} dx @param {number} dy */
export function panBy(editor, dx, dy) {
  const { view } = editor.state;
  if (!view.fitted) show(editor, { ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale });
}

/** @param {Editor} editor @param {Region | undefined} region */
export function zoomTo(editor, region) {
  if (region) show(editor, wordView(editor, region));
}

/** Moves a photo that is zoomed in as little as needed to show this box. @param {Editor} editor @param {Box} box */
export const reveal = (editor, box) => update(editor, { view: revealed(editor, editor.state.view, box) });

/** @param {Editor} editor @param {View} view @param {Box} box */
const revealed = (editor, view, box) => toShow(editor, view.fitted ? view : revealingView(editor, view, box));

/** The nearest view that can be shown: the present one, if they are equal. @param {Editor} editor @param {View} view */
function toShow(editor, view) {
  const { state: { view: now } } = editor, next = clampView(editor, view);
  return next.x === now.x && next.y === now.y && next.scale === now.scale ? now : next;
}

/**
 * How a chosen word is seen: in sight; near, if its letters are too small to be read and it was chosen by a key or in
 * the list. After small words, and without a word, the view is what it was before the editor zoomed by itself.
 * @param {Editor} editor
 * @param {Region | undefined} region
 * @param {boolean} near
 */
export function viewOf(editor, region, near) {
  const { state: { view, home, closeUp } } = editor, start = home ?? view;
  if (!region) return { view: toShow(editor, start), home: null };
  const box = bounds(region.points), letters = letterHeight(region.points);
  if (!near) return { view: revealed(editor, view, box), home };
  if (!closeUp || letters * start.scale >= SMALL) return { view: revealed(editor, start, box), home: null };
  const seen = letters * view.scale, isNear = home && seen >= NEAR.min && seen <= NEAR.max;
  const wanted = isNear ? revealingView(editor, view, box) : closeView(editor, region.points, letters);
  return { view: toShow(editor, wanted), home: start };
}

/** Moves the photo here from the view `a` instead of jumping. @param {Editor} editor @param {View} a */
export function glide({ nodes: { photo }, state: { view: b } }, a) {
  if (a === b || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const move = [(b.x - a.x) * a.scale, (b.y - a.y) * a.scale].map((by) => by + "px");
  const from = "translate(" + move.join(",") + ") scale(" + a.scale / b.scale + ")";
  photo.animate([{ transform: from }, { transform: "none" }], GLIDE);
}
