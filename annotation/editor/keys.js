// The keyboard. Letters work anywhere in the editor but in text fields; arrows, Tab, Enter and Space on the photo.

const LETTERS = {
  q: "box", p: "polygon", b: "band", s: "split", j: "merge", d: "duplicate", i: "illegible", f: "difficult", l: "lock",
  a: "accept", r: "dismiss", z: "zoomWord", "+": "zoomIn", "=": "zoomIn", "-": "zoomOut", 0: "fit", "?": "help",
  Delete: "remove", Backspace: "remove",
};
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function onKeyDown(event) {
  if (find("dialog").open || event.target === field || event.isComposing) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    const action = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
    if (action) { event.preventDefault(); act(action); }
    return;
  }
  if (event.altKey) return;
  if (key === "Escape" && gesture && gesture.kind !== "nudge") return abortGesture();
  const onPhoto = photo.contains(event.target), bar = event.target.closest("[role=toolbar]");
  const done = (onPhoto && photoKey(event, key)) || (bar && barKey(bar, event, key)) ||
    (event.target.closest("tbody") && listKey(event, key));
  if (done || letterKey(event, key)) event.preventDefault();
}

function letterKey(event, key) {
  if (key === "Escape" && tool !== "select") {
    act("cancel");
    return true;
  }
  if (event.target.matches("input:not([type=checkbox])")) return false;
  if (!LETTERS[key]) return false;
  act(LETTERS[key]);
  return true;
}

/** Keys of the focused photo; true when the key was used. */
function photoKey(event, key) {
  const arrow = ARROWS[key];
  if (key === " ") {
    if (!spaceHeld) [spaceHeld, spaceUsed] = [true, false];
    root.classList.add("panning");
    return true;
  }
  if (tool === "split") {
    if (arrow) nudgeCut((arrow[0] + arrow[1]) * (event.shiftKey ? 0.1 : 0.01));
    else if (key === "Enter") splitHere();
    else return false;
    return true;
  }
  if (tool === "merge") {
    if (arrow) moveTarget(arrow[0] + arrow[1]);
    else if (key === "Enter" && mergeTarget) mergeWith(mergeTarget);
    else return false;
    return true;
  }
  if (tool !== "select") {
    if (arrow) moveCross(arrow, event.shiftKey);
    else if (key === "Enter") finishDraft();
    else if (key === "Backspace") removePoint();
    else return false;
    return true;
  }
  if (corner !== null) return cornerKey(event, key, arrow);
  if (grabbed) return grabbedKey(event, key, arrow);
  return wordKey(event, key, arrow);
}

function wordKey(event, key, arrow) {
  const order = readingOrder(history.now), at = order.findIndex((r) => r.id === selection.at(-1));
  if (key === "Tab") {
    if (leaving && at < 0) { leaving = false; return false; }
    const next = at < 0 ? (event.shiftKey ? -1 : 0) : at + (event.shiftKey ? -1 : 1);
    if (next < 0 || next >= order.length) {
      if (next < 0 && at === 0) { select([]); photo.focus({ preventScroll: true }); leaving = true; return true; }
      return false;
    }
    return visit(order[next]);
  }
  if (arrow && !selection.length) { panBy(-arrow[0] * 48, -arrow[1] * 48); return true; }
  if (arrow) {
    const next = order[at + arrow[0] + arrow[1]];
    if (next && event.shiftKey) { toggle(next.id); focusPhoto(); } else if (next) visit(next);
    return true;
  }
  if (key === "Home" || key === "End") return order.length ? visit(order.at(key === "Home" ? 0 : -1)) : true;
  if (key === "Enter") {
    if (selection.length) act("text");
    else if (order.length) visit(order[0]);
    return true;
  }
  if (key === "Escape") { leaving = true; select([]); photo.focus({ preventScroll: true }); announce("No word chosen"); return true; }
  if (!soleSelected()) return false;
  if (key === "v") { chooseCorner(0); return true; }
  if (key === "m") {
    grabbed = true;
    refresh();
    announce(sayHint());
    return true;
  }
  return false;
}

function visit(word) {
  select([word.id]);
  focusPhoto();
  return true;
}

function cornerKey(event, key, arrow) {
  const points = soleSelected().points, count = points.length;
  if (arrow) nudge(arrow, event.shiftKey, corner);
  else if (key === "Tab") chooseCorner((corner + (event.shiftKey ? count - 1 : 1)) % count);
  else if (key === "n") insertCorner(corner);
  else if (key === "Escape" || key === "v") leaveCorner();
  else return false;
  return true;
}

