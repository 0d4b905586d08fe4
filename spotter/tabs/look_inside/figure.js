// A picture with its alternative text. A click sends its position, in pixels of the picture, to Python. Pointing at a
// panel marks the spot in all panels on the page that show the same thing, and shows the value there in those that have
// values. With the picture in focus, the arrow keys step from cell to cell; where a click has no other use, it pins the spot.

import { clone, find } from "../shared/dom.js";
import { saveAddress, savePicture } from "./figure_save.js";
import { centreOf, stepped, valueText } from "./figure_values.js";

/** @import { Component } from "../shared/dom.js" */
/** @import { Values } from "./figure_values.js" */

/**
 * As FigureData in figure.py.
 * @typedef {[number, number, number, number]} Box  x1, y1, x2, y2
 * @typedef {PanelPlace & Values} Panel
 * @typedef {object} PanelPlace
 * @property {string} link  what the panel shows; panels with the same link belong together
 * @property {Box} box  of the panel in the picture, pixels
 * @property {Box} part  of the linked image that it shows, 0 to 1
 * @property {[number, number] | null} cell  width and height of a cell that is marked as a whole, 0 to 1
 * @typedef {object} FigureValue
 * @property {{ url: string } | null} image
 * @property {{ url: string } | null} drawing
 * @property {string} alt
 * @property {number} width
 * @property {number} height
 * @property {boolean} framed
 * @property {number} scroll_below  Pixels; a narrower picture scrolls instead of shrinking.
 * @property {boolean} clickable
 * @property {number[]} [click]
 * @property {Panel[]} panels
 * @typedef {{ link: string, u: number, v: number }} Place  A place of the linked image, 0 to 1.
 * @typedef {{ panel: number, row: number, column: number }} Cursor  The cell that the arrow keys have come to.
 * @typedef {object} Figure
 * @property {HTMLImageElement} image
 * @property {HTMLElement} marks
 * @property {{ value: FigureValue }} props
 * @property {Cursor | null} cursor
 */

const POINTED = "figure-pointed";  // the event of the document whose detail are the places pointed at

/** @param {Component<{ value: FigureValue }>} component */
export function mount({ element, props, trigger, watch }) {
  /** @type {Figure} */
  const figure = { image: find(element, "img", HTMLImageElement), marks: find(element, ".marks", HTMLElement), props, cursor: null };
  const save = find(element, ".save", HTMLElement);
  let isPinned = false;
  const send = (/** @type {Place[]} */ places) => document.dispatchEvent(new CustomEvent(POINTED, { detail: places }));
  figure.image.addEventListener("click", (event) => {
    if (!props.value.clickable) {
      isPinned = !isPinned;
      send(placesAt(figure, event));
      return;
    }
    props.value = { ...clone(props.value), click: picturePoint(figure, event) };
    trigger("input");
  });
  figure.image.addEventListener("pointermove", (event) => {
    if (!isPinned) send(placesAt(figure, event));
  });
  figure.image.addEventListener("pointerleave", () => {
    if (!isPinned) send([]);
  });
  figure.image.addEventListener("keydown", (event) => {
    const places = steppedPlaces(figure, event.key);
    if (event.key === "Escape") isPinned = false;
    if (event.key === "Escape") send([]);
    if (!places) return;
    event.preventDefault();
    isPinned = true;
    send(places);
  });
  figure.image.addEventListener("blur", () => {
    isPinned = false;
    send([]);
  });
  const pixels = find(save, ".pixels", HTMLButtonElement), drawing = find(save, ".drawing", HTMLButtonElement);
  const name = () => element.parentElement?.closest("[id]")?.id || "figure";  // the element's own id means nothing
  pixels.textContent = "PNG";
  pixels.addEventListener("click", () => savePicture(figure.image, name()));
  drawing.textContent = "SVG";
  drawing.addEventListener("click", () => saveAddress(props.value.drawing?.url ?? "", `${name()}.svg`));
  const onPointed = (/** @type {Event} */ event) => {
    if (!element.isConnected) document.removeEventListener(POINTED, onPointed);
    else drawMarks(figure, event instanceof CustomEvent ? event.detail : []);
  };
  document.addEventListener(POINTED, onPointed);
  const draw = () => {
    isPinned = false;
    figure.cursor = null;
    show(figure);
    save.hidden = figure.image.hidden;
  };
  watch("value", draw);
  draw();
}

/** @param {Figure} figure */
function show({ image, marks, props: { value } }) {
  const url = value?.image?.url;
  image.hidden = !url;
  marks.replaceChildren();
  if (!url) return;
  if (image.getAttribute("src") !== url) image.src = url;
  image.alt = value.alt;
  image.width = value.width;
  image.height = value.height;
  image.style.setProperty("--scroll-below", `${value.scroll_below}px`);
  image.style.setProperty("--natural", `${value.width}px`);
  image.style.setProperty("--ratio", `${value.width / value.height}`);
  image.classList.toggle("framed", value.framed);
  image.classList.toggle("wide", value.scroll_below > 0);
  image.classList.toggle("clickable", value.clickable);
  if (value.panels.some((panel) => panel.rows > 0)) image.tabIndex = 0;
  else image.removeAttribute("tabindex");
}

