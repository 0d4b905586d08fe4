// The one place where the state changes. The page follows: each part is drawn again when what it shows has changed.

import { tr } from "../../spotter/tabs/shared/texts.js";
import { drawBars, countWords, drawPill } from "./bars.js";
import { drawCard, placeCard } from "./card.js";
import { drawDraft } from "./drafts.js";
import { bounds } from "./geometry.js";
import { drawHandles } from "./handles.js";
import {
  describe, drawGesture, drawHovered, drawMergeTarget, drawOutline, hideFarWords, makeOutline, scaleBadges,
} from "./outlines.js";
import { byConfidence, readingOrder } from "./regions.js";
import { drawRow, makeRow } from "./rows.js";
import { isDragging } from "./state.js";
import { drawPhoto, drawView, stageSize } from "./view.js";

/** @import { Editor, Entry, Region, State } from "./types.js" */

/** @param {Editor} editor @param {Partial<State>} changes */
export function update(editor, changes) {
  const before = editor.state;
  editor.state = { ...before, ...changes };
  render(editor, before);
}

/** Draws what depends on the parts of the state that were replaced. @param {Editor} editor @param {State} before */
function render(editor, before) {
  const { state } = editor;
  const changed = (/** @type {(keyof State)[]} */ ...names) => names.some((name) => state[name] !== before[name]);
  if (changed("photo")) drawPhoto(editor);
  const stage = stageSize(editor);  // before other parts change, after which the browser would have to lay them out
  if (changed("history", "selection", "unsureFirst", "photo")) drawWords(editor);
  if (changed("history", "gesture")) drawGesture(editor, before.gesture);
  if (changed("history", "mergeTarget")) drawMergeTarget(editor);
  if (changed("view")) drawView(editor, stage);
  if (changed("view", "history", "selection")) hideFarWords(editor, stage);
  if (changed("view", "history")) scaleBadges(editor.drawn.values(), state.view.scale);
  if (changed("view", "history", "selection", "corner", "tool", "gesture")) drawHandles(editor);
  if (changed("view", "drawing", "cut", "tool")) drawDraft(editor);
  if (changed("photo", "history", "selection", "corner", "moving", "tool", "drawing", "cut")) drawBars(editor);
  if (changed("view", "history", "selection", "tool", "hovered")) drawHovered(editor);
  if (changed("saving", "revision")) drawPill(editor);
  const dragChanged = isDragging(state.gesture) !== isDragging(before.gesture);
  // Last: it asks how large the card is, for which the browser lays out what has changed.
  if (dragChanged || changed("history", "selection", "unsureFirst", "tool")) drawCard(editor);
  else if (changed("view")) placeCard(editor);
}

/** Outlines and rows: makes, changes and removes only those that differ. @param {Editor} editor */
function drawWords(editor) {
  const { drawn, nodes, state } = editor, order = readingOrder(state.history.now);
  const focused = document.activeElement;
  const ids = new Set(order.map((r) => r.id));
  for (const [id, entry] of drawn) {
    if (ids.has(id)) continue;
    entry.group.remove();
    entry.row.remove();
    drawn.delete(id);
  }
  const entries = new Map(order.map((r, index) => [r, drawWord(editor, r, index, order.length)]));
  editor.wordHeight = medianHeight(order);
  arrange(nodes.wordLayer, [...entries.values()].map((entry) => entry.group));
  const listed = state.unsureFirst ? byConfidence(order) : order;
  arrange(nodes.rows, listed.flatMap((r) => entries.get(r)?.row ?? []));
  // A node that was moved has lost the focus.
  if (focused !== document.activeElement && nodes.root.contains(focused)) focusNode(focused);
  nodes.count.textContent = countWords(order.length);
  nodes.table.hidden = !order.length;
  nodes.none.hidden = order.length > 0;
  nodes.none.textContent = state.photo.photo ? tr("No words yet. Draw one with Box, Polygon or Band.") : "";
}

/** @param {Editor} editor @param {Region} region @param {number} index @param {number} total */
function drawWord(editor, region, index, total) {
  const { id } = region, selected = editor.state.selection.includes(id);
  const entry = editor.drawn.get(id) ?? makeEntry(editor, id);
  if (entry.region !== region || entry.index !== index || entry.total !== total) {
    const description = describe(region, index, total);
    drawOutline(entry, region, description, selected);
    drawRow(entry, region, index, description, selected);
  } else if (entry.selected !== selected) {
    entry.group.classList.toggle("selected", selected);
    entry.row.classList.toggle("selected", selected);
  }
  return Object.assign(entry, { region, index, total, selected });
}

/** @param {Editor} editor @param {string} id */
function makeEntry(editor, id) {
  /** @type {Entry} */
  const entry = {
    ...makeOutline(editor, id), ...makeRow(editor, id), region: null, index: -1, total: 0, selected: false,
  };
  editor.drawn.set(id, entry);
  return entry;
}

/** In image pixels, 0 without regions. @param {Region[]} regions */
function medianHeight(regions) {
  const boxes = regions.map((r) => bounds(r.points));
  const heights = boxes.map(({ x1, y1, x2, y2 }) => Math.min(y2 - y1, x2 - x1)).sort((a, b) => a - b);
  return heights[heights.length >> 1] ?? 0;
}

/**
 * Puts the nodes into this order, moving only those that are out of it.
 * @param {Element} parent
 * @param {Element[]} nodes
 */
function arrange(parent, nodes) {
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

/** Without scrolling the page. @param {Element | null} node */
export function focusNode(node) {
  if (node instanceof HTMLElement || node instanceof SVGElement) node.focus({ preventScroll: true });
}

/** For screen readers. The same sentence twice is spoken twice. @param {Editor} editor @param {string} text */
export function announce({ nodes: { live } }, text) {
  live.textContent = live.textContent === text ? text + "\u00a0" : text;
}
