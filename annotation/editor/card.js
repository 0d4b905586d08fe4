// The card with the text field: near the only selected word, never on it.

import { percent } from "../../spotter/tabs/shared/dom.js";
import { bounds, clamp } from "./geometry.js";
import { confidenceRuns } from "./regions.js";
import { drawText } from "./rows.js";
import { isDragging, listOrder, onlySelected } from "./state.js";
import { onStage, stageSize } from "./view.js";

/** @import { Editor, Region } from "./types.js" */

const GAP = 18;  // screen pixels between word and card

/** @param {Editor} editor */
export function drawCard(editor) {
  const { nodes: { card, field }, state } = editor, region = onlySelected(state);
  card.hidden = !region || state.tool !== "select" || isDragging(state.gesture);
  if (card.hidden || !region) return;
  if (!state.editing) field.value = region.text;
  field.placeholder = region.illegible ? "illegible" : "type what you read";
  field.setAttribute("aria-label", "Text of word " + (listOrder(state).indexOf(region) + 1));
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
  accept.setAttribute("aria-label", "Use the suggestion " + suggestion.text);
  dismiss.setAttribute("aria-label", "Dismiss the suggestion " + suggestion.text);
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
  const stage = stageSize(editor), { offsetWidth: width, offsetHeight: height } = card;
  const { top, bottom, middle } = onStage(state.view, bounds(region.points));
  const isAbove = bottom + GAP + height > stage.height && top - GAP - height >= -4;
  card.style.left = clamp(middle - width / 2, 0, Math.max(stage.width - width, 0)) + "px";
  card.style.top = clamp(isAbove ? top - GAP - height : bottom + GAP, 0, stage.height + 6) + "px";
}
