// A list with buttons: the rows can be opened or have actions.

import { closest, find, make } from "../../../spotter/tabs/shared/dom.js";

/** @import { Component } from "../../../spotter/tabs/shared/dom.js" */

/**
 * As ListingData in listing.py.
 * @typedef {object} RowData
 * @property {string} key
 * @property {string} title
 * @property {string} note
 * @property {string} badge
 * @property {string} picture
 * @property {boolean} opens
 * @property {[string, string][]} actions  name and label
 * @typedef {object} ListingData
 * @property {RowData[]} rows
 * @property {string} [current]
 * @property {string} [head]
 * @property {string} [foot]
 * @property {string} [empty]
 * @property {{ url: string } | null} [ahead]
 * @property {string[]} [picked]
 * @typedef {ReturnType<typeof findNodes>} Nodes
 */

/** @param {HTMLElement} element */
const findNodes = (element) => ({
  root: find(element, ".listing", HTMLElement),
  list: find(element, "ul", HTMLUListElement),
  head: find(element, ".head", HTMLElement),
  foot: find(element, ".foot", HTMLElement),
  none: find(element, ".none", HTMLElement),
  preload: new Image(),  // referenced, so that the browser keeps the picture
});

/** @param {Component<{ value: ListingData, named: string }>} component */
export function mount({ element, props, trigger, watch }) {
  const nodes = findNodes(element), { list } = nodes;
  list.setAttribute("aria-label", props.named);
  list.addEventListener("click", (event) => {
    const button = closest(event, "button"), row = closest(event, "li");
    if (!button || !row) return;
    props.value = { rows: [], picked: [row.dataset.key ?? "", button.dataset.action ?? ""] };
    trigger("input");
  });
  list.addEventListener("keydown", (event) => onKey(list, event));
  watch("value", () => show(nodes, props.value));
  show(nodes, props.value);
}

/** Arrow keys go from button to button. @param {HTMLElement} list @param {KeyboardEvent} event */
function onKey(list, event) {
  const next = ["ArrowDown", "ArrowRight"].includes(event.key), previous = ["ArrowUp", "ArrowLeft"].includes(event.key);
  if (!next && !previous) return;
  const buttons = [...list.querySelectorAll("button")], at = buttons.findIndex((button) => button === event.target);
  event.preventDefault();
  buttons[at + (next ? 1 : -1)]?.focus();
}

/** @param {Nodes} nodes @param {ListingData | null} value */
function show(nodes, value) {
  if (!value || value.picked?.length) return;
  const { root, list } = nodes, focused = list.contains(document.activeElement) ? document.activeElement : null;
  const focusedKey = focused?.closest("li")?.dataset.key;
  root.hidden = false;
  list.replaceChildren();
  for (const row of value.rows) makeRow(list, row, row.key === value.current);
  list.hidden = !value.rows.length;
  showText(nodes.head, value.head);
  showText(nodes.foot, value.foot);
  showText(nodes.none, value.rows.length ? "" : value.empty);
  const rows = [...list.querySelectorAll("li")], current = rows.find((row) => row.className === "current");
  if (current) scrollTo(list, current);
  const again = current ?? rows.find((row) => row.dataset.key === focusedKey);
  if (focused) again?.querySelector("button")?.focus({ preventScroll: true });
  if (value.ahead?.url && nodes.preload.src !== value.ahead.url) nodes.preload.src = value.ahead.url;
}

/** @param {HTMLElement} node @param {string | undefined} text */
function showText(node, text = "") {
  node.textContent = text;
  node.hidden = !text;
}

/** Scrolls the list only, never the page. @param {HTMLElement} list @param {HTMLElement} row */
function scrollTo(list, row) {
  list.scrollTop = row.offsetTop - list.offsetTop - list.clientHeight / 2 + row.offsetHeight / 2;
  list.scrollLeft = row.offsetLeft - list.offsetLeft - list.clientWidth / 2 + row.offsetWidth / 2;
}

/** @param {HTMLElement} list @param {RowData} row @param {boolean} isCurrent */
function makeRow(list, row, isCurrent) {
  const item = make(list, "li", isCurrent ? "current" : "");
  item.dataset.key = row.key;
  const main = row.opens ? makeButton(item, "main", "") : make(item, "div", "main");
  if (row.opens && isCurrent) main.setAttribute("aria-current", "true");
  if (row.picture.startsWith("data:image/")) Object.assign(make(main, "img"), { src: row.picture, alt: "" });
  const texts = make(main, "span", "texts");
  make(texts, "span", "title", row.title).dir = "auto";
  if (row.note) make(texts, "span", "note", row.note);
  if (row.badge) make(main, "span", "badge", row.badge).dataset.badge = row.badge;
  for (const [name, label] of row.actions) {
    const button = makeButton(item, "act", name);
    button.textContent = label;
    button.setAttribute("aria-label", label + ": " + row.title);
  }
}

/** @param {HTMLElement} parent @param {string} className @param {string} action */
function makeButton(parent, className, action) {
  const button = make(parent, "button", className);
  button.type = "button";
  button.dataset.action = action;
  return button;
}
