// Zooming and moving the photo.

import { update } from "./update.js";
import { clampView, revealingView, stageSize, wordView, zoomedView } from "./view.js";

/** @import { Box, Editor, Region, View } from "./types.js" */

/** @param {Editor} editor @param {View} view */
const show = (editor, view) => update(editor, { view: clampView(editor, view) });

/** The whole photo. @param {Editor} editor */
export const fit = (editor) => show(editor, { ...editor.state.view, fitted: true });

/** The same view on a stage that may have changed its size. @param {Editor} editor */
export const refit = (editor) => show(editor, editor.state.view);

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
  if (!editor.state.view.fitted) show(editor, revealingView(editor, box));
}
