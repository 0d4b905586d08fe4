// The enlarged crop of the chosen word on its card: upright, also when the word is turned or curved.

import { bandOf } from "./bands.js";
import { bounds, clamp, distance, interpolate, minAreaRect } from "./geometry.js";

/** @import { Band, Editor, Point } from "./types.js" */

const HEIGHT = 60;         // pixels of the card for the word with its margin; its letters get about 48
const MARGIN = 0.14;       // around the word, of its height: what was cut off is seen
const SLICES = 24;         // a curved word is straightened slice by slice
const MAX_ENLARGED = 12;   // more shows nothing but squares
const LARGE = 40;          // screen pixels; words that are larger on the photo need no crop
const STACKED = /[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;  // scripts with upright letters in columns

/** The height of the letters, in image pixels. @param {Point[]} points */
export function letterHeight(points) {
  const { u1, u2, v1, v2 } = minAreaRect(points), band = bandOf(points);
  if (!band) return Math.min(u2 - u1, v2 - v1);
  const middle = band.top.length >> 1;
  return distance(band.top[middle], band.bottom[middle]);
}

/**
 * The long lines of the word, for shapes of any kind.
 * @param {Point[]} points
 * @param {string} text
 * @returns {Band}
 */
function linesOf(points, text) {
  const { x1, y1, x2, y2 } = bounds(points), isColumn = y2 - y1 > 1.5 * (x2 - x1);
  if (isColumn && STACKED.test(text)) return { top: [[x1, y1], [x2, y1]], bottom: [[x1, y2], [x2, y2]] };
  const band = bandOf(points);
  if (band) return band;
  let { cos, sin, u1, u2, v1, v2 } = minAreaRect(points);
  if (v2 - v1 > 2 * (u2 - u1)) [cos, sin, u1, u2, v1, v2] = [-sin, cos, v1, v2, -u2, -u1];  // runs downwards
  /** @param {number} u @param {number} v @returns {Point} */
  const toImage = (u, v) => [u * cos - v * sin, u * sin + v * cos];
  return { top: [toImage(u1, v1), toImage(u2, v1)], bottom: [toImage(u1, v2), toImage(u2, v2)] };
}

/**
 * Cuts across the word, from its top to its bottom line, with a margin on all sides, at these parts of its length.
 * @param {Band} band
 */
function cutsOf({ top, bottom }) {
  const middles = top.map((p, i) => interpolate(p, bottom[i], 0.5));
  const lengths = middles.slice(1).map((p, i) => distance(middles[i], p));
  const length = lengths.reduce((sum, part) => sum + part, 0) || 1, height = distance(top[0], bottom[0]) || 1;
  const count = top.length > 2 || !isParallelogram(top, bottom) ? SLICES : 1;
  const margin = MARGIN * height / length;
  /** @param {number} t @returns {[Point, Point]} */
  const cutAt = (t) => {
    let at = t * length, i = 0;
    while (i < lengths.length - 1 && at > lengths[i]) at -= lengths[i++];
    const part = at / (lengths[i] || 1);
    const a = interpolate(top[i], top[i + 1], part), b = interpolate(bottom[i], bottom[i + 1], part);
    return [interpolate(a, b, -MARGIN), interpolate(a, b, 1 + MARGIN)];
  };
  const cuts = Array.from({ length: count + 1 }, (_, i) => cutAt(-margin + (1 + 2 * margin) * (i / count)));
  return { cuts, length: length + 2 * MARGIN * height, height: (1 + 2 * MARGIN) * height };
}

/** @param {Point[]} top @param {Point[]} bottom */
const isParallelogram = ([a, b], [d, c]) =>
  Math.hypot(a[0] + c[0] - b[0] - d[0], a[1] + c[1] - b[1] - d[1]) < 0.02 * distance(a, b);

/** Shows the crop of the only selected word where it is small on the photo. @param {Editor} editor @param {Point[]} points @param {string} text */
export function drawCrop(editor, points, text) {
  const { nodes: { crop, stage }, picture, state: { photo, view } } = editor;
  const { cuts, length, height } = cutsOf(linesOf(points, text));
  crop.hidden = !picture.complete || !picture.naturalWidth || letterHeight(points) * view.scale >= LARGE;
  if (crop.hidden) return;
  const room = stage.clientWidth - 20, ratio = devicePixelRatio || 1;
  const scale = Math.min(HEIGHT / height, room / length, MAX_ENLARGED);
  const width = Math.max(1, Math.round(length * scale)), tall = Math.max(1, Math.round(height * scale));
  crop.style.width = width + "px";
  crop.style.height = tall + "px";
  crop.width = width * ratio;
  crop.height = tall * ratio;
  const context = crop.getContext("2d");
  if (!context) return;
  context.imageSmoothingQuality = "high";
  const step = crop.width / (cuts.length - 1);
  for (let i = 0; i < cuts.length - 1; i++) {
    drawSlice(context, picture, photo, [cuts[i][0], cuts[i + 1][0], cuts[i][1], cuts[i + 1][1]], i * step, step);
  }
}

/**
 * Draws the part of the photo between two cuts as an upright slice of the canvas.
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLImageElement} picture
 * @param {{ width: number, height: number }} photo
 * @param {[Point, Point, Point, Point]} corners  upper left, upper right, lower left, lower right
 * @param {number} x
 * @param {number} width
 */
function drawSlice(context, picture, photo, [a, b, d, c], x, width) {
  const tall = context.canvas.height;
  const [ux, uy] = [b[0] - a[0], b[1] - a[1]], [vx, vy] = [d[0] - a[0], d[1] - a[1]], area = ux * vy - uy * vx;
  if (Math.abs(area) < 1e-6) return;
  const { x1, y1, x2, y2 } = bounds([a, b, c, d]);
  const left = clamp(Math.floor(x1) - 1, 0, photo.width), top = clamp(Math.floor(y1) - 1, 0, photo.height);
  const right = clamp(Math.ceil(x2) + 1, 0, photo.width), bottom = clamp(Math.ceil(y2) + 1, 0, photo.height);
  if (right <= left || bottom <= top) return;
  const sx = picture.naturalWidth / photo.width, sy = picture.naturalHeight / photo.height;
  context.save();
  context.beginPath();
  context.rect(x, 0, width + 1, tall);  // one pixel over the next slice: no seam
  context.clip();
  // a goes to (x, 0), b to (x + width, 0), d to (x, tall).
  const [m11, m21] = [(vy / area) * width, (-vx / area) * width], [m12, m22] = [(-uy / area) * tall, (ux / area) * tall];
  context.setTransform(m11, m12, m21, m22, x - m11 * a[0] - m21 * a[1], -m12 * a[0] - m22 * a[1]);
  context.drawImage(
    picture, left * sx, top * sy, (right - left) * sx, (bottom - top) * sy, left, top, right - left, bottom - top,
  );
  context.restore();
}
