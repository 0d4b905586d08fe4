// Words as bands, between a top and a bottom line: how they are cut and merged. Pure functions.

import {
  clipPolygon, clockwise, convexHull, distance, distanceToSegment, interpolate, minAreaRect, selfIntersects, signedArea,
} from "./geometry.js";

/** @import { Band, Cutter, Point } from "./types.js" */

/** @param {Point[]} line */
function lineLength(line) {
  return line.slice(1).reduce((sum, p, i) => sum + distance(line[i], p), 0);
}

/**
 * Cuts a line at the fraction t of its length: before and after, both with the point of the cut.
 * @param {Point[]} line
 * @param {number} t
 * @returns {[Point[], Point[]]}
 */
function cutLine(line, t) {
  let rest = t * lineLength(line), i = 1;
  while (i < line.length - 1 && rest > distance(line[i - 1], line[i])) rest -= distance(line[i - 1], line[i++]);
  const step = distance(line[i - 1], line[i]);
  const p = interpolate(line[i - 1], line[i], step ? Math.min(rest / step, 1) : 0);
  const near = (/** @type {Point} */ q) => distance(p, q) < 0.5;  // no two points next to each other
  if (i < line.length - 1 && near(line[i])) return [line.slice(0, i + 1), line.slice(i)];
  if (i > 1 && near(line[i - 1])) return [line.slice(0, i), line.slice(i - 1)];
  return [[...line.slice(0, i), p], [p, ...line.slice(i)]];
}

/** @param {Point[]} line @param {number} t */
const pointAt = (line, t) => cutLine(line, t)[1][0];

/** @param {Point[]} top @param {Point[]} bottom */
const outline = (top, bottom) => [...top, ...[...bottom].reverse()];

/**
 * The long lines of a quad or band, null for any other shape.
 * A polygon that starts at the upper left is preferred as it is; for others every start is tried.
 * @param {Point[]} points
 * @returns {Band | null}
 */
export function bandOf(points) {
  const n = points.length, half = n / 2;
  if (n < 4 || n % 2 || selfIntersects(points)) return null;
  const ordered = clockwise(points);
  /** @type {Band | null} */
  let best = null;
  let bestMerit = -Infinity;
  for (let start = 0; start < n; start++) {
    const turned = [...ordered.slice(start), ...ordered.slice(0, start)];
    const top = turned.slice(0, half), bottom = turned.slice(half).reverse();
    const [dx, dy] = [top[half - 1][0] - top[0][0], top[half - 1][1] - top[0][1]];
    if (Math.abs(dx) >= Math.abs(dy) ? dx <= 0 : dy <= 0) continue;
    const ends = distance(top[0], bottom[0]) + distance(top[half - 1], bottom[half - 1]);
    const merit = ((lineLength(top) + lineLength(bottom)) / Math.max(ends, 1e-6)) * (start ? 1 : 2);
    if (merit > bestMerit && isBand(top, bottom)) [best, bestMerit] = [{ top, bottom }, merit];
  }
  return best;
}

/**
 * Neither folded nor skewed: a cut across is about as long as the band is thick.
 * @param {Point[]} top
 * @param {Point[]} bottom
 */
function isBand(top, bottom) {
  for (let i = 1; i < top.length; i++) {
    if (signedArea([top[i - 1], top[i], bottom[i], bottom[i - 1]]) <= 0) return false;
  }
  const length = (lineLength(top) + lineLength(bottom)) / 2;
  const thickness = signedArea(outline(top, bottom)) / Math.max(length, 1e-6);
  return [0.25, 0.5, 0.75].every((t) => distance(pointAt(top, t), pointAt(bottom, t)) < 1.6 * thickness);
}

/** Top and bottom line, clicked in either direction, as one outline. @param {Point[]} top @param {Point[]} bottom */
export function bandOutline(top, bottom) {
  if (!bottom.length) return top;
  const [topEnd, bottomEnd] = [top[top.length - 1], bottom[bottom.length - 1]];
  const along = distance(top[0], bottom[0]) + distance(topEnd, bottomEnd);
  const against = distance(top[0], bottomEnd) + distance(topEnd, bottom[0]);
  return outline(top, along <= against ? bottom : [...bottom].reverse());
}

// ---- Cutting

/** @param {Point[]} points @returns {Cutter} */
export function makeCutter(points) {
  const band = bandOf(points);
  return band ? bandCutter(band) : rectCutter(points);
}

