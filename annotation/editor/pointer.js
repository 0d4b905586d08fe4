// The pointer: mouse, pen and fingers. A gesture changes only what it shows; its end commits one edit.

const pointers = new Map();  // id -> {x, y} of every finger on the photo
let spaceHeld = false, spaceUsed = false;

const screenDistance = (event, from) => Math.hypot(event.clientX - from.x, event.clientY - from.y);

function onPointerDown(event) {
  finishTyping();
  if (!photo.contains(document.activeElement)) photo.focus({ preventScroll: true });
  root.classList.toggle("coarse", event.pointerType === "touch");
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  // A pointer that is gone by now (a script's) cannot be captured.
  try { photo.setPointerCapture(event.pointerId); } catch { /* works without */ }
  if (pointers.size === 2) {
    abortGesture();
    gesture = { kind: "pinch" };
    return;
  }
  if (gesture || event.button > 1) return;
  const at = imagePoint(event), start = { at, x: event.clientX, y: event.clientY, moved: false, touch: event.pointerType === "touch" };
  if (event.button === 1 || spaceHeld) {
    event.preventDefault();
    spaceUsed = true;
    gesture = { kind: "pan", always: true, ...start };
  } else if (tool !== "select") gesture = { kind: tool === "merge" ? "pick" : tool === "split" ? "cut" : "draw", ...start };
  else gesture = { ...grab(at, event), ...start };
  if (gesture.kind === "cut") moveCut(at);
  hover(null);
}

/** What a press at an image point takes hold of. */
function grab(at, event) {
  const chosen = soleSelected(), handle = chosen && handleAt(chosen.points, at);
  if (handle?.corner !== undefined) {
    return { kind: "corner", id: chosen.id, index: handle.corner, points: chosen.points, erase: event.altKey };
  }
  if (handle) {
    const points = [...chosen.points], index = handle.middle + 1;
    points.splice(index, 0, mix(points[index - 1], points[index % points.length], 0.5));
    return { kind: "corner", id: chosen.id, index, points, inserted: true };
  }
  if (chosen && contains(chosen.points, at) && !event.shiftKey) return { kind: "region", id: chosen.id, points: chosen.points };
  return { kind: "pan", id: wordAt(at)?.id };
}

/** The smallest word under an image point. */
function wordAt(at) {
  const hits = history.now.filter((r) => contains(r.points, at));
  return hits.sort((a, b) => Math.abs(area(a.points)) - Math.abs(area(b.points)))[0];
}

function onPointerMove(event) {
  const before = pointers.get(event.pointerId);
  if (before) pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  if (!gesture) return onHover(event);
  if (!before) return;
  if (gesture.kind === "pinch") return pinch(event, before);
  if (!gesture.moved && screenDistance(event, gesture) < (gesture.touch ? 9 : 4)) return;
  const first = !gesture.moved;
  gesture.moved = true;
  const p = imagePoint(event);
  if (gesture.kind === "pan") panBy(event.clientX - before.x, event.clientY - before.y);
  else if (gesture.kind === "corner" || gesture.kind === "region") {
    if (first) { drawCard(); root.classList.add("dragging"); }
    dragTo(p[0] - gesture.at[0], p[1] - gesture.at[1]);
  } else if (gesture.kind === "cut") moveCut(p);
  else if (gesture.kind === "draw") {
    if (tool === "box" && !gesture.clicked && !draftPoints().length) gesture.from = gesture.at;
    if (gesture.from) draft.box = p;
    else draft.cursor = p;
    drawDraft();
  }
}

/** Shows the shape of the gesture moved by image pixels; nothing is committed. */
function dragTo(dx, dy) {
  if (gesture.kind === "corner" || (gesture.kind === "nudge" && gesture.index !== null)) {
    const points = [...gesture.points], [x, y] = points[gesture.index];
    points[gesture.index] = [x + dx, y + dy];
    gesture.shape = tidy(points, doc.width, doc.height);
  } else {
    const { x1, y1, x2, y2 } = bounds(gesture.points);  // the word stops at the edge, it is not squeezed
    const mx = tenth(clamp(dx, -x1, doc.width - x2)), my = tenth(clamp(dy, -y1, doc.height - y2));
    gesture.shape = tidy(gesture.points.map(([x, y]) => [x + mx, y + my]), doc.width, doc.height);
  }
  placeWord(drawn.get(gesture.id), gesture.shape);
  drawHandles(gesture.shape);
}

function onPointerUp(event) {
  pointers.delete(event.pointerId);
  const ended = gesture;
  if (!ended || ended.kind === "nudge") return;
  if (ended.kind === "pinch") {
    if (!pointers.size) gesture = null;
    return;
  }
  endGesture();
  settle(ended, imagePoint(event), event);
  afterEdit();
}

/** The edit or the choice that a finished gesture stands for. */
function settle(ended, p, event) {
  if (ended.kind === "draw") return endDraw(ended, p);
  if (ended.kind === "cut") return splitHere();
  if (ended.kind === "pick") return ended.moved ? undefined : pick(p);
  if (ended.moved) return ended.shape ? commitShape(ended) : undefined;
  if (ended.kind === "corner" && ended.erase) return removeCorner(ended.index);
  if (ended.kind === "corner") {
    if (ended.inserted) return insertCorner(ended.index - 1);
    return chooseCorner(ended.index);
  }
  if (ended.kind === "region") return openText(ended.id, "photo");
  if (ended.always) return;
  if (ended.id && (event.shiftKey || event.ctrlKey || event.metaKey)) toggle(ended.id);
  else select(ended.id ? [ended.id] : []);
  focusPhoto();
}

function commitShape({ id, shape, index, inserted, kind }) {
  const label = inserted ? "corner added" : kind === "region" || index === null ? "word moved" : "corner moved";
  if (samePoints(shape, regionOf(id).points)) return refresh();
  if (inserted) corner = index;
  change([id], (r) => touch(r, { points: shape }), label);
  focusPhoto();
}

function endGesture() {
  gesture = null;
  root.classList.remove("dragging");
}

/** Back to how it was before the gesture. */
function abortGesture() {
  if (!gesture) return;
  const { kind, id } = gesture;
  gesture = null;
  root.classList.remove("dragging");
  if (draft) [draft.box, draft.cursor] = [null, null];
  if (id && kind !== "pan") placeWord(drawn.get(id), regionOf(id).points);
  drawHandles();
  drawDraft();
  drawCard();
  afterEdit();
}

function pinch(event, before) {
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  if (!other) return;
  const box = photo.getBoundingClientRect(), now = { x: event.clientX, y: event.clientY };
  const spread = (a) => Math.hypot(a.x - other.x, a.y - other.y);
  zoomAt(spread(now) / Math.max(spread(before), 1), (now.x + other.x) / 2 - box.left, (now.y + other.y) / 2 - box.top);
  panBy((now.x - before.x) / 2, (now.y - before.y) / 2);
}

function onHover(event) {
  if (event.pointerType === "touch") return;
  if (["box", "polygon", "band"].includes(tool) && draft) {
    draft.cursor = imagePoint(event);
    draft.cross = null;
    drawDraft();
  } else if (tool === "split") moveCut(imagePoint(event));
  else hover(wordAt(imagePoint(event))?.id);
}

function onWheel(event) {
  const factor = Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015) * (event.ctrlKey ? 6 : 1));
  if (factor < 1 && view.fitted) return;  // fitted already: the page scrolls
  event.preventDefault();
  const box = photo.getBoundingClientRect();
  zoomAt(factor, event.clientX - box.left, event.clientY - box.top);
}
