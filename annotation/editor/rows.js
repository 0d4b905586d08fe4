// The rows of the list.

import { make, makeSvg, percent, scoreColour } from "../../spotter/tabs/shared/dom.js";
import { tr } from "../../spotter/tabs/shared/texts.js";
import { clamp } from "./geometry.js";
import { confidenceRuns } from "./regions.js";

/** @import { Editor, Entry, Region, Row } from "./types.js" */

/** @param {Element} parent @param {string} name */
function makeIcon(parent, name) {
  const icon = makeSvg(parent, "svg", { "aria-hidden": "true" });
  makeSvg(icon, "use", { href: "#re-" + name });
}

/** @param {Element} cell @param {string} className @param {string} action */
function makeButton(cell, className, action) {
  const button = make(cell, "button", className);
  button.type = "button";
  button.dataset.row = action;
  return button;
}

/** @param {Element} cell @param {string} action @param {string} icon */
function makeIconButton(cell, action, icon) {
  const button = makeButton(cell, action, action);
  makeIcon(button, icon);
  return button;
}

/** @param {Editor} editor @param {string} id @returns {Row} */
export function makeRow({ nodes: { rows } }, id) {
  const row = make(rows, "tr");
  row.dataset.id = id;
  const number = make(row, "td", "number"), cell = make(row, "td", "text"), count = make(number, "span");
  makeIcon(number, "lock");
  const text = makeButton(cell, "word-text", "text");
  text.dir = "auto";
  const offered = make(cell, "span", "offered");
  const found = make(row, "td", "score found"), read = make(row, "td", "score");
  const flags = make(row, "td", "flags");
  return {
    row, number, count, text, offered, found, read,
    illegible: makeIconButton(flags, "illegible", "illegible"),
    difficult: makeIconButton(flags, "difficult", "difficult"),
    remove: makeIconButton(flags, "remove", "delete"),
  };
}

/** The text with its uncertain characters underlined. @param {Element} parent @param {Region} region */
export function drawText(parent, region) {
  parent.replaceChildren();
  for (const run of confidenceRuns(region)) {
    if (run.score === null) parent.append(run.text);
    else make(parent, "u", "unsure", run.text).title = percent(run.score);
  }
}

/**
 * @param {Entry} entry
 * @param {Region} region
 * @param {number} index
 * @param {string} description
 * @param {boolean} selected
 */
export function drawRow(entry, region, index, description, selected) {
  const name = tr("word {number}, {text}", { number: index + 1, text: region.text || tr("no text") });
  entry.count.textContent = String(index + 1);
  entry.number.classList.toggle("locked", region.locked);
  entry.number.title = region.locked ? tr("Checked by a person: no model may change it") : "";
  if (region.text) drawText(entry.text, region);
  else entry.text.textContent = region.illegible ? tr("illegible") : tr("no text");
  entry.text.classList.toggle("blank", !region.text);
  entry.text.setAttribute("aria-label", tr("Edit {word}", { word: description }));
  entry.offered.textContent = region.suggestion ? "→ " + region.suggestion.text : "";
  entry.offered.hidden = !region.suggestion;
  drawScore(entry.found, region.score);
  drawScore(entry.read, region.reading_score);
  drawFlag(entry.illegible, tr("Illegible"), region.illegible, name);
  drawFlag(entry.difficult, tr("Difficult"), region.difficult, name);
  entry.remove.setAttribute("aria-label", tr("Delete {word}", { word: name }));
  entry.remove.title = tr("Delete");
  entry.row.classList.toggle("selected", selected);
}

/** @param {HTMLButtonElement} button @param {string} label @param {boolean} on @param {string} name */
function drawFlag(button, label, on, name) {
  button.setAttribute("aria-pressed", String(on));
  button.setAttribute("aria-label", tr("{action}: {item}", { action: label, item: name }));
  button.title = label;
}

/** @param {HTMLElement} cell @param {number | null} score */
function drawScore(cell, score) {
  cell.textContent = percent(score);
  cell.classList.toggle("nothing", score === null);
  cell.style.setProperty("--score", String(score ?? 0));
  cell.style.setProperty("--colour", scoreColour(score ?? 0));
}

/**
 * Scrolls the list only, never the page, and shows the next row too. What lies below the window is not in sight.
 * @param {Editor} editor
 * @param {HTMLElement} row
 */
export function keepInView({ nodes: { head, rowBox } }, row) {
  const hidden = clamp(rowBox.getBoundingClientRect().bottom - innerHeight, 0, rowBox.clientHeight / 2);
  const seen = rowBox.clientHeight - hidden, { offsetTop, offsetHeight } = row;
  const top = offsetTop - head.offsetHeight, bottom = offsetTop + 2 * offsetHeight - seen;
  if (top < rowBox.scrollTop) rowBox.scrollTop = top;
  else if (bottom > rowBox.scrollTop) rowBox.scrollTop = bottom;
}
