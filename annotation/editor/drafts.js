// What is being drawn or cut, and the cross of the keyboard.

import { makeSvg } from "../../spotter/tabs/shared/dom.js";
import { bandOutline } from "./bands.js";
import { boxBetween, distance, interpolate, orderQuad } from "./geometry.js";
import { pointsAttribute } from "./outlines.js";

/** @import { Cut, Drawing, Editor, Point, Tool } from "./types.js" */

const CROSS = "M-16 0H-4M4 0H16M0 -16V-4M0 4V16";

/** The line that is being drawn. @param {Drawing} drawing */
export const currentLine = (drawing) => (drawing.lower ? drawing.bottom : drawing.points);

/** What is drawn so far, with the place of the pointer. @param {Drawing} drawing @param {Tool} tool */
function draftShape({ points, bottom, lower, cursor, cross, box }, tool) {
  if (box) return boxBetween(...box);
  const pointer = cross ?? cursor, next = pointer ? [pointer] : [];
  if (lower) return bandOutline(points, [...bottom, ...next]);
  const shape = points.length ? [...points, ...next] : [];
  return tool === "box" && shape.length === 4 ? orderQuad(shape) : shape;
}

/** @param {Editor} editor */
export function drawDraft(editor) {
  const { nodes: { draftLayer }, state: { drawing, cut } } = editor;
  draftLayer.replaceChildren();
  if (cut) drawCut(editor, cut);
  if (drawing) drawDrawing(editor, drawing);
  if (drawing?.cross) drawCross(editor, drawing.cross);
}

/** @param {Editor} editor @param {Cut} cut */
function drawCut({ nodes: { draftLayer }, state: { view } }, { cutter, t }) {
  const [a, b] = cutter.line(t), over = 10 / view.scale / Math.max(distance(a, b), 1e-6);
  const points = pointsAttribute([interpolate(a, b, -over), interpolate(a, b, 1 + over)]);
  makeSvg(draftLayer, "polyline", { points, class: "halo" });
  makeSvg(draftLayer, "polyline", { points, class: "line cut" });
}

/** @param {Editor} editor @param {Drawing} drawing */
function drawDrawing({ nodes: { draftLayer }, state: { tool } }, drawing) {
  const shape = draftShape(drawing, tool), points = pointsAttribute(shape);
  const tag = shape.length > 2 ? "polygon" : "polyline";
  makeSvg(draftLayer, tag, { points, class: "halo" });
  makeSvg(draftLayer, tag, { points, class: "line" });
  if (tool === "band" && drawing.points.length > 1) {
    makeSvg(draftLayer, "polyline", { points: pointsAttribute(drawing.points), class: "line first" });
  }
  for (const [x, y] of [...drawing.points, ...drawing.bottom]) {
    const dot = makeSvg(draftLayer, "g", { transform: "translate(" + x + " " + y + ")", class: "dot" });
    makeSvg(makeSvg(dot, "g", { class: "px" }), "circle", { r: 5 });
  }
}

/** @param {Editor} editor @param {Point} cross */
function drawCross({ nodes: { draftLayer } }, [x, y]) {
  const group = makeSvg(draftLayer, "g", { transform: "translate(" + x + " " + y + ")", class: "cross" });
  const cross = makeSvg(group, "g", { class: "px" });
  makeSvg(cross, "path", { d: CROSS, class: "halo" });
  makeSvg(cross, "path", { d: CROSS, class: "line" });
}
