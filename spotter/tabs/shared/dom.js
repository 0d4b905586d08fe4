// Small helpers for the page. Texts from photos, files and people go through textContent or setAttribute, never into
// markup.

const SVG = "http://www.w3.org/2000/svg";
const VIRIDIS = [[68, 1, 84], [65, 68, 135], [42, 120, 142], [34, 168, 132], [122, 209, 81], [253, 231, 37]];

/**
 * What gradio gives the script of a component, see gr.HTML's `js_on_load`.
 * @template Props
 * @typedef {object} Component
 * @property {HTMLElement} element
 * @property {Props} props  A reactive proxy: clone what is read.
 * @property {(event: string) => void} trigger
 * @property {(prop: string, callback: () => void) => void} watch  Calls back when Python changes the prop.
 */

/** @template T @param {T} value @returns {T} */
export const clone = (value) => JSON.parse(JSON.stringify(value));

/**
 * The element with this selector, which must exist.
 * @template {Element} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => T} type
 */
export function find(parent, selector, type) {
  const node = parent.querySelector(selector);
  if (!(node instanceof type)) throw new Error("There is no " + selector);
  return node;
}

/** The innermost element around an event's target. @param {Event} event @param {string} selector */
export function closest(event, selector) {
  return event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest(selector)) : null;
}

/**
 * Appends a new HTML element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Element} parent
 * @param {Tag} tag
 * @param {string} [className]
 * @param {string} [text]
 */
export function make(parent, tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

/**
 * Appends a new SVG element.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Element} parent
 * @param {Tag} tag
 * @param {Record<string, string | number>} [attributes]
 */
export function makeSvg(parent, tag, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  setAttributes(node, attributes);
  parent.append(node);
  return node;
}

/** Writes only what differs. @param {Element} node @param {Record<string, string | number>} attributes */
export function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
  }
}

/** @param {number | null} score  0 to 1 */
export const percent = (score) => (score === null ? "–" : Math.round(score * 100) + " %");

/** A colour between dark (0) and light (1). @param {number} score */
export function scoreColour(score) {
  const at = Math.min(Math.max(score, 0), 1) * (VIRIDIS.length - 1), low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  const mixed = VIRIDIS[low].map((value, i) => Math.round(value + (VIRIDIS[low + 1][i] - value) * (at - low)));
  return "rgb(" + mixed.join(",") + ")";
}
