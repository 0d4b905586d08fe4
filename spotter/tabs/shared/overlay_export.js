// Exports of the overlay: the text and the JSON of the shown words.

import { make } from "./dom.js";
import { tr } from "./texts.js";

/** @import { Overlay, Word } from "./overlay_types.js" */

/** The words in reading order: line by line, left to right. @param {Word[]} words */
function asText(words) {
  const boxes = words.map(({ text, box: [x1, y1, , y2] }) => ({ text, x: x1, y: (y1 + y2) / 2, height: y2 - y1 }));
  /** @type {(typeof boxes)[]} */
  const lines = [];
  for (const word of boxes.sort((a, b) => a.y - b.y)) {
    const line = lines.find(([first]) => Math.abs(first.y - word.y) < 0.5 * Math.min(first.height, word.height));
    if (line) line.push(word);
    else lines.push([word]);
  }
  return lines.map((line) => line.sort((a, b) => a.x - b.x).map((word) => word.text).join(" ")).join("\n");
}

/** @param {Overlay} overlay */
export async function copyText({ element, nodes: { copy }, state: { shown } }) {
  const area = make(element, "textarea", "offscreen", asText(shown));
  area.select();
  try {
    // The clipboard API is missing on plain http; the old command still works there.
    if (navigator.clipboard) await navigator.clipboard.writeText(area.value);
    else document.execCommand("copy");
    copy.textContent = tr("Copied");
  } catch {
    copy.textContent = tr("Not allowed");
  }
  area.remove();
  setTimeout(() => { copy.textContent = tr("Copy text"); }, 1500);
}

/** Downloads the shown words in the `--json` format. @param {Overlay} overlay */
export function saveJson({ state: { data: { name, width, height, seconds, model }, shown } }) {
  const content = { model, images: { [name]: { width, height, seconds, words: shown } } };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: "application/json" }));
  link.download = name.replace(/\.[^.]*$/, "") + ".json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
