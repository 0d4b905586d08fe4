// The selection and the text field of the selected word.

import { tr } from "../../spotter/tabs/shared/texts.js";
import { countSelected } from "./bars.js";
import { drawCard, placeCard } from "./card.js";
import { change } from "./edits.js";
import { cornerNode } from "./handles.js";
import { adoptPostponed } from "./incoming.js";
import { withText } from "./regions.js";
import { keepInView } from "./rows.js";
import { lastSelected, listOrder, onlySelected, regionOf } from "./state.js";
import { announce, focusNode, update } from "./update.js";
import { glide, viewOf } from "./zoom.js";

/** @import { Editor, State } from "./types.js" */

/**
 * @param {Editor} editor
 * @param {string[]} ids
 * @param {boolean} [near]  zoom to a small word: it was not chosen on the photo
 */
export function select(editor, ids, near = false) {
  const { editing, tabLeaves, view } = editor.state, selection = ids.filter((id) => regionOf(editor.state, id));
  const last = regionOf(editor.state, selection[selection.length - 1]);
  const chosen = {
    selection, corner: null, moving: false, tabLeaves: ids.length ? false : tabLeaves, ...viewOf(editor, last, near),
  };
  if (editing && !ids.includes(editing.id)) finishText(editor, chosen);
  else update(editor, chosen);
  if (near || !last) glide(editor, view);
  const row = last && editor.drawn.get(last.id)?.row;
  if (row) keepInView(editor, row);
}

/** @param {Editor} editor @param {string} id */
export function toggleSelected(editor, id) {
  const { selection } = editor.state;
  select(editor, selection.includes(id) ? selection.filter((other) => other !== id) : [...selection, id]);
  announce(editor, countSelected(editor.state.selection.length));
}

/** @param {Editor} editor */
export function selectAll(editor) {
  select(editor, listOrder(editor.state).map((r) => r.id));
  focusPhoto(editor);
  announce(editor, countSelected(editor.state.selection.length));
}

/** Focuses the corner or word the keyboard works on. @param {Editor} editor */
export function focusPhoto(editor) {
  const { nodes, drawn, state } = editor, last = lastSelected(state);
  const corner = state.corner === null ? null : cornerNode(editor, state.corner);
  focusNode(corner ?? (last && drawn.get(last.id)?.group) ?? nodes.photo);
}

/** @param {Editor} editor */
export const photoHasFocus = ({ nodes: { photo } }) => photo.contains(document.activeElement);

// ---- The text field

/** @param {Editor} editor @param {string} id @param {"photo" | "list"} from */
export function editText(editor, id, from) {
  const { field, stage } = editor.nodes;
  if (onlySelected(editor.state)?.id !== id) select(editor, [id], true);
  update(editor, { corner: null, editing: { id, from } });
  placeCard(editor);
  field.focus({ preventScroll: from === "photo" });
  field.select();
  if (from === "list") stage.scrollIntoView({ block: "nearest" });
}

/** The field got the focus by a click or Tab. @param {Editor} editor */
export function startText(editor) {
  const region = onlySelected(editor.state);
  if (region && !editor.state.editing) update(editor, { editing: { id: region.id, from: "photo" } });
}

/**
 * Takes over what was typed; the focus stays where it is.
 * @param {Editor} editor
 * @param {Partial<State>} [chosen]  what is selected and seen then, drawn together with the text
 */
export function finishText(editor, chosen) {
  const { editing } = editor.state, text = editor.nodes.field.value;
  if (!editing) return;
  const region = regionOf(editor.state, editing.id), changes = { ...chosen, editing: null };
  if (region && text !== region.text) {
    const label = text ? tr("text: {text}", { text }) : tr("text: none");
    change(editor, [editing.id], (r) => withText(r, text), label, changes);
  } else update(editor, changes);
  adoptPostponed(editor);
}

/** @param {Editor} editor @param {boolean} keep  what was typed */
export function leaveText(editor, keep) {
  const { editing } = editor.state, region = onlySelected(editor.state);
  const row = editing && editor.drawn.get(editing.id)?.row;
  if (!keep && region) editor.nodes.field.value = region.text;
  finishText(editor);
  if (editing?.from === "list" && row) row.querySelector("button")?.focus();
  else focusPhoto(editor);
  drawCard(editor);
}

/**
 * A key has asked for another photo. Who was typing goes on typing there.
 * @param {Editor} editor
 */
export function leavePhoto(editor) {
  const isTyping = document.activeElement === editor.nodes.field;
  finishText(editor);
  select(editor, []);
  update(editor, { isTyping });
  focusNode(editor.nodes.photo);
}

/** The text of the first word of the list. @param {Editor} editor */
export function editFirstText(editor) {
  const [first] = listOrder(editor.state);
  if (first) editText(editor, first.id, "photo");
}

/**
 * Takes over the text and edits the one `step` rows on; false at the end of the list.
 * @param {Editor} editor
 * @param {1 | -1} step
 */
export function editNextText(editor, step) {
  const { state } = editor, order = listOrder(state);
  const next = order[order.findIndex((r) => r.id === state.selection[0]) + step], from = state.editing?.from ?? "photo";
  if (next) editText(editor, next.id, from);
  else finishText(editor);
  return Boolean(next);
}
