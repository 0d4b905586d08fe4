// The photo: zoom and pan, words, handles and drafts as SVG. Words are drawn once and then only changed where they differ.
// Everything that was read or named by others goes through textContent, value or setAttribute, never into markup.

const SVG = "http://www.w3.org/2000/svg";
const VIRIDIS = [[68, 1, 84], [65, 68, 135], [42, 120, 142], [34, 168, 132], [122, 209, 81], [253, 231, 37]];
const MARGIN = 14;      // screen pixels around the fitted photo, room for handles at its edge
const CLOSEST = 24;     // screen pixels of one image pixel at the largest zoom
const find = (selector) => element.querySelector(selector);
const root = find(".editor"), stage = find(".stage"), photo = find("svg.photo"), picture = find("svg.photo image");
const wordLayer = find(".words"), handleLayer = find(".handles"), draftLayer = find(".draft"), tip = find(".tip");

const view = { x: 0, y: 0, scale: 1, fitted: true };  // image point at the stage's upper left, screen per image pixel
let wordHeight = 0;                                   // image pixels, the median
const drawn = new Map();                              // id -> {region, group, halo, line, badge, row, ...}

const percent = (score) => (score === null || score === undefined ? "–" : Math.round(score * 100) + " %");

function colour(score) {
  const at = clamp(score, 0, 1) * (VIRIDIS.length - 1), low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  return "rgb(" + mix3(VIRIDIS[low], VIRIDIS[low + 1], at - low).join(",") + ")";
}

const mix3 = (a, b, t) => a.map((value, i) => Math.round(value + (b[i] - value) * t));

