// The pointer: mouse, pen and fingers.

import { currentLine } from "./drafts.js";
import { contains, signedArea } from "./geometry.js";
import { abortGesture, commitShape, dragBy } from "./gestures.js";
import { handleAt } from "./handles.js";
import { adoptPostponed } from "./incoming.js";
import { editText, finishText, focusPhoto, photoHasFocus, select, toggleSelected } from "./selection.js";
import { onlySelected } from "./state.js";
import { changeDrawing, endPress, mergeWith, moveCutTo, split } from "./tools.js";
import { focusNode, update } from "./update.js";
import { imagePoint } from "./view.js";
import { activateCorner, insertCorner, removeCorner, withMidpoint } from "./word_edits.js";
import { panBy, zoomAt } from "./zoom.js";

/** @import { Editor, PanGesture, Point, Press, ShapeGesture, State, ToolGesture } from "./types.js" */

const CLICK = { mouse: 4, touch: 9 };  // screen pixels a click may move

/** @param {Editor} editor @param {PointerEvent} event */
export function onPointerDown(editor, event) {
  const { nodes: { photo, root } } = editor;
  finishText(editor);
  if (!photoHasFocus(editor)) focusNode(photo);
  root.classList.toggle("coarse", event.pointerType === "touch");
  trackPointer(editor, event);
  // A pointer that is gone by now (a script's) cannot be captured.
  try { photo.setPointerCapture(event.pointerId); } catch { /* works without */ }
  if (editor.state.pointers.size === 2) {
    abortGesture(editor);
    return update(editor, { gesture: { kind: "pinch" } });
  }
  if (editor.state.gesture || event.button > 1) return;
  const gesture = startGesture(editor, event);
  update(editor, { gesture });
  if (gesture.kind === "cut") moveCutTo(editor, gesture.at);
  hover(editor, null);
}

/** @param {Editor} editor @param {PointerEvent} event */
function startGesture(editor, event) {
  const { tool, space } = editor.state;
  const { clientX: x, clientY: y, pointerType } = event;
  const press = { at: imagePoint(editor, event), x, y, moved: false, touch: pointerType === "touch" };
  if (event.button === 1 || space.held) {
    event.preventDefault();
    update(editor, { space: { ...space, used: true } });
    return /** @type {PanGesture} */ ({ kind: "pan", always: true, ...press });
  }
  if (tool === "select") return grab(editor, press, event);
  return /** @type {ToolGesture} */ ({ kind: tool === "merge" ? "pick" : tool === "split" ? "cut" : "draw", ...press });
}

/**
 * The gesture that a press starts with the select tool.
 * @param {Editor} editor
 * @param {Press} press
 * @param {PointerEvent} event
 * @returns {ShapeGesture | PanGesture}
 */
function grab(editor, press, event) {
  const region = onlySelected(editor.state), handle = region && handleAt(editor, region.points, press.at);
  if (region && (handle || (contains(region.points, press.at) && !event.shiftKey))) {
    const { id, points } = region, base = { ...press, id, points, shape: null, inserted: false, erase: false };
    if (!handle) return { ...base, kind: "region", index: null };
    const { kind, index } = handle;
    if (kind === "corner") return { ...base, kind: "corner", index, erase: event.altKey };
    return { ...base, kind: "corner", index: index + 1, points: withMidpoint(points, index), inserted: true };
  }
  return { ...press, kind: "pan", id: wordAt(editor.state, press.at)?.id };
}

/** The smallest word under an image point. @param {State} state @param {Point} at */
function wordAt({ history }, at) {
  const hits = history.now.filter((r) => contains(r.points, at));
  return hits.sort((a, b) => Math.abs(signedArea(a.points)) - Math.abs(signedArea(b.points)))[0];
}

/** @param {Editor} editor @param {PointerEvent} event */
function trackPointer(editor, event) {
  const pointers = new Map(editor.state.pointers).set(event.pointerId, { x: event.clientX, y: event.clientY });
  update(editor, { pointers });
}

/** @param {Editor} editor @param {PointerEvent} event */
function dropPointer(editor, event) {
  update(editor, { pointers: new Map([...editor.state.pointers].filter(([id]) => id !== event.pointerId)) });
}

/** @param {Editor} editor @param {PointerEvent} event */
export function onPointerMove(editor, event) {
  const { gesture, pointers } = editor.state, before = pointers.get(event.pointerId);
  if (before) trackPointer(editor, event);
  if (!gesture) return onHover(editor, event);
  if (!before || gesture.kind === "nudge") return;
  if (gesture.kind === "pinch") return pinch(editor, event, before);
  const moved = Math.hypot(event.clientX - gesture.x, event.clientY - gesture.y);
  if (!gesture.moved && moved < (gesture.touch ? CLICK.touch : CLICK.mouse)) return;
  moveGesture(editor, { ...gesture, moved: true }, event, before);
}

