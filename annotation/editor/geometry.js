// Plane geometry on points [x, y] in image pixels, y down. Pure functions.

/** @import { Point } from "./types.js" */

/** @param {number} value */
export const roundToTenth = (value) => Math.round(value * 10) / 10;

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** @param {Point} a @param {Point} b */
export const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** @param {Point} a @param {Point} b @param {number} t @returns {Point} */
export const interpolate = (a, b, t) => [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];

/** @param {Point[]} a @param {Point[]} b */
export const samePoints = (a, b) => a.length === b.length && a.every((p, i) => p[0] === b[i][0] && p[1] === b[i][1]);

/**
 * Finite points inside of the image, rounded to a tenth of a pixel: what Python accepts.
 * @param {Point[]} points
 * @param {{ width: number, height: number }} size
 * @returns {Point[]}
 */
export function clampPoints(points, { width, height }) {
  return points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
    .map(([x, y]) => [roundToTenth(clamp(x, 0, width)), roundToTenth(clamp(y, 0, height))]);
}

/** @param {Point[]} points @param {number} dx @param {number} dy @returns {Point[]} */
export const translate = (points, dx, dy) => points.map(([x, y]) => [x + dx, y + dy]);

/**
 * A function of objects that never change, which computes each result once.
 * @template {object} Key @template Result
 * @param {(key: Key) => Result} compute
 * @returns {(key: Key) => Result}
 */
export function memoized(compute) {
  /** @type {WeakMap<Key, Result>} */
  const known = new WeakMap();
  return (key) => {
    const result = known.get(key) ?? compute(key);
    known.set(key, result);
    return result;
  };
}

export const bounds = memoized((/** @type {Point[]} */ points) => {
  const x = points.map((p) => p[0]), y = points.map((p) => p[1]);
  return { x1: Math.min(...x), y1: Math.min(...y), x2: Math.max(...x), y2: Math.max(...y) };
});

/** The rectangle with these opposite corners. @param {Point} a @param {Point} b @returns {Point[]} */
export function boxBetween(a, b) {
  const { x1, y1, x2, y2 } = bounds([a, b]);
  return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]];
}

/** Positive when clockwise on the screen. @param {Point[]} points */
export function signedArea(points) {
  return points.reduce((sum, [x, y], i) => {
    const [nx, ny] = points[(i + 1) % points.length];
    return sum + (x * ny - nx * y) / 2;
  }, 0);
}

/** The same outline, clockwise; the first point stays the first. @param {Point[]} points */
export function clockwise(points) {
  return signedArea(points) < 0 ? [points[0], ...points.slice(1).reverse()] : points;
}

/** Whether the point is inside of the polygon. @param {Point[]} points @param {Point} point */
export function contains(points, [x, y]) {
  let inside = false;
  points.forEach(([ax, ay], i) => {
    const [bx, by] = points[(i + 1) % points.length];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}

/** The sign tells the side of the line a-b on which p lies. @param {Point} a @param {Point} b @param {Point} p */
const cross = (a, b, p) => (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);

/** Whether two sides that are not neighbours cross each other. @param {Point[]} points */
export function selfIntersects(points) {
  const n = points.length;
  for (let i = 0; i < n; i++) {
    for (let j = i + 2; j < n; j++) {
      if (i === 0 && j === n - 1) continue;
      const [a, b, c, d] = [points[i], points[i + 1], points[j], points[(j + 1) % n]];
      if (cross(a, b, c) * cross(a, b, d) < 0 && cross(c, d, a) * cross(c, d, b) < 0) return true;
    }
  }
  return false;
}

/** Clockwise on the screen, from the leftmost point on. @param {Point[]} points */
export function convexHull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (/** @type {Point[]} */ list) => {
    /** @type {Point[]} */
    const chain = [];
    for (const p of list) {
      while (chain.length > 1 && cross(chain[chain.length - 2], chain[chain.length - 1], p) <= 0) chain.pop();
      chain.push(p);
    }
    return chain.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

/**
 * The smallest rectangle around the points: the direction of its axis u, between -45 and 45 degrees, and its extent
 * along u and v.
 * @param {Point[]} points
 */
export function minAreaRect(points) {
  let best = { cos: 1, sin: 0, u1: 0, u2: 0, v1: 0, v2: 0, area: Infinity };
  points.forEach((p, i) => {
    const q = points[(i + 1) % points.length];
    if (!distance(p, q)) return;
    let angle = Math.atan2(q[1] - p[1], q[0] - p[0]);
    angle -= Math.round(angle / (Math.PI / 2)) * (Math.PI / 2);
    const cos = Math.cos(angle), sin = Math.sin(angle);
    const u = points.map((r) => r[0] * cos + r[1] * sin), v = points.map((r) => r[1] * cos - r[0] * sin);
    const [u1, u2, v1, v2] = [Math.min(...u), Math.max(...u), Math.min(...v), Math.max(...v)];
    const area = (u2 - u1) * (v2 - v1);
    if (area < best.area) best = { cos, sin, u1, u2, v1, v2, area };
  });
  return best;
}

/** The part of a polygon where f(point) >= 0, f linear. @param {Point[]} points @param {(point: Point) => number} f */
export function clipPolygon(points, f) {
  /** @type {Point[]} */
  const clipped = [];
  points.forEach((p, i) => {
    const q = points[(i + 1) % points.length], a = f(p), b = f(q);
    if (a >= 0) clipped.push(p);
    if (a * b < 0) clipped.push(interpolate(p, q, a / (a - b)));
  });
  return clipped;
}

/** @param {Point} p @param {Point} a @param {Point} b */
export function distanceToSegment(p, a, b) {
  const square = distance(a, b) ** 2;
  const t = square ? clamp(((p[0] - a[0]) * (b[0] - a[0]) + (p[1] - a[1]) * (b[1] - a[1])) / square, 0, 1) : 0;
  return distance(p, interpolate(a, b, t));
}

/** Four clicked corners in any order as a quad that does not cross itself. @param {Point[]} points */
export function orderQuad(points) {
  if (!selfIntersects(points)) return clockwise(points);
  const x = points.reduce((sum, p) => sum + p[0], 0) / 4, y = points.reduce((sum, p) => sum + p[1], 0) / 4;
  const angle = (/** @type {Point} */ p) => Math.atan2(p[1] - y, p[0] - x);
  return [...points].sort((a, b) => angle(a) - angle(b));
}