function make(parent, tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function makeSvg(parent, tag, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  setAll(node, attributes);
  parent.append(node);
  return node;
}

function setAll(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}

const asAttribute = (points) => points.map((p) => p.join(",")).join(" ");

/** Puts the nodes into this order, moving only those that are out of it. */
function arrange(parent, nodes) {
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

// ---- Zoom and pan

const stageSize = () => ({ width: photo.clientWidth || 1, height: photo.clientHeight || 1 });

/** From a pointer event to image pixels. */
function imagePoint(event) {
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(photo.getScreenCTM().inverse());
  return [point.x, point.y];
}

function fitScale() {
  const { width, height } = stageSize();
  return Math.max(1e-3, Math.min((width - 2 * MARGIN) / doc.width, (height - 2 * MARGIN) / doc.height));
}

function applyView() {
  const { width, height } = stageSize(), least = fitScale();
  if (view.fitted || view.scale <= least) [view.scale, view.fitted] = [least, true];
  const place = (start, length, whole) => {  // centred when there is room, else at most a margin beyond the edge
    const seen = length / view.scale, margin = MARGIN / view.scale;
    return seen >= whole + 2 * margin ? (whole - seen) / 2 : clamp(start, -margin, whole - seen + margin);
  };
  view.x = place(view.x, width, doc.width);
  view.y = place(view.y, height, doc.height);
  photo.setAttribute("viewBox", [view.x, view.y, width / view.scale, height / view.scale].join(" "));
  photo.style.setProperty("--px", 1 / view.scale);
  find("#re-hatch").setAttribute("patternTransform", "rotate(45) scale(" + 1 / view.scale + ")");
  root.classList.toggle("zoomed", !view.fitted);
  root.classList.toggle("dense", wordHeight * view.scale < 26);  // thick lines would cover small words
  drawHandles();
  placeCard();
}

function fit() {
  view.fitted = true;
  applyView();
}

/** Zooms by a factor; the image point under (x, y), pixels of the stage, stays where it is. */
function zoomAt(factor, x = stageSize().width / 2, y = stageSize().height / 2) {
  const scale = clamp(view.scale * factor, fitScale(), CLOSEST);
  if (scale === view.scale) return;
  view.fitted = false;
  view.x += x / view.scale - x / scale;
  view.y += y / view.scale - y / scale;
  view.scale = scale;
  applyView();
}

/** Moves the photo by screen pixels. */
function panBy(dx, dy) {
  if (view.fitted) return;
  view.x -= dx / view.scale;
  view.y -= dy / view.scale;
  applyView();
}

/** Shows the word large, with room for its text field. */
function zoomTo(region) {
  const { width, height } = stageSize(), box = bounds(region.points);
  const scale = Math.min((0.7 * width) / Math.max(box.x2 - box.x1, 1), (0.4 * height) / Math.max(box.y2 - box.y1, 1));
  view.fitted = false;
  view.scale = clamp(scale, fitScale(), CLOSEST);
  view.x = (box.x1 + box.x2) / 2 - width / 2 / view.scale;
  view.y = (box.y1 + box.y2) / 2 - (0.42 * height) / view.scale;
  applyView();
}

/** Moves the photo as little as needed to show this box of image pixels. */
function reveal({ x1, y1, x2, y2 }) {
  if (view.fitted) return;
  const { width, height } = stageSize(), room = 24 / view.scale;
  const shift = (start, length, low, high) => {
    if (high - low > length - 2 * room) return (low + high) / 2 - length / 2;
    return clamp(start, high + room - length, low - room);
  };
  view.x = shift(view.x, width / view.scale, x1, x2);
  view.y = shift(view.y, height / view.scale, y1, y2);
  applyView();
}

// ---- Words

function drawPhoto() {
  if (doc.photo) setAll(picture, { href: doc.photo.url, width: doc.width, height: doc.height });
  else picture.removeAttribute("href");
  stage.style.setProperty("--ratio", doc.width / doc.height);
}

function makeWord(id) {
  const group = makeSvg(wordLayer, "g", { class: "word", role: "button", tabindex: -1, "data-id": id });
  const halo = makeSvg(group, "polygon", { class: "halo" }), line = makeSvg(group, "polygon", { class: "line" });
  const badge = makeSvg(group, "g", { class: "badge" }), sign = makeSvg(badge, "g", { class: "px" });
  makeSvg(sign, "circle", { r: 8 });
  makeSvg(sign, "use", { href: "#re-lock", x: -6, y: -6, width: 12, height: 12 });
  return { group, halo, line, badge };
}

/** The outline and what is fixed to it: all that changes while a word is dragged. */
function placeWord(entry, points) {
  const text = asAttribute(points);
  entry.halo.setAttribute("points", text);
  entry.line.setAttribute("points", text);
  entry.badge.setAttribute("transform", "translate(" + points[0].join(" ") + ")");
}

function drawWord(entry, region, index, total) {
  placeWord(entry, region.points);
  const sure = confidence(region), classes = ["word"];
  if (region.locked) classes.push("locked");
  else if (sure !== null && sure < 0.5) classes.push("dark");
  if (region.illegible) classes.push("illegible");
  if (region.difficult) classes.push("difficult");
  if (region.suggestion) classes.push("offered");
  if (selection.includes(region.id)) classes.push("selected");
  setAll(entry.group, { class: classes.join(" "), "aria-label": describe(region, index, total) });
  entry.line.style.stroke = region.locked ? "" : colour(sure ?? 0);
}

function describe(region, index, total) {
  const parts = [region.text || "no text", "word " + (index + 1) + " of " + total];
  if (region.score !== null) parts.push("found " + percent(region.score));
  if (region.reading_score !== null) parts.push("read " + percent(region.reading_score));
  if (region.illegible) parts.push("illegible");
  if (region.difficult) parts.push("difficult");
  if (region.locked) parts.push("checked, locked");
  if (region.suggestion) parts.push("the spotter suggests " + region.suggestion.text);
  return parts.join(", ");
}

// ---- Handles of the one selected word

/** How large handles may be here: small words get small ones, or they would hide the word. */
function handleSizes(points) {
  const box = bounds(points), coarse = root.classList.contains("coarse");
  const small = Math.min(box.x2 - box.x1, box.y2 - box.y1) * view.scale;
  return {
    shown: clamp(small * 0.22, coarse ? 6 : 4, coarse ? 11 : 7),
    reach: coarse ? 24 : 11,                                    // from outside of the word
    inside: clamp(small * 0.25, coarse ? 8 : 5, coarse ? 20 : 11),  // from inside, where one moves the word
    apart: coarse ? 56 : 34,                                    // shortest side with a dot for a new corner
  };
}

const middles = (points) => points.map((p, i) => mix(p, points[(i + 1) % points.length], 0.5));

function drawHandles(points) {
  const region = soleSelected();
  const shown = region && tool === "select" && (points || region.points);
  if (!shown) {
    if (handleLayer.firstChild) handleLayer.replaceChildren();
    return;
  }
  const sizes = handleSizes(shown), count = shown.length;
  if (handleLayer.childElementCount !== 2 * count) {
    handleLayer.replaceChildren();
    for (const className of ["middle", "corner"]) {
      for (let i = 0; i < count; i++) {
        const handle = makeSvg(handleLayer, "g", className === "corner"
          ? { class: className, role: "button", tabindex: -1, "data-at": i }
          : { class: className, "aria-hidden": "true", "data-at": i });
        makeSvg(makeSvg(handle, "g", { class: "px" }), "circle");
      }
    }
  }
  const nodes = handleLayer.children;
  middles(shown).forEach(([x, y], i) => {
    const far = distance(shown[i], shown[(i + 1) % count]) * view.scale >= sizes.apart;
    setAll(nodes[i], { transform: "translate(" + x + " " + y + ")", visibility: far ? "visible" : "hidden" });
    setAll(nodes[i].firstChild.firstChild, { r: sizes.shown * 0.6 });
  });
  shown.forEach(([x, y], i) => {
    setAll(nodes[count + i], {
      transform: "translate(" + x + " " + y + ")",
      class: i === corner ? "corner active" : "corner",
      "aria-label": "Corner " + (i + 1) + " of " + count + " at " + tenth(x) + ", " + tenth(y),
    });
    setAll(nodes[count + i].firstChild.firstChild, { r: i === corner ? sizes.shown + 2 : sizes.shown });
  });
}

const cornerNode = (index) => handleLayer.querySelector('.corner[data-at="' + index + '"]');

/** What of the selected word lies under an image point: {corner} or {middle}, else null. */
function handleAt(points, p) {
  const sizes = handleSizes(points), reach = (contains(points, p) ? sizes.inside : sizes.reach) / view.scale;
  const nearest = (list, within) => list.reduce((best, q, i) => {
    const far = distance(p, q);
    return far < best.far ? { i, far } : best;
  }, { i: -1, far: within }).i;
  const at = nearest(points, reach);
  if (at >= 0) return { corner: at };
  const dots = middles(points), far = (q, i) => distance(points[i], points[(i + 1) % points.length]) * view.scale;
  const dot = nearest(dots.map((q, i) => (far(q, i) >= sizes.apart ? q : [Infinity, Infinity])), 0.75 * reach);
  return dot >= 0 ? { middle: dot } : null;
}

// ---- Drafts: what is being drawn, a cut, the cross of the keyboard

function drawDraft() {
  draftLayer.replaceChildren();
  if (!draft) return;
  if (draft.cutter) {
    const [a, b] = draft.cutter.line(draft.t), over = 10 / view.scale / Math.max(distance(a, b), 1e-6);
    const ends = asAttribute([mix(a, b, -over), mix(a, b, 1 + over)]);
    makeSvg(draftLayer, "polyline", { points: ends, class: "halo" });
    makeSvg(draftLayer, "polyline", { points: ends, class: "line cut" });
  } else if (draft.points) {
    const shape = draftShape();
    const tag = shape.length > 2 ? "polygon" : "polyline";
    makeSvg(draftLayer, tag, { points: asAttribute(shape), class: "halo" });
    makeSvg(draftLayer, tag, { points: asAttribute(shape), class: "line" });
    if (tool === "band" && draft.points.length > 1) {
      makeSvg(draftLayer, "polyline", { points: asAttribute(draft.points), class: "line first" });
    }
    for (const [x, y] of [...draft.points, ...draft.bottom]) {
      const dot = makeSvg(draftLayer, "g", { transform: "translate(" + x + " " + y + ")", class: "dot" });
      makeSvg(makeSvg(dot, "g", { class: "px" }), "circle", { r: 5 });
    }
  }
  if (draft.cross) {
    const [x, y] = draft.cross;
    const cross = makeSvg(makeSvg(draftLayer, "g", { transform: "translate(" + x + " " + y + ")", class: "cross" }), "g", { class: "px" });
    for (const className of ["halo", "line"]) makeSvg(cross, "path", { d: "M-16 0H-4M4 0H16M0 -16V-4M0 4V16", class: className });
  }
}

// ---- The word under the mouse

function hover(id) {
  const entry = id && drawn.get(id);
  tip.hidden = !entry || selection.includes(id) || tool === "merge";
  for (const other of element.querySelectorAll(".hovered")) if (other.dataset.id !== id) other.classList.remove("hovered");
  if (!entry) return;
  entry.group.classList.add("hovered");
  entry.row.classList.add("hovered");
  tip.textContent = (entry.region.text || "no text") + "  " + percent(confidence(entry.region));
  const box = bounds(entry.region.points), top = (box.y1 - view.y) * view.scale;
  tip.style.left = clamp(((box.x1 + box.x2) / 2 - view.x) * view.scale, 40, stageSize().width - 40) + "px";
  tip.style.top = (top < 40 ? (box.y2 - view.y) * view.scale + 38 : top) + "px";
}