/**
 * @param {Editor} editor
 * @param {PanGesture | ToolGesture | ShapeGesture} gesture
 * @param {PointerEvent} event
 * @param {{ x: number, y: number }} before
 */
function moveGesture(editor, gesture, event, before) {
  const { drawing, tool } = editor.state, p = imagePoint(editor, event);
  if (gesture.kind === "corner" || gesture.kind === "region") {
    return dragBy(editor, gesture, [p[0] - gesture.at[0], p[1] - gesture.at[1]]);
  }
  update(editor, { gesture });
  if (gesture.kind === "pan") panBy(editor, event.clientX - before.x, event.clientY - before.y);
  else if (gesture.kind === "cut") moveCutTo(editor, p);
  else if (gesture.kind === "draw" && drawing) {
    const isBox = tool === "box" && !currentLine(drawing).length;
    changeDrawing(editor, isBox ? { box: [gesture.at, p] } : { cursor: p });
  }
}

/** @param {Editor} editor @param {PointerEvent} event */
export function onPointerUp(editor, event) {
  dropPointer(editor, event);
  const { gesture, pointers } = editor.state;
  if (!gesture || gesture.kind === "nudge") return;
  if (gesture.kind === "pinch") {
    if (!pointers.size) update(editor, { gesture: null });
    return;
  }
  update(editor, { gesture: null });
  endGesture(editor, gesture, imagePoint(editor, event), event);
  adoptPostponed(editor);
}

/** @param {Editor} editor @param {PointerEvent} event */
export function onPointerCancel(editor, event) {
  dropPointer(editor, event);
  abortGesture(editor);
}

/**
 * The edit or the selection that a finished gesture stands for.
 * @param {Editor} editor
 * @param {PanGesture | ToolGesture | ShapeGesture} gesture
 * @param {Point} p
 * @param {PointerEvent} event
 */
function endGesture(editor, gesture, p, event) {
  if ("points" in gesture) endReshaping(editor, gesture);
  else if (gesture.kind === "pan") endPan(editor, gesture, event);
  else if (gesture.kind === "draw") endPress(editor, gesture, p);
  else if (gesture.kind === "cut") split(editor);
  else pick(editor, gesture, p);
}

/** @param {Editor} editor @param {ShapeGesture} gesture */
function endReshaping(editor, gesture) {
  if (gesture.moved) commitShape(editor, gesture);
  else if (gesture.index === null) editText(editor, gesture.id, "photo");
  else if (gesture.erase) removeCorner(editor, gesture.index);
  else if (gesture.inserted) insertCorner(editor, gesture.index - 1);
  else activateCorner(editor, gesture.index);
}

/** @param {Editor} editor @param {ToolGesture} gesture @param {Point} p */
function pick(editor, gesture, p) {
  const word = gesture.moved ? undefined : wordAt(editor.state, p);
  if (word) mergeWith(editor, word.id);
}

/** @param {Editor} editor @param {PanGesture} gesture @param {PointerEvent} event */
function endPan(editor, { moved, always, id }, event) {
  if (moved || always) return;
  if (id && (event.shiftKey || event.ctrlKey || event.metaKey)) toggleSelected(editor, id);
  else select(editor, id ? [id] : []);
  focusPhoto(editor);
}

/**
 * Two fingers zoom and move the photo.
 * @param {Editor} editor
 * @param {PointerEvent} event
 * @param {{ x: number, y: number }} before
 */
function pinch(editor, event, before) {
  const other = [...editor.state.pointers].find(([id]) => id !== event.pointerId)?.[1];
  if (!other) return;
  const box = editor.nodes.photo.getBoundingClientRect(), now = { x: event.clientX, y: event.clientY };
  const spread = (/** @type {{ x: number, y: number }} */ a) => Math.hypot(a.x - other.x, a.y - other.y);
  const factor = spread(now) / Math.max(spread(before), 1);
  zoomAt(editor, factor, (now.x + other.x) / 2 - box.left, (now.y + other.y) / 2 - box.top);
  panBy(editor, (now.x - before.x) / 2, (now.y - before.y) / 2);
}

/** @param {Editor} editor @param {string | null | undefined} id */
export const hover = (editor, id) => update(editor, { hovered: id ?? null });

/** @param {Editor} editor @param {PointerEvent} event */
function onHover(editor, event) {
  if (event.pointerType === "touch") return;
  const { drawing, cut } = editor.state, p = imagePoint(editor, event);
  if (drawing) changeDrawing(editor, { cursor: p, cross: null });
  else if (cut) moveCutTo(editor, p);
  else hover(editor, wordAt(editor.state, p)?.id);
}

/** @param {Editor} editor @param {WheelEvent} event */
export function onWheel(editor, event) {
  const factor = Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015) * (event.ctrlKey ? 6 : 1));
  if (factor < 1 && editor.state.view.fitted) return;  // fitted already: the page scrolls
  event.preventDefault();
  const box = editor.nodes.photo.getBoundingClientRect();
  zoomAt(editor, factor, event.clientX - box.left, event.clientY - box.top);
}
