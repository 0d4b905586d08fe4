// The bars of buttons, the hint below them and the pill that says what is saved.

import { tr } from "../../spotter/tabs/shared/texts.js";
import { confidence, splitText, UNSURE } from "./regions.js";
import { onlySelected, regionOf, selectedRegions } from "./state.js";

/** @import { Editor, State } from "./types.js" */

/** @param {number} count */
export const countWords = (count) => (count === 1 ? tr("1 word") : tr("{count} words", { count }));

/** @param {number} count */
export const countSelected = (count) =>
  count === 1 ? tr("1 word selected") : tr("{count} words selected", { count });

/** @param {State} state */
const hasSelection = (state) => state.selection.length > 0;

/** @param {State} state */
const hasSuggestion = (state) => Boolean(onlySelected(state)?.suggestion);

/**
 * When an action is possible. Those that are missing here always are.
 * @type {Record<string, (state: State) => boolean>}
 */
const REQUIREMENTS = {
  undo: ({ history }) => history.past.length > 0,
  redo: ({ history }) => history.future.length > 0,
  zoomWord: hasSelection,
  text: ({ selection }) => selection.length === 1,
  split: ({ selection }) => selection.length === 1,
  merge: ({ selection, history }) => selection.length > 0 && history.now.length > 1,
  duplicate: hasSelection,
  illegible: hasSelection,
  difficult: hasSelection,
  lock: hasSelection,
  remove: hasSelection,
  accept: hasSuggestion,
  dismiss: hasSuggestion,
};

/** @param {State} state @param {string} action */
export function isPossible(state, action) {
  if (!state.photo.photo) return action === "help";
  return action in REQUIREMENTS ? REQUIREMENTS[action](state) : true;
}

/** @param {State} state @param {string} action */
function isPressed(state, action) {
  const regions = selectedRegions(state);
  if (action === "illegible" || action === "difficult") return regions.length > 0 && regions.every((r) => r[action]);
  if (action === "lock") return regions.length > 0 && regions.every((r) => r.locked);
  return state.tool === action;
}

/** aria-disabled instead of disabled: the focus stays where it is when the last word goes. @param {Editor} editor */
export function drawBars({ nodes, state }) {
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (nodes.root.querySelectorAll(".bar button"))) {
    const action = button.dataset.do ?? "";
    button.setAttribute("aria-disabled", String(!isPossible(state, action)));
    if (button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", String(isPressed(state, action)));
  }
  const label = state.corner === null ? tr("Delete the word") : tr("Delete the corner");
  nodes.remove.setAttribute("aria-label", label);
  nodes.remove.title = tr("{label} (Del)", { label });
  nodes.finish.hidden = state.tool === "select";
  nodes.hint.textContent = hintOf(state);
  nodes.root.dataset.tool = state.tool;
}

/** What can be done next, in one line. @param {State} state */
export function hintOf(state) {
  const { photo, drawing, cut, tool, selection, moving, corner } = state;
  if (!photo.photo) return "";
  if (drawing) return drawingHint(state);
  if (cut) {
    const halves = splitText(regionOf(state, cut.id)?.text ?? "", cut.t);
    return tr("Cut here: {halves}", { halves: halves.map((half) => half || "…").join(" | ") });
  }
  if (tool === "merge") return tr("Choose the word to merge with");
  if (moving) return tr("Arrow keys move the word, Enter ends");
  if (corner !== null) {
    return tr("Corner {number}: arrow keys move it, n adds one, Del deletes it", { number: corner + 1 });
  }
  if (selection.length > 1) return countSelected(selection.length);
  return summary(state);
}

/** @param {State} state */
function drawingHint({ drawing, tool }) {
  if (!drawing) return "";
  const { points, bottom, lower } = drawing;
  if (tool === "box" && !points.length) return tr("Drag a box, or click its four corners");
  if (tool === "box") return tr("Corner {number} of 4", { number: points.length + 1 });
  if (tool === "polygon" && points.length < 3) return tr("Click the corners, one after another");
  if (tool === "polygon") return tr("Enter, Done or a double click closes the shape");
  if (lower && bottom.length < 2) return tr("Click along the bottom of the word");
  if (lower) return tr("Enter, Done or a double click closes the band");
  if (points.length < 2) return tr("Click along the top of the word, from its first letter on");
  return tr("Enter, Done or a double click: now the bottom line");
}

/** @param {State} state */
function summary({ history: { now } }) {
  const suggestions = now.filter((r) => r.suggestion).length;
  const unsure = now.filter((r) => !r.locked && (confidence(r) ?? 0) < UNSURE).length;
  const parts = [countWords(now.length)];
  if (unsure) parts.push(tr("{count} unsure", { count: unsure }));
  if (suggestions) parts.push(tr("{count} with a suggestion", { count: suggestions }));
  return parts.join(" · ");
}

/** @type {Record<string, string>} */
const PILLS = {
  saved: tr("Saved"), saving: tr("Saving…"), late: tr("Not saved yet"), conflict: tr("Conflict"),
};

/** "Saved" only when the last edit is: an answer to an older one says nothing about it. @param {Editor} editor */
export function drawPill({ nodes: { pill }, state: { saving, revision } }) {
  const isUnsaved = saving.on && saving.revision < revision && ["saved", ""].includes(saving.state);
  const state = isUnsaved ? (saving.late ? "late" : "saving") : saving.state;
  pill.hidden = !PILLS[state];
  pill.dataset.state = state;
  const text = PILLS[state] ? [PILLS[state], saving.message || saving.note].filter(Boolean).join(": ") : "";
  if (pill.textContent !== text) pill.textContent = text;
}
