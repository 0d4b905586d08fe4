// Words over their photo, and the list of them. The state is what the page shows; `update` changes it and draws what
// depends on it.

import { clone, find, percent } from "./dom.js";
import { copyText, saveJson } from "./overlay_export.js";
import { drawRows, keepInView } from "./overlay_list.js";
import { drawPhoto, drawTip, drawWords, hideCoveredLabels } from "./overlay_photo.js";
import { tr } from "./texts.js";

/** @import { Component } from "./dom.js" */
/** @import { Overlay, Payload, State } from "./overlay_types.js" */
/** @typedef {ReturnType<typeof findNodes>} Nodes */

/** @param {HTMLElement} element */
const findNodes = (element) => ({
  root: find(element, ".overlay", HTMLElement),
  slider: find(element, "input[type=range]", HTMLInputElement),
  threshold: find(element, "output", HTMLOutputElement),
  labelSwitch: find(element, "input[type=checkbox]", HTMLInputElement),
  copy: find(element, ".copy", HTMLButtonElement),
  save: find(element, ".save", HTMLButtonElement),
  status: find(element, ".status", HTMLElement),
  photo: find(element, ".photo", HTMLElement),
  svg: find(element, "svg", SVGSVGElement),
  labels: find(element, ".labels", HTMLElement),
  tip: find(element, ".tip", HTMLElement),
  side: find(element, ".side", HTMLElement),
  empty: find(element, ".empty", HTMLElement),
  table: find(element, "table", HTMLTableElement),
  rows: find(element, "tbody", HTMLTableSectionElement),
  credit: find(element, ".credit", HTMLElement),
});

/** @param {Component<{ value: Payload, threshold: number }>} component */
export function mount({ element, props, watch }) {
  const nodes = findNodes(element);
  /** @type {Overlay} */
  const overlay = {
    element, nodes, state: { data: clone(props.value), shown: [], selected: null, hovered: null },
    update: (changes) => update(overlay, changes),
    select: (id) => update(overlay, { selected: id === overlay.state.selected ? null : id }),
  };
  const show = () => {
    const data = clone(props.value);
    update(overlay, { data, shown: aboveThreshold(overlay, data), selected: null, hovered: null });
  };
  nodes.slider.value = String(props.threshold);
  nodes.slider.addEventListener("input", () => {
    const shown = aboveThreshold(overlay, overlay.state.data), { selected } = overlay.state;
    update(overlay, { shown, selected: shown.some((word) => word.id === selected) ? selected : null, hovered: null });
  });
  nodes.labelSwitch.addEventListener("change", () => nodes.photo.classList.toggle("bare", !nodes.labelSwitch.checked));
  nodes.copy.addEventListener("click", () => copyText(overlay));
  nodes.save.addEventListener("click", () => saveJson(overlay));
  new ResizeObserver(() => hideCoveredLabels(overlay)).observe(nodes.labels);
  watch("value", show);
  show();
}

/** @param {Overlay} overlay @param {Payload} data */
const aboveThreshold = ({ nodes: { slider } }, data) => data.words.filter((word) => word.score > Number(slider.value));

/** The only place where the state changes. @param {Overlay} overlay @param {Partial<State>} changes */
function update(overlay, changes) {
  const before = overlay.state, state = { ...before, ...changes };
  overlay.state = state;
  if (state.data !== before.data) {
    overlay.nodes.root.classList.toggle("blank", !state.data.photo);
    overlay.nodes.credit.textContent = state.data.credit;
    drawPhoto(overlay);
  }
  if (state.shown !== before.shown) {
    drawWords(overlay);
    drawRows(overlay);
    drawStatus(overlay);
    hideCoveredLabels(overlay);
  }
  if (state.shown !== before.shown || state.selected !== before.selected) drawSelection(overlay);
  if (state.shown !== before.shown || state.hovered !== before.hovered) {
    mark(overlay, "hovered", state.hovered?.id ?? null);
    drawTip(overlay);
  }
}

/**
 * Gives the class to everything that belongs to the word, and takes it from everything else.
 * @param {Overlay} overlay
 * @param {string} className
 * @param {string | null} id
 */
function mark({ element }, className, id) {
  for (const node of /** @type {NodeListOf<HTMLElement | SVGElement>} */ (element.querySelectorAll("[data-id]"))) {
    node.classList.toggle(className, node.dataset.id === id);
  }
}

/** @param {Overlay} overlay */
function drawSelection(overlay) {
  const { nodes: { svg, rows }, state: { selected } } = overlay;
  mark(overlay, "selected", selected);
  for (const word of /** @type {NodeListOf<SVGElement>} */ (svg.querySelectorAll(".word"))) {
    word.setAttribute("aria-pressed", String(word.dataset.id === selected));
  }
  for (const row of rows.rows) {
    const isSelected = row.dataset.id === selected;
    row.querySelector("button")?.setAttribute("aria-pressed", String(isSelected));
    if (isSelected) keepInView(overlay, row);
  }
}

/** @param {Overlay} overlay */
function drawStatus({ nodes, state }) {
  const count = state.shown.length;
  nodes.threshold.textContent = Number(nodes.slider.value).toFixed(2);
  nodes.slider.style.setProperty("--at", nodes.slider.value);
  nodes.status.textContent = describe(state);
  nodes.table.hidden = !count;
  nodes.empty.hidden = count > 0;
  nodes.empty.textContent = count ? "" : explainEmptiness(state.data);
  nodes.copy.disabled = nodes.save.disabled = !count;
}

/** @param {State} state */
function describe({ data: { photo, words, model, seconds, width, height }, shown }) {
  if (!photo) return "";
  const hidden = words.length - shown.length, values = { count: shown.length, hidden };
  const name = model.name, images = model.trained_images?.toLocaleString("en"), time = seconds.toFixed(2);
  let counted = shown.length === 1 ? tr("{count} word", values) : tr("{count} words", values);
  if (hidden) counted = tr("{counted}, {hidden} less confident hidden", { counted, hidden });
  return [
    counted,
    images ? tr("read in {time} s by {name}, trained on {images} images", { time, name, images }) : tr("read in {time} s by {name}", { time, name }),
    tr("{width} × {height} pixels", { width, height }),
  ].join(" · ");
}

/** @param {Payload} data */
function explainEmptiness({ photo, words }) {
  if (!photo) return tr("Choose a photo, or pick a sample.");
  if (!words.length) return tr("No words found on this photo.");
  const best = percent(Math.max(...words.map((word) => word.score)));
  return tr("No words found with this confidence. The most confident guess has {best}: move the slider to the left.", { best });
}
