// A table whose rows can be chosen or lead to another address; on a phone each row is a card. Texts are never markup.

import { closest, find, make } from "../../../spotter/tabs/shared/dom.js";
import { tr } from "../../../spotter/tabs/shared/texts.js";

/** @import { Component } from "../../../spotter/tabs/shared/dom.js" */

/**
 * As TableData in table.py.
 * @typedef {{ title: string, at_end: boolean }} Column
 * @typedef {{ text: string, note: string, badge: string, plain: boolean, tone: string, picture: string }} Cell
 * @typedef {{ key: string, cells: Cell[], opens: boolean, address: string }} Row
 * @typedef {object} TableData
 * @property {Column[]} columns
 * @property {Row[]} rows
 * @property {string | null} [current]  key of the highlighted row; null leaves the address alone
 * @property {string} [empty]  shown if there are no rows
 * @property {string} [foot]
 * @property {string} [csv]  offered as a file
 * @property {string} [picked]
 * @typedef {{ value: TableData, named: string, in_address: string, file: string }} Props
 */

/** @param {Component<Props>} component */
export function mount({ element, props, trigger, watch }) {
  const table = find(element, "table", HTMLTableElement);
  table.setAttribute("aria-label", props.named);
  table.addEventListener("click", (event) => {
    const row = closest(event, "tr.opens");
    if (!row || closest(event, "a")) return;
    props.value = { columns: [], rows: [], picked: row.dataset.key ?? "" };
    trigger("input");
  });
  const update = () => {
    if (props.value && !props.value.picked) show(element, props);
  };
  watch("value", update);
  update();
}

/** @param {HTMLElement} element @param {Props} props */
function show(element, { value, in_address: name, file }) {
  const root = find(element, ".table", HTMLElement), body = find(element, "tbody", HTMLElement);
  const focused = body.contains(document.activeElement) ? document.activeElement : null;
  const focusedKey = focused?.closest("tr")?.dataset.key;
  root.hidden = !value.rows.length && !value.empty && !value.foot;
  find(element, ".scroll", HTMLElement).hidden = !value.rows.length;
  const heads = find(element, "thead tr", HTMLElement);
  heads.replaceChildren();
  for (const column of value.columns) make(heads, "th", column.at_end ? "end" : "", column.title).scope = "col";
  body.replaceChildren();
  for (const row of value.rows) makeRow(body, row, value.columns, row.key === value.current);
  if (focusedKey) {
    [...body.querySelectorAll("tr")].find((row) => row.dataset.key === focusedKey)?.querySelector("button")?.focus();
  }
  showText(find(element, ".none", HTMLElement), value.rows.length ? "" : value.empty);
  showText(find(element, ".foot", HTMLElement), value.foot);
  offerFile(find(element, ".download", HTMLAnchorElement), file, value.csv);
  if (name && typeof value.current === "string") showInAddress(name, value.current);
}

/** @param {Element} body @param {Row} row @param {Column[]} columns @param {boolean} isCurrent */
function makeRow(body, row, columns, isCurrent) {
  const line = make(body, "tr", [row.opens ? "opens" : "", isCurrent ? "current" : ""].join(" ").trim());
  line.dataset.key = row.key;
  if (isCurrent) line.setAttribute("aria-current", "true");
  row.cells.forEach((cell, index) => {
    const { title, at_end: atEnd } = columns[index];
    const isEmpty = !cell.text && !cell.picture && !cell.badge;
    const place = make(line, "td", [cell.tone, atEnd ? "end" : "", isEmpty ? "empty" : ""].join(" ").trim());
    place.dataset.title = title;
    fillCell(index ? place : makeHandle(place, row), cell);
  });
}

/** What the first cell's content is put into: a link, a button or the cell. @param {HTMLElement} place @param {Row} row */
function makeHandle(place, row) {
  if (row.address.startsWith("?")) {
    const link = make(place, "a");
    link.href = row.address;
    return link;
  }
  if (!row.opens) return place;
  const button = make(place, "button");
  button.type = "button";
  return button;
}

/** @param {HTMLElement} place @param {Cell} cell */
function fillCell(place, cell) {
  if (cell.picture.startsWith("data:image/")) Object.assign(make(place, "img"), { src: cell.picture, alt: cell.text });
  else if (cell.text) make(place, "span", "text", cell.text);
  if (cell.badge) make(place, "span", cell.plain ? "badge plain" : "badge", cell.badge);
  if (cell.note) make(place, "span", "note", cell.note);
}

/** @param {HTMLElement} node @param {string | undefined} text */
function showText(node, text = "") {
  node.textContent = text;
  node.hidden = !text;
}

/** @param {HTMLAnchorElement} link @param {string} file @param {string | undefined} csv */
function offerFile(link, file, csv = "") {
  link.hidden = !csv;
  if (!csv) return;
  link.textContent = tr("Download as CSV");
  link.download = file;
  link.href = "data:text/csv;charset=utf-8," + encodeURIComponent("\ufeff" + csv);  // Excel needs the mark
}

/** A reload or a link leads to the same row. @param {string} name @param {string} key */
function showInAddress(name, key) {
  const address = new URL(location.href);
  if ((address.searchParams.get(name) ?? "") === key) return;
  if (key) address.searchParams.set(name, key);
  else address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
}
