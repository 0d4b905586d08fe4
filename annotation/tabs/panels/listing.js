// A list with buttons: the rows can be opened or have actions.
//
// A long list comes in parts: the rows beside the ones in sight are asked for while one scrolls. All its rows have the
// same height (--row), so that the place of each is known.

import { closest, find, make } from "../../../spotter/tabs/shared/dom.js";
import { tr } from "../../../spotter/tabs/shared/texts.js";

/** @import { Component } from "../../../spotter/tabs/shared/dom.js" */

const SCROLLING = 120;  // milliseconds of rest until rows are asked for
const END_OF_NAME = 12;  // characters of a long name that stay in sight behind the dots

/**
 * As ListingData in listing.py.
 * @typedef {object} RowData
 * @property {string} key
 * @property {string} title
 * @property {string} note
 * @property {string} badge
 * @property {string} tip  shown under the mouse
 * @property {string} picture
 * @property {boolean} opens
 * @property {[string, string][]} actions  name and label
 * @typedef {object} ListingData
 * @property {RowData[]} rows
 * @property {number} [first]  index of the first row within the whole list
 * @property {number | null} [total]  of a list that comes in parts
 * @property {string} [current]
 * @property {string} [head]
 * @property {string} [foot]
 * @property {string} [empty]
 * @property {boolean} [folds]  Only the head is shown until it is clicked.
 * @property {boolean} [closes]  It has a button that hides it.
 * @property {{ url: string } | null} [ahead]
 * @property {string[]} [picked]
 * @typedef {ReturnType<typeof findNodes>} Nodes
 */

/** @param {HTMLElement} element */
const findNodes = (element) => ({
  root: find(element, ".listing", HTMLElement),
  list: find(element, "ul", HTMLUListElement),
  head: find(element, "p.head", HTMLElement),
  fold: find(element, ".fold", HTMLButtonElement),
  close: find(element, ".close", HTMLButtonElement),
  foot: find(element, ".foot", HTMLElement),
  none: find(element, ".none", HTMLElement),
  preload: new Image(),  // referenced, so that the browser keeps the picture
});

/** @param {Component<{ value: ListingData, named: string }>} component */
export function mount({ element, props, trigger, watch }) {
  const nodes = findNodes(element), { list, fold } = nodes;
  list.setAttribute("aria-label", props.named);
  list.addEventListener("click", (event) => {
    const button = closest(event, "button"), row = closest(event, "li");
    if (!button || !row) return;
    props.value = { rows: [], picked: [row.dataset.key ?? "", button.dataset.action ?? ""] };
    trigger("input");
  });
  list.addEventListener("keydown", (event) => onKey(list, event));
  fold.addEventListener("click", () => setFolded(nodes, !list.hidden));
  nodes.close.addEventListener("click", () => { nodes.root.hidden = true; });
  let timer = 0;
  const askForRows = () => {
    const missing = missingRow(list);
    if (missing === null) return;
    props.value = { rows: [], picked: [String(missing), "part"] };
    trigger("scroll");
  };
  const askSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(askForRows, SCROLLING);
  };
  list.addEventListener("scroll", askSoon);
  watch("value", () => {
    show(nodes, props.value);
    askSoon();
  });
  show(nodes, props.value);
}

/** Arrow keys go from button to button. @param {HTMLElement} list @param {KeyboardEvent} event */
function onKey(list, event) {
  const next = ["ArrowDown", "ArrowRight"].includes(event.key), previous = ["ArrowUp", "ArrowLeft"].includes(event.key);
  if (!next && !previous) return;
  const buttons = [...list.querySelectorAll("button")], at = buttons.findIndex((button) => button === event.target);
  const target = buttons[at + (next ? 1 : -1)];
  event.preventDefault();
  if (!target) return;
  for (const button of buttons) button.tabIndex = button === target ? 0 : -1;
  target.focus();
}

