// A picture with its alternative text. A click sends its position, in pixels of the picture, to Python. Pointing at a
// panel marks the spot in all panels on the page that show the same thing.

import { clone, find } from "../shared/dom.js";

/** @import { Component } from "../shared/dom.js" */

/**
 * As FigureData in figure.py.
 * @typedef {[number, number, number, number]} Box  x1, y1, x2, y2
 * @typedef {object} Panel
 * @property {string} link  what the panel shows; panels with the same link belong together
 * @property {Box} box  of the panel in the picture, pixels
 * @property {Box} part  of the linked image that it shows, 0 to 1
 * @property {[number, number] | null} cell  width and height of a cell that is marked as a whole, 0 to 1
 * @typedef {object} FigureValue
 * @property {{ url: string } | null} image
 * @property {string} alt
 * @property {number} width
 * @property {number} height
 * @property {boolean} framed
 * @property {number} scroll_below  Pixels; a narrower picture scrolls instead of shrinking.
 * @property {boolean} clickable
 * @property {number[]} [click]
 * @property {Panel[]} panels
 * @typedef {{ link: string, u: number, v: number }} Place  A place of the linked image, 0 to 1.
 * @typedef {{ image: HTMLImageElement, marks: HTMLElement, props: { value: FigureValue } }} Figure
 */

const POINTED = "figure-pointed";  // the event of the document whose detail are the places pointed at

/** @param {Component<{ value: FigureValue }>} component */
export function mount({ element, props, trigger, watch }) {
  const figure = { image: find(element, "img", HTMLImageElement), marks: find(element, ".marks", HTMLElement), props };
  const send = (/** @type {Place[]} */ places) => document.dispatchEvent(new CustomEvent(POINTED, { detail: places }));
  figure.image.addEventListener("click", (event) => {
    if (!props.value.clickable) return;
    props.value = { ...clone(props.value), click: picturePoint(figure, event) };
    trigger("input");
  });
  figure.image.addEventListener("pointermove", (event) => send(placesAt(figure, event)));
  figure.image.addEventListener("pointerleave", () => send([]));
  const onPointed = (/** @type {Event} */ event) => {
    if (!element.isConnected) document.removeEventListener(POINTED, onPointed);
    else drawMarks(figure, event instanceof CustomEvent ? event.detail : []);
  };
  document.addEventListener(POINTED, onPointed);
  watch("value", () => show(figure));
  show(figure);
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
  image.classList.toggle("framed", value.framed);
  image.classList.toggle("wide", value.scroll_below > 0);
  image.classList.toggle("clickable", value.clickable);
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
  return figure.props.value.panels.flatMap(({ link, box, part }) => {
    const u = (x - box[0]) / (box[2] - box[0]), v = (y - box[1]) / (box[3] - box[1]);
    if (u < 0 || u >= 1 || v < 0 || v >= 1) return [];
    return { link, u: part[0] + u * (part[2] - part[0]), v: part[1] + v * (part[3] - part[1]) };
  });
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
      if (place.link === link && isShown) marks.append(makeMark(figure, panel, place));
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
