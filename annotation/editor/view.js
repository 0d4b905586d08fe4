// The view of the photo: which part of the image is seen, and how large.

import { bounds, clamp } from "./geometry.js";
import { setAttributes } from "../../spotter/tabs/shared/dom.js";

/** @import { Box, Editor, Point, Region, View } from "./types.js" */
/** @typedef {{ width: number, height: number }} Size */

const MARGIN = 14;      // screen pixels around the fitted photo, room for handles at its edge
const MAX_SCALE = 24;   // screen pixels per image pixel
const DENSE = 26;       // screen pixels; thick lines would cover words below this height
const CLOSE = 36;       // screen pixels of the letters of a small word that is zoomed to
const LOW = 360;        // screen pixels of a stage that has room for the card only below the word
const ROOM = 24;        // screen pixels around what is brought into view

/** @param {Editor} editor */
export const stageSize = ({ nodes: { photo } }) => ({ width: photo.clientWidth || 1, height: photo.clientHeight || 1 });

/** From a pointer event to image pixels. @param {Editor} editor @param {PointerEvent} event @returns {Point} */
export function imagePoint({ nodes: { photo } }, event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(photo.getScreenCTM()?.inverse());
  return [point.x, point.y];
}

/** Where a box of the image lies on the stage, in screen pixels. @param {View} view @param {Box} box */
export const onStage = (view, { x1, y1, x2, y2 }) => ({
  top: (y1 - view.y) * view.scale, bottom: (y2 - view.y) * view.scale, middle: ((x1 + x2) / 2 - view.x) * view.scale,
  start: (x1 - view.x) * view.scale, end: (x2 - view.x) * view.scale,
});

/** @param {Editor} editor */
function fitScale(editor) {
  const { width, height } = stageSize(editor), { photo } = editor.state;
  return Math.max(1e-3, Math.min((width - 2 * MARGIN) / photo.width, (height - 2 * MARGIN) / photo.height));
}

/**
 * The nearest view that shows no more than a margin beyond the photo.
 * @param {Editor} editor
 * @param {View} view
 * @returns {View}
 */
export function clampView(editor, { x, y, scale, fitted }) {
  const { width, height } = stageSize(editor), { photo } = editor.state, minScale = fitScale(editor);
  if (fitted || scale <= minScale) [scale, fitted] = [minScale, true];
  const margin = MARGIN / scale;
  /** Centred where there is room. @param {number} start @param {number} seen @param {number} whole */
  const place = (start, seen, whole) =>
    seen >= whole + 2 * margin ? (whole - seen) / 2 : clamp(start, -margin, whole - seen + margin);
  return { x: place(x, width / scale, photo.width), y: place(y, height / scale, photo.height), scale, fitted };
}

/**
 * Zoomed by a factor; the image point under (x, y) of the stage stays where it is.
 * @param {Editor} editor
 * @param {number} factor
 * @param {number} x
 * @param {number} y
 * @returns {View}
 */
export function zoomedView(editor, factor, x, y) {
  const { view } = editor.state, scale = clamp(view.scale * factor, fitScale(editor), MAX_SCALE);
  if (scale === view.scale) return view;
  return { x: view.x + x / view.scale - x / scale, y: view.y + y / view.scale - y / scale, scale, fitted: false };
}

/** The word large, with room for its text field. @param {Editor} editor @param {Region} region @returns {View} */
export function wordView(editor, region) {
  const { width, height } = stageSize(editor), { x1, y1, x2, y2 } = bounds(region.points);
  const wanted = Math.min((0.7 * width) / Math.max(x2 - x1, 1), (0.4 * height) / Math.max(y2 - y1, 1));
  const scale = clamp(wanted, fitScale(editor), MAX_SCALE);
  return { x: (x1 + x2) / 2 - width / 2 / scale, y: (y1 + y2) / 2 - (0.42 * height) / scale, scale, fitted: false };
}

/**
 * The word near enough to be read, with its neighbours.
 * @param {Editor} editor
 * @param {Point[]} points
 * @param {number} letters  height, in image pixels
 * @returns {View}
 */
export function closeView(editor, points, letters) {
  const { width, height } = stageSize(editor), { x1, y1, x2, y2 } = bounds(points);
  const wanted = Math.min(CLOSE / letters, (0.8 * width) / Math.max(x2 - x1, 1), (0.4 * height) / Math.max(y2 - y1, 1));
  const scale = clamp(wanted, fitScale(editor), MAX_SCALE);
  const above = height < LOW ? 0.25 : 0.5;
  return { x: (x1 + x2) / 2 - width / 2 / scale, y: (y1 + y2) / 2 - (above * height) / scale, scale, fitted: false };
}

/**
 * Moved as little as needed to show this box of the image.
 * @param {Editor} editor
 * @param {View} view
 * @param {Box} box
 * @returns {View}
 */
export function revealingView(editor, view, { x1, y1, x2, y2 }) {
  const { width, height } = stageSize(editor), room = ROOM / view.scale;
  /** @param {number} start @param {number} length @param {number} low @param {number} high */
  const shift = (start, length, low, high) => {
    if (high - low > length - 2 * room) return (low + high) / 2 - length / 2;
    return clamp(start, high + room - length, low - room);
  };
  return { ...view, x: shift(view.x, width / view.scale, x1, x2), y: shift(view.y, height / view.scale, y1, y2) };
}

/** @param {Editor} editor */
export function drawPhoto({ nodes: { field, image, stage, root }, picture, state: { photo } }) {
  if (photo.photo) setAttributes(image, { href: photo.photo.url, width: photo.width, height: photo.height });
  else image.removeAttribute("href");
  if (photo.photo && picture.getAttribute("src") !== photo.photo.url) picture.src = photo.photo.url;
  stage.style.setProperty("--ratio", String(photo.width / photo.height));
  root.classList.toggle("blank", !photo.photo);
  root.dataset.image = photo.image_id;
  field.readOnly = Boolean(photo.read_only);
}

/** @param {Editor} editor @param {Size} stage */
export function drawView({ nodes, state: { view }, wordHeight }, { width, height }) {
  nodes.photo.setAttribute("viewBox", [view.x, view.y, width / view.scale, height / view.scale].join(" "));
  for (const layer of [nodes.handleLayer, nodes.draftLayer]) layer.style.setProperty("--px", String(1 / view.scale));
  nodes.hatch.setAttribute("patternTransform", "rotate(45) scale(" + 1 / view.scale + ")");
  nodes.root.classList.toggle("zoomed", !view.fitted);
  nodes.root.classList.toggle("dense", wordHeight * view.scale < DENSE);
}