/** @param {Nodes} nodes @param {ListingData | null} value */
function show(nodes, value) {
  if (!value || value.picked?.length) return;
  const { root, list } = nodes, focused = list.contains(document.activeElement) ? document.activeElement : null;
  const focusedKey = focused?.closest("li")?.dataset.key, before = list.dataset.current, { scrollTop } = list;
  root.hidden = !value.rows.length && !value.head && !value.foot && !value.empty;
  nodes.close.hidden = !value.closes;
  list.replaceChildren();
  for (const row of value.rows) makeRow(list, row, row.key === value.current);
  placeRows(list, value);
  list.hidden = !value.rows.length;
  showText(value.folds ? nodes.fold : nodes.head, value.head);
  showText(value.folds ? nodes.head : nodes.fold);
  if (value.folds) setFolded(nodes, true);
  showText(nodes.foot, value.foot);
  showText(nodes.none, value.rows.length ? "" : value.empty);
  const rows = [...list.querySelectorAll("li")], current = rows.find((row) => row.className === "current");
  list.dataset.current = value.current ?? "";
  if (current && before !== list.dataset.current) scrollTo(list, current);
  else list.scrollTop = scrollTop;
  const again = current ?? rows.find((row) => row.dataset.key === focusedKey);
  oneTabStop(list, again);
  if (focused) again?.querySelector("button")?.focus({ preventScroll: true });
  if (value.ahead?.url && nodes.preload.src !== value.ahead.url) nodes.preload.src = value.ahead.url;
}

/** Empty space stands for the rows before and after these. @param {HTMLElement} list @param {ListingData} value */
function placeRows(list, { rows, first = 0, total }) {
  const isPart = typeof total === "number", after = isPart ? total - first - rows.length : 0;
  list.classList.toggle("part", isPart);
  Object.assign(list.dataset, { first, total: isPart ? total : rows.length });
  list.style.setProperty("--before", String(isPart ? first : 0));
  list.style.setProperty("--after", String(Math.max(0, after)));
}

/**
 * The index of a row in sight that has not come yet; null if all are there.
 * @param {HTMLElement} list
 */
function missingRow(list) {
  const row = list.querySelector("li");
  if (!list.classList.contains("part") || !row) return null;
  const height = row.offsetHeight, first = Number(list.dataset.first), total = Number(list.dataset.total);
  const top = Math.floor(list.scrollTop / height), bottom = Math.floor((list.scrollTop + list.clientHeight) / height);
  const last = first + list.children.length - 1;
  if (top >= first && Math.min(bottom, total - 1) <= last) return null;
  return Math.min(Math.max(top, 0), total - 1);
}

/** Tab enters the list once; the arrow keys go on. @param {HTMLElement} list @param {Element | undefined} row */
function oneTabStop(list, row) {
  const buttons = [...list.querySelectorAll("button")];
  const stop = row?.querySelector("button") ?? buttons[0];
  for (const button of buttons) button.tabIndex = button === stop ? 0 : -1;
}

/** @param {Nodes} nodes @param {boolean} folded */
function setFolded({ list, fold }, folded) {
  list.hidden = folded;
  fold.setAttribute("aria-expanded", String(!folded));
}

/** @param {HTMLElement} node @param {string | undefined} text */
function showText(node, text = "") {
  node.textContent = text;
  node.hidden = !text;
}

/** Scrolls the list only, never the page. @param {HTMLElement} list @param {HTMLElement} row */
function scrollTo(list, row) {
  list.scrollTop = row.offsetTop - list.offsetTop - list.clientHeight / 2 + row.offsetHeight / 2;
}

/** @param {HTMLElement} list @param {RowData} row @param {boolean} isCurrent */
function makeRow(list, row, isCurrent) {
  const item = make(list, "li", isCurrent ? "current" : "");
  item.dataset.key = row.key;
  if (row.tip) item.title = row.tip;
  const main = row.opens ? makeButton(item, "main", "") : make(item, "div", "main");
  if (row.opens && isCurrent) main.setAttribute("aria-current", "true");
  if (row.picture.startsWith("data:image/")) Object.assign(make(main, "img"), { src: row.picture, alt: "" });
  const texts = make(main, "span", "texts");
  makeTitle(texts, row.title);
  if (row.note) make(texts, "span", "note", row.note).dir = "auto";
  if (row.badge) make(main, "span", "badge", row.badge).dataset.badge = row.badge;
  for (const [name, label] of row.actions) {
    const button = makeButton(item, "act", name);
    button.textContent = label;
    button.setAttribute("aria-label", tr("{action}: {item}", { action: label, item: row.title }));
  }
}

/** In two parts, so that a part of a long list can leave out the middle. @param {Element} parent @param {string} text */
function makeTitle(parent, text) {
  const title = make(parent, "span", "title"), letters = [...text];
  title.dir = "auto";
  make(title, "span", "start", letters.slice(0, -END_OF_NAME).join(""));
  make(title, "span", "end", letters.slice(-END_OF_NAME).join(""));
}

/** @param {HTMLElement} parent @param {string} className @param {string} action */
function makeButton(parent, className, action) {
  const button = make(parent, "button", className);
  button.type = "button";
  button.dataset.action = action;
  return button;
}