/**
 * Where the picture lies on the screen, without its frame, and screen pixels per pixel of the picture.
 * @param {Figure} figure
 */
function frameOf({ image, props: { value } }) {
  const box = image.getBoundingClientRect(), style = getComputedStyle(image);
  const left = Number.parseFloat(style.paddingLeft) || 0, top = Number.parseFloat(style.paddingTop) || 0;
  return {
    left: box.left + left, top: box.top + top,
    scaleX: (box.width - 2 * left) / value.width, scaleY: (box.height - 2 * top) / value.height,
  };
}

/** From a pointer event to pixels of the picture. @param {Figure} figure @param {MouseEvent} event */
function picturePoint(figure, event) {
  const { left, top, scaleX, scaleY } = frameOf(figure);
  return [(event.clientX - left) / scaleX, (event.clientY - top) / scaleY];
}

/**
 * The places pointed at, one for each panel under the pointer.
 * @param {Figure} figure
 * @param {MouseEvent} event
 * @returns {Place[]}
 */
function placesAt(figure, event) {
  const [x, y] = picturePoint(figure, event);
  figure.cursor = null;
  return figure.props.value.panels.flatMap(({ link, box, part, rows, columns }, panel) => {
    const u = (x - box[0]) / (box[2] - box[0]), v = (y - box[1]) / (box[3] - box[1]);
    if (u < 0 || u >= 1 || v < 0 || v >= 1) return [];
    if (rows) figure.cursor = { panel, row: Math.floor(v * rows), column: Math.floor(u * columns) };
    return { link, u: part[0] + u * (part[2] - part[0]), v: part[1] + v * (part[3] - part[1]) };
  });
}

/**
 * The place that an arrow key leads to; null for other keys, or without values.
 * @param {Figure} figure @param {string} key @returns {Place[] | null}
 */
function steppedPlaces(figure, key) {
  const panels = figure.props.value.panels;
  const from = figure.cursor ?? { panel: panels.findIndex((panel) => panel.rows > 0), row: 0, column: 0 };
  const panel = panels[from.panel], to = panel && stepped(panel, from, key);
  if (!to) return null;
  figure.cursor = { panel: from.panel, ...to };
  const [u, v] = centreOf(panel, to), { part, link } = panel;
  return [{ link, u: part[0] + u * (part[2] - part[0]), v: part[1] + v * (part[3] - part[1]) }];
}

/** @param {Figure} figure @param {Place[]} places */
function drawMarks(figure, places) {
  const { image, marks, props: { value } } = figure;
  marks.replaceChildren();
  if (image.hidden || !image.offsetParent) return;
  for (const panel of value?.panels ?? []) {
    const { link, part } = panel;
    for (const place of places) {
      const isShown = place.u >= part[0] && place.u < part[2] && place.v >= part[1] && place.v < part[3];
      if (place.link !== link || !isShown) continue;
      const mark = makeMark(figure, panel, place);
      marks.append(mark);
      if (panel.rows) marks.append(makeValue(figure, panel, place, mark));
    }
  }
}

/** A cell, or the place alone. @param {Figure} figure @param {Panel} panel @param {Place} place */
function makeMark(figure, { box, part, cell }, { u, v }) {
  const { left, top, scaleX, scaleY } = frameOf(figure), origin = figure.marks.getBoundingClientRect();
  const width = ((box[2] - box[0]) / (part[2] - part[0])) * scaleX;
  const height = ((box[3] - box[1]) / (part[3] - part[1])) * scaleY;
  const mark = document.createElement("span");
  mark.className = cell ? "cell" : "place";
  if (cell) {
    u = Math.floor(u / cell[0] + 1e-6) * cell[0];
    v = Math.floor(v / cell[1] + 1e-6) * cell[1];
    mark.style.width = `${cell[0] * width}px`;
    mark.style.height = `${cell[1] * height}px`;
  }
  mark.style.left = `${left - origin.left + box[0] * scaleX + (u - part[0]) * width}px`;
  mark.style.top = `${top - origin.top + box[1] * scaleY + (v - part[1]) * height}px`;
  return mark;
}

/** The value of the cell, beside its mark. @param {Figure} figure @param {Panel} panel @param {Place} place @param {HTMLElement} mark */
function makeValue(figure, panel, { u, v }, mark) {
  const { part } = panel, text = document.createElement("span");
  const inside = [(u - part[0]) / (part[2] - part[0]), (v - part[1]) / (part[3] - part[1])];
  text.textContent = valueText(panel, Math.floor(inside[1] * panel.rows), Math.floor(inside[0] * panel.columns));
  text.className = "value";
  text.style.left = mark.style.left;
  text.style.top = mark.style.top;
  const { left, scaleX } = frameOf(figure), origin = figure.marks.getBoundingClientRect();
  const middle = left - origin.left + (figure.props.value.width * scaleX) / 2;
  text.classList.toggle("left", Number.parseFloat(mark.style.left) > middle);
  return text;
}
