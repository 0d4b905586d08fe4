// The photo of the overlay: outlines, labels and the tip with the characters of the hovered word.

import { make, makeSvg, percent, scoreColour } from "./dom.js";
import { tr } from "./texts.js";

/** @import { Overlay, Word } from "./overlay_types.js" */

/** @param {Overlay} overlay */
export function drawPhoto({ nodes: { svg, photo }, state: { data } }) {
  if (!data.photo) return;
  svg.replaceChildren();
  svg.setAttribute("viewBox", "0 0 " + data.width + " " + data.height);
  photo.style.aspectRatio = data.width + " / " + data.height;
  photo.style.maxWidth = "calc(76vh * " + data.width / data.height + ")";
  makeSvg(svg, "image", { href: data.photo.url, width: data.width, height: data.height, preserveAspectRatio: "none" });
}

/** @param {Overlay} overlay @returns {NodeListOf<SVGElement>} */
const outlines = ({ nodes: { svg } }) => svg.querySelectorAll(".word");

/** @param {Overlay} overlay */
export function drawWords(overlay) {
  for (const outline of outlines(overlay)) outline.remove();
  overlay.nodes.labels.replaceChildren();
  overlay.state.shown.forEach((word, index) => {
    drawOutline(overlay, word, index);
    drawLabel(overlay, word);
  });
}

/** @param {Overlay} overlay @param {Word} word @param {number} index */
function drawOutline(overlay, word, index) {
  const { nodes: { svg }, state: { shown }, update, select } = overlay;
  const points = word.polygon.map((point) => point.join(",")).join(" ");
  const group = makeSvg(svg, "g", {
    class: word.score < 0.5 ? "word dark" : "word", "data-id": word.id, role: "button", tabindex: index ? -1 : 0,
    "aria-label": tr("{text}, word {number} of {count}, found {found}, read {read}", {
      text: word.text || tr("unreadable"), number: index + 1, count: shown.length,
      found: percent(word.score), read: percent(word.reading_score),
    }),
  });
  makeSvg(group, "polygon", { points, class: "halo" });
  makeSvg(group, "polygon", { points, class: "line", stroke: scoreColour(word.score) });
  group.addEventListener("pointerenter", () => update({ hovered: word }));
  group.addEventListener("pointerleave", () => update({ hovered: null }));
  group.addEventListener("focus", () => {
    moveTabStop(overlay, index);
    update({ hovered: word });
  });
  group.addEventListener("blur", () => update({ hovered: null }));
  group.addEventListener("click", () => select(word.id));
  group.addEventListener("keydown", (event) => onKey(overlay, event, word, index));
}

/** @param {Overlay} overlay @param {KeyboardEvent} event @param {Word} word @param {number} index */
function onKey(overlay, event, word, index) {
  const { state: { shown }, select } = overlay;
  const next = ["ArrowRight", "ArrowDown"].includes(event.key), previous = ["ArrowLeft", "ArrowUp"].includes(event.key);
  if (next || previous) outlines(overlay)[(index + (next ? 1 : shown.length - 1)) % shown.length].focus();
  else if (event.key === "Enter" || event.key === " ") select(word.id);
  else if (event.key === "Escape") select(null);
  else return;
  event.preventDefault();
}

/** All words are one tab stop; arrow keys move it. @param {Overlay} overlay @param {number} index */
function moveTabStop(overlay, index) {
  outlines(overlay).forEach((outline, i) => outline.setAttribute("tabindex", i === index ? "0" : "-1"));
}

/** @param {Overlay} overlay @param {Word} word */
function drawLabel({ nodes: { labels }, state: { data } }, word) {
  const [x1, y1, x2, y2] = word.box, label = make(labels, "span", "label", word.text);
  label.dataset.id = word.id;
  // Above the word; below it where there is no room; inside only when the word fills the photo.
  const below = y1 < 0.06 * data.height, top = below && y2 < 0.94 * data.height ? y2 : y1;
  label.style.top = (100 * top) / data.height + "%";
  if (below) label.classList.add("below");
  if (x1 > 0.6 * data.width) label.style.right = 100 - (100 * Math.min(x2, data.width)) / data.width + "%";
  else label.style.left = (100 * Math.max(x1, 0)) / data.width + "%";
}

const SLACK = 4;  // pixels that a label may lie on another word

/** @param {DOMRect} a @param {DOMRect} b @param {number} [slack] */
const overlap = (a, b, slack = 0) =>
  Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack;

/** Hides labels that would cover another word, or the label of a word with a higher score. @param {Overlay} overlay */
export function hideCoveredLabels(overlay) {
  const { nodes: { labels } } = overlay;
  /** @type {DOMRect[]} */
  const visible = [];
  const words = [...outlines(overlay)].map((word) => ({ id: word.dataset.id, box: word.getBoundingClientRect() }));
  for (const label of labels.children) {
    if (!(label instanceof HTMLElement)) continue;
    label.classList.remove("covered");
    const box = label.getBoundingClientRect();
    const isOverWord = words.some((word) => word.id !== label.dataset.id && overlap(box, word.box, SLACK));
    const covered = isOverWord || visible.some((other) => overlap(box, other));
    if (covered) label.classList.add("covered");
    else visible.push(box);
  }
}

/** @param {Overlay} overlay */
export function drawTip({ nodes: { tip }, state: { data, hovered: word } }) {
  tip.hidden = !word;
  if (!word) return;
  tip.replaceChildren();
  const characters = make(tip, "span", "letters");
  for (const { text, score } of word.characters) {
    make(characters, "span", "letter", text).style.borderBottomColor = scoreColour(score);
  }
  if (!word.characters.length) make(characters, "span", "letter", word.text);
  make(tip, "span", "scores", tr("found {found} · read {read}", { found: percent(word.score), read: percent(word.reading_score) }));
  const own = word.network_text ?? null;
  if (own !== null) make(tip, "span", "scores own", tr("the network alone reads {text}", { text: own || tr("(no text)") }));
  const [x1, y1, x2, y2] = word.box, under = y1 < 0.25 * data.height;
  tip.style.left = Math.min(Math.max((50 * (x1 + x2)) / data.width, 20), 80) + "%";
  tip.style.top = (100 * Math.min(Math.max(under ? y2 : y1, 0), data.height)) / data.height + "%";
  tip.classList.toggle("under", under);
}
