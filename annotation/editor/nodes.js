// The fixed nodes of the page, from editor.html.

import { find } from "../../spotter/tabs/shared/dom.js";

/** @typedef {ReturnType<typeof findNodes>} Nodes */

/** @param {HTMLElement} element */
export const findNodes = (element) => ({
  root: find(element, ".editor", HTMLElement),
  stage: find(element, ".stage", HTMLElement),
  photo: find(element, "svg.photo", SVGSVGElement),
  image: find(element, "svg.photo image", SVGImageElement),
  wordLayer: find(element, ".words", SVGGElement),
  handleLayer: find(element, ".handles", SVGGElement),
  draftLayer: find(element, ".draft", SVGGElement),
  hatch: find(element, "#re-hatch", SVGPatternElement),
  tip: find(element, ".tip", HTMLElement),
  card: find(element, ".card", HTMLElement),
  crop: find(element, ".card canvas", HTMLCanvasElement),
  field: find(element, ".card input", HTMLInputElement),
  offer: find(element, ".offer", HTMLElement),
  offerText: find(element, ".offer b", HTMLElement),
  offerScore: find(element, ".offer .confidence", HTMLElement),
  accept: find(element, '[data-do="accept"]', HTMLButtonElement),
  dismiss: find(element, '[data-do="dismiss"]', HTMLButtonElement),
  preview: find(element, ".preview", HTMLElement),
  table: find(element, "table", HTMLTableElement),
  head: find(element, "thead", HTMLTableSectionElement),
  rows: find(element, "tbody", HTMLTableSectionElement),
  rowBox: find(element, ".rows", HTMLElement),
  count: find(element, ".count", HTMLElement),
  none: find(element, ".none", HTMLElement),
  unsureFirst: find(element, ".unsure-first", HTMLInputElement),
  remove: find(element, '.bar [data-do="remove"]', HTMLButtonElement),
  finish: find(element, ".finish", HTMLElement),
  hint: find(element, ".hint", HTMLElement),
  pill: find(element, ".pill", HTMLElement),
  live: find(element, ".live", HTMLElement),
  brightness: find(element, ".brightness", HTMLInputElement),
  contrast: find(element, ".contrast", HTMLInputElement),
  resetSight: find(element, ".reset-sight", HTMLButtonElement),
  closeUp: find(element, ".close-up", HTMLInputElement),
  help: find(element, "dialog", HTMLDialogElement),
});
