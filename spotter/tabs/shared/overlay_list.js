// The list of the overlay: crop, text and scores of each word.

import { make, percent, scoreColour } from "./dom.js";
import { tr } from "./texts.js";

/** @import { Overlay, Word } from "./overlay_types.js" */

const CROP = { width: 224, height: 64 };  // pixels, at most

/** @param {Overlay} overlay */
export function drawRows(overlay) {
  const { nodes: { rows }, state: { data, shown } } = overlay;
  rows.replaceChildren();
  const photo = new Image();
  if (data.photo) photo.src = data.photo.url;
  for (const word of shown) drawRow(overlay, word, photo);
}

/** @param {Overlay} overlay @param {Word} word @param {HTMLImageElement} photo */
function drawRow({ nodes: { rows }, state: { data }, update, select }, word, photo) {
  const row = make(rows, "tr");
  row.dataset.id = word.id;
  const canvas = make(make(row, "td", "crop"), "canvas");
  canvas.setAttribute("aria-hidden", "true");
  if (photo.complete) drawCrop(canvas, photo, word, data.width);
  else photo.addEventListener("load", () => drawCrop(canvas, photo, word, data.width));
  const button = make(make(row, "td", "text"), "button", "", word.text || tr("(no text)"));
  button.type = "button";
  for (const score of [word.score, word.reading_score]) {
    const cell = make(row, "td", "score", percent(score));
    cell.style.setProperty("--score", String(score));
    cell.style.setProperty("--colour", scoreColour(score));
  }
  row.addEventListener("click", () => select(word.id));
  row.addEventListener("pointerenter", () => update({ hovered: word }));
  row.addEventListener("pointerleave", () => update({ hovered: null }));
  button.addEventListener("focus", () => update({ hovered: word }));
  button.addEventListener("blur", () => update({ hovered: null }));
}

/** Scrolls the list only, never the page. @param {Overlay} overlay @param {HTMLElement} row */
export function keepInView({ nodes: { side, rows } }, row) {
  const top = row.offsetTop - rows.offsetTop, bottom = row.offsetTop + row.offsetHeight - side.clientHeight;
  if (top < side.scrollTop) side.scrollTop = top;
  if (bottom > side.scrollTop) side.scrollTop = bottom;
}

/**
 * The word, upright, with a small margin.
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLImageElement} photo
 * @param {Word} word
 * @param {number} width  of the photo the polygons belong to
 */
function drawCrop(canvas, photo, word, width) {
  const rect = uprightRect(word.polygon), pixels = photo.naturalWidth / width;
  const scale = Math.min(CROP.height / (rect.height * 1.15), CROP.width / (rect.width * 1.08));
  canvas.width = Math.max(1, rect.width * 1.08 * scale);
  canvas.height = Math.max(1, rect.height * 1.15 * scale);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.rotate(-rect.angle);
  pen.scale(scale / pixels, scale / pixels);
  pen.drawImage(photo, -rect.x * pixels, -rect.y * pixels);
}

/**
 * The smallest rectangle around a polygon: its centre, size and angle, between -45 and 45 degrees.
 * @param {[number, number][]} polygon
 */
function uprightRect(polygon) {
  let best = { area: Infinity, x: polygon[0][0], y: polygon[0][1], width: 1, height: 1, angle: 0 };
  polygon.forEach(([x, y], i) => {
    const [nx, ny] = polygon[(i + 1) % polygon.length], length = Math.hypot(nx - x, ny - y);
    if (!length) return;
    const cos = (nx - x) / length, sin = (ny - y) / length;
    const u = polygon.map((p) => p[0] * cos + p[1] * sin), v = polygon.map((p) => p[1] * cos - p[0] * sin);
    const [u1, u2, v1, v2] = [Math.min(...u), Math.max(...u), Math.min(...v), Math.max(...v)];
    const area = (u2 - u1) * (v2 - v1), cu = (u1 + u2) / 2, cv = (v1 + v2) / 2;
    if (best.area <= area) return;
    const [width, height, angle] = [u2 - u1, v2 - v1, Math.atan2(sin, cos)];
    best = { area, x: cu * cos - cv * sin, y: cu * sin + cv * cos, width, height, angle };
  });
  let { width, height, angle, x, y } = best;
  while (Math.abs(angle) > Math.PI / 4) {
    angle -= (Math.sign(angle) * Math.PI) / 2;
    [width, height] = [height, width];
  }
  return { x, y, width, height, angle };
}
