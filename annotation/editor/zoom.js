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
export function reveal(editor, box) {
  if (!editor.state.view.fitted) update(editor, { view: clampView(editor, revealingView(editor, box)) });
}

/**
 * Shows a word that was chosen by a key or in the list: near, if its letters are too small to be read. After small
 * words, the view is what it was before them.
 * @param {Editor} editor
 * @param {Region} region
 */
export function approach(editor, { points }) {
  const { state: { view, home, closeUp } } = editor, letters = letterHeight(points), start = home ?? view;
  if (!closeUp || letters * start.scale >= SMALL) {
    goBack(editor);
    return reveal(editor, bounds(points));
  }
  const seen = letters * view.scale, isNear = home && seen >= NEAR.min && seen <= NEAR.max;
  glide(editor, isNear ? revealingView(editor, bounds(points)) : closeView(editor, points, letters), start);
}

/** To the view before the editor zoomed by itself. @param {Editor} editor */
export function goBack(editor) {
  if (editor.state.home) glide(editor, editor.state.home, null);
}

/** @param {Editor} editor @param {View} view @param {View | null} home */
function glide(editor, view, home) {
  const { nodes: { photo }, state: { view: a } } = editor, b = clampView(editor, view);
  if (a.x === b.x && a.y === b.y && a.scale === b.scale) return update(editor, { home });
  update(editor, { view: b, home });
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const move = [(b.x - a.x) * a.scale, (b.y - a.y) * a.scale].map((by) => by + "px");
  const from = "translate(" + move.join(",") + ") scale(" + a.scale / b.scale + ")";
  photo.animate([{ transform: from }, { transform: "none" }], GLIDE);
}