function grabbedKey(event, key, arrow) {
  if (arrow) nudge(arrow, event.shiftKey, null);
  else if (["Enter", "Escape", "m"].includes(key)) {
    endNudge();
    grabbed = false;
    refresh();
    announce("Moving ended");
  } else return false;
  return true;
}

/** One screen pixel, but whole image pixels; ten times that with Shift. */
const stepSize = (fast) => Math.max(1, Math.round(1 / view.scale)) * (fast ? 10 : 1);

/** Moves the corner, or the word when index is null. Keys held down make one edit, committed when they are let go. */
function nudge([x, y], fast, index) {
  if (gesture && gesture.kind !== "nudge") return;
  const chosen = soleSelected(), step = stepSize(fast);
  gesture ||= { kind: "nudge", id: chosen.id, index, points: chosen.points, moved: true };
  const from = index === null ? bounds(gesture.points) : null, p = index === null ? [from.x1, from.y1] : gesture.points[index];
  gesture.by ||= [0, 0];
  const wide = from ? from.x2 - from.x1 : 0, tall = from ? from.y2 - from.y1 : 0;
  gesture.by = [  // never further than the edge: the way back starts at once
    clamp(gesture.by[0] + x * step, -p[0], doc.width - wide - p[0]),
    clamp(gesture.by[1] + y * step, -p[1], doc.height - tall - p[1]),
  ];
  dragTo(...gesture.by);
}

function endNudge() {
  if (gesture?.kind !== "nudge") return;
  const ended = gesture;
  endGesture();
  if (ended.shape) commitShape(ended);
  afterEdit();
}

function onKeyUp(event) {
  if (ARROWS[event.key]) endNudge();
  if (event.key === " " && spaceHeld) {
    spaceHeld = false;
    root.classList.remove("panning");
    if (!spaceUsed && draft?.points && photo.contains(event.target)) addPoint(crossPoint());
  }
}

// ---- The keyboard's cross, cut and merge target

function crossPoint() {
  const { width, height } = stageSize();
  draft.cross ||= [view.x + width / 2 / view.scale, view.y + height / 2 / view.scale].map(Math.round);
  return draft.cross;
}

function moveCross([x, y], fast) {
  const [cx, cy] = crossPoint(), step = stepSize(fast);
  draft.cross = [clamp(cx + x * step, 0, doc.width), clamp(cy + y * step, 0, doc.height)];
  reveal({ x1: draft.cross[0], y1: draft.cross[1], x2: draft.cross[0], y2: draft.cross[1] });
  drawDraft();
  announce(draft.cross.join(", "));
}

function nudgeCut(by) {
  draft.t = clamp(draft.t + by, 0.02, 0.98);
  drawDraft();
  drawBars();
  announce(sayHint());
}

function moveTarget(by) {
  const order = readingOrder(history.now).filter((r) => !selection.includes(r.id));
  const all = readingOrder(history.now), from = all.findIndex((r) => r.id === selection.at(-1));
  const at = order.findIndex((r) => r.id === mergeTarget);
  // The first press goes to the neighbour of the chosen word.
  const next = at >= 0 ? at + by : order.findIndex((r) => r === (by > 0 ? all[from + 1] : all[from - 1]));
  mergeTarget = (order[clamp(next, 0, order.length - 1)] || order[0]).id;
  reveal(bounds(regionOf(mergeTarget).points));
  markTarget();
  announce("Merge with " + (regionOf(mergeTarget).text || "no text") + "? Enter merges");
}

// ---- Bars, list, text field

/** One tab stop for a bar; arrow keys move it. */
function barKey(bar, event, key) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  const buttons = [...bar.querySelectorAll("button")], at = buttons.indexOf(event.target);
  const next = step ? (at + step + buttons.length) % buttons.length : key === "Home" ? 0 : key === "End" ? buttons.length - 1 : -1;
  if (next < 0) return false;
  buttons[next].focus();
  return true;
}

function rove(event) {
  const bar = event.target.closest("[role=toolbar]");
  if (bar) for (const button of bar.querySelectorAll("button")) button.tabIndex = button === event.target ? 0 : -1;
}

function listKey(event, key) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (!step) return false;
  const at = listed.findIndex((r) => r.id === event.target.closest("tr").dataset.id), next = listed[at + step];
  if (!next) return true;
  select([next.id]);
  drawn.get(next.id).row.querySelector('[data-row="' + (event.target.dataset.row || "text") + '"]').focus();
  return true;
}

function onFieldKey(event) {
  if (event.isComposing) return;
  if (event.key === "Enter") leaveText(true);
  else if (event.key === "Escape") leaveText(false);
  else if (event.key === "Tab") { if (!nextText(event.shiftKey ? -1 : 1)) return; } else return;
  event.preventDefault();
  event.stopPropagation();
}
