// The card with the enlarged word and its text field: near the only selected word, never on it.

import { percent } from "../../spotter/tabs/shared/dom.js";
import { tr } from "../../spotter/tabs/shared/texts.js";
import { drawCrop } from "./crop.js";
import { bounds, clamp } from "./geometry.js";
import { confidenceRuns } from "./regions.js";
import { drawText } from "./rows.js";
import { isDragging, listOrder, onlySelected } from "./state.js";
import { onStage, stageSize } from "./view.js";

/** @import { Editor, Region } from "./types.js" */

const GAP = 24;      // screen pixels between word and card, room for the handles
const LINES = 1.8;   // from a line to the end of the next one, of the word's height

/** @param {Editor} editor */
export function drawCard(editor) {
  const { nodes: { card, field }, state } = editor, region = onlySelected(state);
  card.hidden = !region || state.tool !== "select" || isDragging(state.gesture);
  if (card.hidden || !region) return;
  if (!state.editing) field.value = region.text;
  field.placeholder = region.illegible ? tr("illegible") : tr("type what you read");
  field.setAttribute("aria-label", tr("Text of word {number}", { number: listOrder(state).indexOf(region) + 1 }));
  drawSuggestion(editor, region);
  drawPreview(editor);
  placeCard(editor);
}

/** @param {Editor} editor @param {Region} region */
function drawSuggestion({ nodes: { offer, offerText, offerScore, accept, dismiss } }, { suggestion }) {
  offer.hidden = !suggestion;
  if (!suggestion) return;
  offerText.textContent = suggestion.text;
  offerScore.textContent = percent(suggestion.score);
  accept.setAttribute("aria-label", tr("Use the suggestion {text}", { text: suggestion.text }));
  dismiss.setAttribute("aria-label", tr("Dismiss the suggestion {text}", { text: suggestion.text }));
}

/** The uncertain characters, as long as the field shows the text that was read. @param {Editor} editor */
export function drawPreview({ nodes: { preview, field }, state }) {
  const region = onlySelected(state);
  if (!region) return;
  const uncertain = confidenceRuns(region).some((run) => run.score !== null);
  preview.hidden = !uncertain || field.value !== region.text;
  if (!preview.hidden) drawText(preview, region);
}

/** @param {Editor} editor */
export function placeCard(editor) {
  const { nodes: { card }, state } = editor, region = onlySelected(state);
  if (card.hidden || !region) return;
  drawCrop(editor, region.points, region.text);
  const { left, top } = cardPlace(editor, region);
  card.style.left = left + "px";
  card.style.top = top + "px";
}

/**
 * Above the word, else below the next line, else beside the word, else below the next line though it juts out.
 * @param {Editor} editor
 * @param {Region} region
 */
function cardPlace(editor, region) {
  const { nodes: { card }, state: { view } } = editor, stage = stageSize(editor);
  const { offsetWidth: width, offsetHeight: height } = card, box = bounds(region.points);
  const { top, bottom, middle, start, end } = onStage(view, box);
  const lowest = Math.max(stage.height - height, 0), rightmost = Math.max(stage.width - width, 0);
  const left = clamp(middle - width / 2, 0, rightmost), beside = clamp((top + bottom - height) / 2, 0, lowest);
  const above = top - GAP - height, below = top + LINES * (bottom - top) + GAP;
  if (above >= 0) return { left, top: above };
  if (below <= lowest) return { left, top: below };
  if (end + GAP <= rightmost) return { left: end + GAP, top: beside };
  if (start - GAP - width >= 0) return { left: start - GAP - width, top: beside };
  return { left, top: clamp(below, 0, stage.height + 6) };
}
