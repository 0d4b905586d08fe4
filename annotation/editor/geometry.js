// Plane geometry on points [x, y] in image pixels, y down. Pure functions: nothing here knows the page.

const tenth = (value) => Math.round(value * 10) / 10;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const mix = (a, b, t) => [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
const samePoints = (a, b) => a.length === b.length && a.every((p, i) => p[0] === b[i][0] && p[1] === b[i][1]);

/** What may leave the editor: finite, inside of the image, to a tenth of a pixel. */
function tidy(points, width, height) {
  return points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
    .map(([x, y]) => [tenth(clamp(x, 0, width)), tenth(clamp(y, 0, height))]);
}

function bounds(points) {
  const x = points.map((p) => p[0]), y = points.map((p) => p[1]);
  return { x1: Math.min(...x), y1: Math.min(...y), x2: Math.max(...x), y2: Math.max(...y) };
}

/** The signed area: positive when clockwise on the screen. */
function area(points) {
  return points.reduce((sum, [x, y], i) => {
    const [nx, ny] = points[(i + 1) % points.length];
    return sum + (x * ny - nx * y) / 2;
  }, 0);
}

/** The same outline, clockwise; the first point stays the first. */
function clockwise(points) {
  return area(points) < 0 ? [points[0], ...points.slice(1).reverse()] : points;
}

function contains(points, [x, y]) {
  let inside = false;
  points.forEach(([ax, ay], i) => {
    const [bx, by] = points[(i + 1) % points.length];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}

const side = (a, b, p) => (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);

/** Do two sides that are not neighbours cross each other? */
function crosses(points) {
  const n = points.length;
  for (let i = 0; i < n; i++) {
    for (let j = i + 2; j < n; j++) {
      if (i === 0 && j === n - 1) continue;
      const [a, b, c, d] = [points[i], points[i + 1], points[j], points[(j + 1) % n]];
      if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return true;
    }
  }
  return false;
}

/** Convex hull, clockwise on the screen, from the leftmost point on. */
function hull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (list) => {
    const chain = [];
    for (const p of list) {
      while (chain.length > 1 && side(chain[chain.length - 2], chain[chain.length - 1], p) <= 0) chain.pop();
      chain.push(p);
    }
    return chain.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

/** Angle of the smallest rectangle around the points, between -45 and 45 degrees, and its extent along u and v. */
function rectangle(points) {
  let best = null;
  points.forEach((p, i) => {
    const q = points[(i + 1) % points.length], length = distance(p, q);
    if (!length) return;
    let angle = Math.atan2(q[1] - p[1], q[0] - p[0]);
    angle -= Math.round(angle / (Math.PI / 2)) * (Math.PI / 2);
    const cos = Math.cos(angle), sin = Math.sin(angle);
    const u = points.map((r) => r[0] * cos + r[1] * sin), v = points.map((r) => r[1] * cos - r[0] * sin);
    const box = { cos, sin, u1: Math.min(...u), u2: Math.max(...u), v1: Math.min(...v), v2: Math.max(...v) };
    box.area = (box.u2 - box.u1) * (box.v2 - box.v1);
    if (!best || box.area < best.area) best = box;
  });
  return best;
}

// ---- Lines and bands

function lineLength(line) {
  return line.slice(1).reduce((sum, p, i) => sum + distance(line[i], p), 0);
}

/** Cuts a line at the fraction t of its length: [before, after], both with the point of the cut. */
function cutLine(line, t) {
  let rest = t * lineLength(line), i = 1;
  while (i < line.length - 1 && rest > distance(line[i - 1], line[i])) rest -= distance(line[i - 1], line[i++]);
  const step = distance(line[i - 1], line[i]), p = mix(line[i - 1], line[i], step ? Math.min(rest / step, 1) : 0);
  const near = (q) => distance(p, q) < 0.5;  // no two points next to each other
  if (i < line.length - 1 && near(line[i])) return [line.slice(0, i + 1), line.slice(i)];
  if (i > 1 && near(line[i - 1])) return [line.slice(0, i), line.slice(i - 1)];
  return [[...line.slice(0, i), p], [p, ...line.slice(i)]];
}

const outline = (top, bottom) => [...top, ...[...bottom].reverse()];

/**
 * The two long lines of a quad or band, both in reading direction: {top, bottom}, or null for any other shape.
 * A polygon that starts at the upper left is preferred as it is; for others every start is tried.
 */
function band(points) {
  const n = points.length, half = n / 2;
  if (n < 4 || n % 2 || crosses(points)) return null;
  const round = clockwise(points);
  let best = null;
  for (let start = 0; start < n; start++) {
    const turned = [...round.slice(start), ...round.slice(0, start)];
    const top = turned.slice(0, half), bottom = turned.slice(half).reverse();
    const [dx, dy] = [top[half - 1][0] - top[0][0], top[half - 1][1] - top[0][1]];
    if (Math.abs(dx) >= Math.abs(dy) ? dx <= 0 : dy <= 0) continue;
    const ends = distance(top[0], bottom[0]) + distance(top[half - 1], bottom[half - 1]);
    const merit = ((lineLength(top) + lineLength(bottom)) / Math.max(ends, 1e-6)) * (start ? 1 : 2);
    if ((!best || merit > best.merit) && isBand(top, bottom)) best = { top, bottom, merit };
  }
  return best && { top: best.top, bottom: best.bottom };
}

/** Neither folded nor skewed: a cut across is about as long as the band is thick. */
function isBand(top, bottom) {
  for (let i = 1; i < top.length; i++) {
    if (area([top[i - 1], top[i], bottom[i], bottom[i - 1]]) <= 0) return false;
  }
  const thickness = area(outline(top, bottom)) / Math.max((lineLength(top) + lineLength(bottom)) / 2, 1e-6);
  return [0.25, 0.5, 0.75].every((t) => distance(pointAt(top, t), pointAt(bottom, t)) < 1.6 * thickness);
}

const pointAt = (line, t) => cutLine(line, t)[0].at(-1);

/** The part of a polygon where f(point) >= 0, f linear. */
function clip(points, f) {
  const kept = [];
  points.forEach((p, i) => {
    const q = points[(i + 1) % points.length], a = f(p), b = f(q);
    if (a >= 0) kept.push(p);
    if (a * b < 0) kept.push(mix(p, q, a / (a - b)));
  });
  return kept;
}

/** Knows how to cut a polygon across its reading direction, t from 0 (start) to 1 (end). */
function makeCutter(points) {
  const lines = band(points);
  if (lines) {
    return {
      line: (t) => [pointAt(lines.top, t), pointAt(lines.bottom, t)],
      parts(t) {
        const top = cutLine(lines.top, t), bottom = cutLine(lines.bottom, t);
        return [outline(top[0], bottom[0]), outline(top[1], bottom[1])];
      },
    };
  }
  let { cos, sin, u1, u2, v1, v2 } = rectangle(points);
  if (v2 - v1 > 2 * (u2 - u1)) [cos, sin, u1, u2, v1, v2] = [-sin, cos, v1, v2, -u2, -u1];  // runs downwards
  const at = (t) => u1 + t * (u2 - u1), back = (u, v) => [u * cos - v * sin, u * sin + v * cos];
  return {
    line: (t) => [back(at(t), v1), back(at(t), v2)],
    parts(t) {
      const f = (p) => at(t) - (p[0] * cos + p[1] * sin);
      return [clip(points, f), clip(points, (p) => -f(p))];
    },
  };
}

function distanceToSegment(p, a, b) {
  const square = distance(a, b) ** 2;
  const t = square ? clamp(((p[0] - a[0]) * (b[0] - a[0]) + (p[1] - a[1]) * (b[1] - a[1])) / square, 0, 1) : 0;
  return distance(p, mix(a, b, t));
}

/** The cut that lies nearest to a point. */
function nearestCut(cutter, p) {
  let best = 0.5, least = Infinity;
  for (let t = 0.02; t < 0.985; t += 0.01) {
    const far = distanceToSegment(p, ...cutter.line(t));
    if (far < least) [best, least] = [t, far];
  }
  return best;
}

/** Two shapes in reading order as one: a band when both lie on one line, else their convex hull. */
function mergeShapes(a, b, mostPoints) {
  const first = band(a), second = band(b), round = hull([...a, ...b]);
  if (!first || !second || !continues(first, second)) return round;
  let top = [...first.top, ...second.top], bottom = [...first.bottom, ...second.bottom];
  [top, bottom] = dropStraight(top, bottom);
  const points = outline(top, bottom), sum = area(clockwise(a)) + area(clockwise(b));
  const fits = points.length <= mostPoints && !crosses(points) && area(points) > 0.9 * sum && area(points) < 2 * sum;
  return fits ? points : round;
}

/** Does the second band go on where the first one ends, without a sharp turn? */
function continues(first, second) {
  const middle = (lines, i) => mix(lines.top.at(i), lines.bottom.at(i), 0.5);
  const end = middle(first, -1), start = middle(second, 0), gap = distance(end, start);
  if (gap < 0.5 * distance(second.top[0], second.bottom[0])) return true;
  const along = (a, b, c, d) => ((b[0] - a[0]) * (d[0] - c[0]) + (b[1] - a[1]) * (d[1] - c[1])) / distance(a, b) / distance(c, d);
  return along(middle(first, -2), end, end, start) > 0.6 && along(end, start, start, middle(second, 1)) > 0.6;
}

/** Leaves out pairs of points that lie on the straight line between their neighbours (within a pixel). */
function dropStraight(top, bottom) {
  if (top.length !== bottom.length) return [top, bottom];
  const kept = [0];
  for (let i = 1; i < top.length - 1; i++) {
    const before = kept.at(-1);
    const bends = (line) => distanceToSegment(line[i], line[before], line[i + 1]) > 1;
    if (bends(top) || bends(bottom)) kept.push(i);
  }
  kept.push(top.length - 1);
  return [kept.map((i) => top[i]), kept.map((i) => bottom[i])];
}

/** Four clicked corners in any order as a quad that does not cross itself. */
function asQuad(points) {
  if (!crosses(points)) return clockwise(points);
  const x = points.reduce((sum, p) => sum + p[0], 0) / 4, y = points.reduce((sum, p) => sum + p[1], 0) / 4;
  const angle = (p) => Math.atan2(p[1] - y, p[0] - x);
  return [...points].sort((a, b) => angle(a) - angle(b));
}

/** Top and bottom line, clicked in either direction, as one outline. */
function asBand(top, bottom) {
  if (!bottom.length) return top;
  const along = distance(top[0], bottom[0]) + distance(top.at(-1), bottom.at(-1));
  const against = distance(top[0], bottom.at(-1)) + distance(top.at(-1), bottom[0]);
  return outline(top, along <= against ? bottom : [...bottom].reverse());
}