/** @param {Band} band @returns {Cutter} */
function bandCutter({ top, bottom }) {
  return {
    line: (t) => [pointAt(top, t), pointAt(bottom, t)],
    parts(t) {
      const [topParts, bottomParts] = [cutLine(top, t), cutLine(bottom, t)];
      return [outline(topParts[0], bottomParts[0]), outline(topParts[1], bottomParts[1])];
    },
  };
}

/** Cuts across the smallest rectangle around the points. @param {Point[]} points @returns {Cutter} */
function rectCutter(points) {
  let { cos, sin, u1, u2, v1, v2 } = minAreaRect(points);
  if (v2 - v1 > 2 * (u2 - u1)) [cos, sin, u1, u2, v1, v2] = [-sin, cos, v1, v2, -u2, -u1];  // runs downwards
  const at = (/** @type {number} */ t) => u1 + t * (u2 - u1);
  /** @param {number} u @param {number} v @returns {Point} */
  const toImage = (u, v) => [u * cos - v * sin, u * sin + v * cos];
  return {
    line: (t) => [toImage(at(t), v1), toImage(at(t), v2)],
    parts(t) {
      const before = (/** @type {Point} */ p) => at(t) - (p[0] * cos + p[1] * sin);
      return [clipPolygon(points, before), clipPolygon(points, (p) => -before(p))];
    },
  };
}

/** The t of the cut nearest to a point. @param {Cutter} cutter @param {Point} p */
export function nearestCut(cutter, p) {
  let best = 0.5, shortest = Infinity;
  for (let t = 0.02; t < 0.985; t += 0.01) {
    const far = distanceToSegment(p, ...cutter.line(t));
    if (far < shortest) [best, shortest] = [t, far];
  }
  return best;
}

// ---- Merging

/**
 * Two shapes in reading order as one: a band when both lie on one line, else their convex hull.
 * @param {Point[]} a
 * @param {Point[]} b
 * @param {number} maxPoints
 */
export function mergeShapes(a, b, maxPoints) {
  const first = bandOf(a), second = bandOf(b), hull = convexHull([...a, ...b]);
  if (!first || !second || !isContinuation(first, second)) return hull;
  const [top, bottom] = dropStraight([...first.top, ...second.top], [...first.bottom, ...second.bottom]);
  const points = outline(top, bottom), merged = signedArea(points);
  const sum = signedArea(clockwise(a)) + signedArea(clockwise(b));
  const fits = points.length <= maxPoints && !selfIntersects(points) && merged > 0.9 * sum && merged < 2 * sum;
  return fits ? points : hull;
}

/**
 * Whether the second band goes on where the first one ends, without a sharp turn.
 * @param {Band} first
 * @param {Band} second
 */
function isContinuation(first, second) {
  const middle = (/** @type {Band} */ { top, bottom }, /** @type {number} */ i) =>
    interpolate(top[(i + top.length) % top.length], bottom[(i + bottom.length) % bottom.length], 0.5);
  const end = middle(first, -1), start = middle(second, 0), gap = distance(end, start);
  if (gap < 0.5 * distance(second.top[0], second.bottom[0])) return true;
  /** The cosine between a-b and c-d. @param {Point} a @param {Point} b @param {Point} c @param {Point} d */
  const cosine = (a, b, c, d) =>
    ((b[0] - a[0]) * (d[0] - c[0]) + (b[1] - a[1]) * (d[1] - c[1])) / distance(a, b) / distance(c, d);
  return cosine(middle(first, -2), end, end, start) > 0.6 && cosine(end, start, start, middle(second, 1)) > 0.6;
}

/**
 * Leaves out pairs of points that lie within a pixel of the straight line between their neighbours.
 * @param {Point[]} top
 * @param {Point[]} bottom
 */
function dropStraight(top, bottom) {
  if (top.length !== bottom.length) return [top, bottom];
  const kept = [0];
  for (let i = 1; i < top.length - 1; i++) {
    const before = kept[kept.length - 1];
    const bends = (/** @type {Point[]} */ line) => distanceToSegment(line[i], line[before], line[i + 1]) > 1;
    if (bends(top) || bends(bottom)) kept.push(i);
  }
  kept.push(top.length - 1);
  return [kept.map((i) => top[i]), kept.map((i) => bottom[i])];
}
