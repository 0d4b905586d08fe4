// Gestures that move words and corners. They change only what is shown; their end makes one edit.

import { tr } from "../../spotter/tabs/shared/texts.js";
import { change } from "./edits.js";
import { bounds, clamp, clampPoints, roundToTenth, samePoints, translate } from "./geometry.js";
import { adoptPostponed } from "./incoming.js";
import { edited } from "./regions.js";
import { focusPhoto } from "./selection.js";
import { onlySelected, regionOf } from "./state.js";
import { changeDrawing } from "./tools.js";
import { update } from "./update.js";

/** @import { Editor, NudgeGesture, Photo, Point, Reshaping, ShapeGesture } from "./types.js" */

/**
 * The points moved by image pixels: one corner, or the whole word, which stops at the edge.
 * @param {Reshaping} gesture
 * @param {Point} by
 * @param {Photo} photo
 */
function movedShape({ points, index }, [dx, dy], photo) {
  if (index !== null) return clampPoints(points.with(index, translate([points[index]], dx, dy)[0]), photo);
  const { x1, y1, x2, y2 } = bounds(points);
  const right = roundToTenth(clamp(dx, -x1, photo.width - x2)), down = roundToTenth(clamp(dy, -y1, photo.height - y2));
  return clampPoints(translate(points, right, down), photo);
}

/** @param {Editor} editor @param {ShapeGesture | NudgeGesture} gesture @param {Point} by */
export function dragBy(editor, gesture, by) {
  update(editor, { gesture: { ...gesture, shape: movedShape(gesture, by, editor.state.photo) } });
}

/** The edit a finished gesture stands for. @param {Editor} editor @param {ShapeGesture | NudgeGesture} gesture */
export function commitShape(editor, { id, shape, index, ...gesture }) {
  if (!shape || samePoints(shape, regionOf(editor.state, id)?.points ?? [])) return;
  const isNew = gesture.kind === "corner" && gesture.inserted;
  const label = isNew ? tr("corner added") : index === null ? tr("word moved") : tr("corner moved");
  change(editor, [id], (r) => edited(r, { points: shape }), label);
  if (isNew) update(editor, { corner: index });
  focusPhoto(editor);
}

/** Back to how it was before the gesture. @param {Editor} editor */
export function abortGesture(editor) {
  if (!editor.state.gesture) return;
  update(editor, { gesture: null });
  changeDrawing(editor, { box: null, cursor: null });
  adoptPostponed(editor);
}

// ---- Arrow keys

/** One screen pixel, but whole image pixels; ten times that with Shift. @param {Editor} editor @param {boolean} fast */
export const stepSize = ({ state: { view } }, fast) => Math.max(1, Math.round(1 / view.scale)) * (fast ? 10 : 1);

/**
 * Moves a corner, or the word when index is null. A held key makes one edit, when it is let go.
 * @param {Editor} editor
 * @param {Point} direction
 * @param {boolean} fast
 * @param {number | null} index
 */
export function nudge(editor, [x, y], fast, index) {
  const { gesture: current, photo } = editor.state, region = onlySelected(editor.state);
  if (!region || (current && current.kind !== "nudge")) return;
  /** @type {NudgeGesture} */
  const gesture = current ?? { kind: "nudge", id: region.id, index, points: region.points, shape: null, by: [0, 0] };
  const box = bounds(index === null ? gesture.points : [gesture.points[index]]), step = stepSize(editor, fast);
  /** @type {Point} */
  const by = [  // never further than the edge: the way back starts at once
    clamp(gesture.by[0] + x * step, -box.x1, photo.width - box.x2),
    clamp(gesture.by[1] + y * step, -box.y1, photo.height - box.y2),
  ];
  dragBy(editor, { ...gesture, by }, by);
}

/** @param {Editor} editor */
export function endNudge(editor) {
  const { gesture } = editor.state;
  if (gesture?.kind !== "nudge") return;
  update(editor, { gesture: null });
  commitShape(editor, gesture);
  adoptPostponed(editor);
}
