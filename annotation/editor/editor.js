// The editor's state, its edits and its talk with Python. Runs once per mount with `element`, `props`, `trigger` and `watch`;
// the other files stand above it in the same scope.

let doc = { image_id: "", photo: null, width: 1, height: 1, revision: 0 };  // what Python sent, but the regions
let history = new History([]);
let listed = [];         // regions in the order of the list
let selection = [];      // ids; the last one was chosen last
let corner = null;       // number of the chosen corner of the one selected word
let grabbed = false;     // arrow keys move the word
let tool = "select";     // or box, polygon, band, split, merge
let draft = null;        // what is being drawn or cut
let mergeTarget = null;  // id, chosen by keyboard
let gesture = null;      // a drag under way
let typing = null;       // {id, from}: whose text field has the focus
let leaving = false;     // after Esc the next Tab leaves the photo
let waiting = null;      // a value from Python that came during an edit
let saving = { on: false, state: "", message: "", revision: 0, late: false };  // on: Python saves and says so
let lateTimer = 0;
let chosenBefore = 0;    // number of the last choice that came from Python

const regionOf = (id) => history.now.find((r) => r.id === id);
const soleSelected = () => (selection.length === 1 ? regionOf(selection[0]) : undefined);

// ---- Showing the state

/** Draws what differs from what is drawn. */
function sync() {
  const order = readingOrder(history.now), total = order.length, numbers = new Map(order.map((r, i) => [r.id, i]));
  const focused = document.activeElement;
  for (const [id, entry] of drawn) {
    if (numbers.has(id)) continue;
    entry.group.remove();
    entry.row.remove();
    drawn.delete(id);
  }
  order.forEach((r, index) => {
    if (!drawn.has(r.id)) drawn.set(r.id, { ...makeWord(r.id), ...makeRow(r.id) });
    const entry = drawn.get(r.id), chosen = selection.includes(r.id);
    if (entry.region === r && entry.index === index && entry.total === total && entry.chosen === chosen) return;
    if (entry.region === r && entry.index === index && entry.total === total) {
      entry.group.classList.toggle("selected", chosen);
      entry.row.classList.toggle("selected", chosen);
    } else {
      drawWord(entry, r, index, total);
      drawRow(entry, r, index);
    }
    Object.assign(entry, { region: r, index, total, chosen });
  });
  const heights = order.map((r) => bounds(r.points)).map((b) => Math.min(b.y2 - b.y1, b.x2 - b.x1)).sort((a, b) => a - b);
  wordHeight = heights[heights.length >> 1] ?? 0;
  listed = unsureSwitch.checked ? unsureFirst(order) : order;
  arrange(wordLayer, order.map((r) => drawn.get(r.id).group));
  arrange(rows, listed.map((r) => drawn.get(r.id).row));
  // A node that was moved has lost the focus.
  if (focused !== document.activeElement && element.contains(focused)) focused.focus({ preventScroll: true });
  find(".count").textContent = total + (total === 1 ? " word" : " words");
  find("table").hidden = !total;
  find(".none").hidden = total > 0;
  find(".none").textContent = doc.photo ? "No words yet. Draw one with Box, Polygon or Band." : "";
}

/** Everything that depends on tool and selection. */
function refresh() {
  sync();
  markTarget();
  if (gesture?.shape) placeWord(drawn.get(gesture.id), gesture.shape);  // news came during a drag
  drawHandles(gesture?.shape);
  drawDraft();
  drawCard();
  drawBars();
}

function markTarget() {
  for (const entry of drawn.values()) entry.group.classList.toggle("target", entry.region.id === mergeTarget);
}

function select(ids) {
  if (typing && !ids.includes(typing.id)) finishTyping();
  selection = ids.filter((id) => regionOf(id));
  corner = null;
  grabbed = false;
  if (ids.length) leaving = false;
  refresh();
  const last = drawn.get(selection.at(-1));
  if (!last) return;
  keepInView(last.row);
  reveal(bounds(last.region.points));
}

function toggle(id) {
  select(selection.includes(id) ? selection.filter((other) => other !== id) : [...selection, id]);
  announce(selection.length + (selection.length === 1 ? " word chosen" : " words chosen"));
}

/** To the corner or word the keyboard works on. */
function focusPhoto() {
  const target = (corner !== null && cornerNode(corner)) || drawn.get(selection.at(-1))?.group || photo;
  target.focus({ preventScroll: true });
}

// ---- Edits

/** One step of the history: shown, sent to Python, announced. */
function commit(regions, label) {
  history.push(regions, label);
  selection = selection.filter((id) => regionOf(id));
  if (!soleSelected() || corner >= soleSelected().points.length) corner = null;
  sent(label[0].toUpperCase() + label.slice(1));
}

function sent(words) {
  doc.revision += 1;
  refresh();
  put();
  keepUnsaved();
  trigger("input");
  announce(words);
  clearTimeout(lateTimer);
  saving.late = false;
  lateTimer = setTimeout(() => { saving.late = true; drawPill(); }, 10000);
  drawPill();
}

/** Replaces regions by their changed selves. */
function change(ids, how, label) {
  commit(history.now.map((r) => (ids.includes(r.id) ? how(r) : r)), label);
}

function put() {
  props.value = { ...clone(doc), regions: clone(history.now) };
}

const keptAs = (image_id) => "region-editor " + image_id;
const photoName = () => (doc.photo?.path || "").split("/").pop();  // ids begin anew in another database

/** Edits that Python has not confirmed outlive a reload, a crash and a server that went away. */
function keepUnsaved() {
  if (!saving.on) return;
  const kept = { photo: photoName(), version: doc.version, regions: history.now };
  try { localStorage.setItem(keptAs(doc.image_id), JSON.stringify(kept)); } catch { /* full or forbidden: the page still asks before it is left */ }
}

function forgetUnsaved() {
  try { localStorage.removeItem(keptAs(doc.image_id)); } catch { /* nothing is kept */ }
}

/** As an edit of the version that it was made on: where somebody saved since, Python tells of a conflict. */
function bringBackUnsaved() {
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(keptAs(doc.image_id))); } catch { /* nothing is kept */ }
  if (!kept || kept.photo !== photoName()) return;
  if (JSON.stringify(kept.regions) === JSON.stringify(history.now)) return forgetUnsaved();
  doc.version = kept.version;
  commit(kept.regions, "your last edits, which were not saved yet, are here again");
}

/** Undo or redo; what it changed is selected, if that is one word. */
function travel(direction) {
  const before = new Set(history.now), label = history[direction]();
  if (label === null) return announce("Nothing to " + direction);
  const changed = history.now.filter((r) => !before.has(r));
  corner = null;
  grabbed = false;
  selection = changed.length === 1 ? [changed[0].id] : selection.filter((id) => regionOf(id));
  const onWord = photo.contains(document.activeElement) || document.activeElement === document.body;
  sent((direction === "undo" ? "Undone: " : "Redone: ") + label);
  if (onWord) focusPhoto();
}

function removeChosen() {
  if (corner !== null) return removeCorner(corner);
  const order = readingOrder(history.now), at = order.findIndex((r) => r.id === selection.at(-1));
  const rest = order.filter((r) => !selection.includes(r.id)), count = selection.length;
  const next = order.slice(at + 1).find((r) => rest.includes(r)) || rest.at(-1);
  const onPhoto = photo.contains(document.activeElement);
  commit(history.now.filter((r) => !selection.includes(r.id)), count === 1 ? "word deleted" : count + " words deleted");
  if (!onPhoto) return;
  select(next ? [next.id] : []);
  focusPhoto();
}

function duplicateChosen() {
  const copies = selection.map(regionOf).map((r) => {
    const { x1, y1, x2, y2 } = bounds(r.points), by = Math.max(4, Math.round(10 / view.scale));
    const dx = x2 + by <= doc.width ? by : Math.max(-by, -x1), dy = y2 + by <= doc.height ? by : Math.max(-by, -y1);
    const points = tidy(r.points.map(([x, y]) => [x + dx, y + dy]), doc.width, doc.height);
    return { ...newRegion(points, r.text), illegible: r.illegible, difficult: r.difficult };
  });
  if (history.now.length + copies.length > LIMITS.regions) return announce("There are " + LIMITS.regions + " words, no more fit on one photo");
  commit([...history.now, ...copies], copies.length === 1 ? "word duplicated" : copies.length + " words duplicated");
  select(copies.map((r) => r.id));
  if (photo.contains(document.activeElement)) focusPhoto();
}

/** Sets a flag on all of them, or clears it when all have it. */
function flag(ids, name) {
  const on = !ids.every((id) => regionOf(id)[name]);
  change(ids, (r) => touch(r, { [name]: on }), on ? name : "not " + name);
}

/** Marks words as checked by a person. There is no way back: the store lets no model near them any more. */
function lock(ids) {
  if (ids.every((id) => regionOf(id).locked)) return announce("Checked already");
  change(ids, (r) => ({ ...r, locked: true }), "checked");
}

function chooseCorner(index) {
  corner = index;
  drawHandles();
  drawBars();
  focusPhoto();
  const [x, y] = soleSelected().points[index];
  reveal({ x1: x, y1: y, x2: x, y2: y });
}

function leaveCorner() {
  endNudge();
  corner = null;
  drawHandles();
  drawBars();
  focusPhoto();
}

/** A new corner halfway between this one and the next. */
function insertCorner(index) {
  const { id, points } = soleSelected();
  if (points.length >= LIMITS.corners) return announce("A word has at most " + LIMITS.corners + " corners");
  const shape = [...points];
  shape.splice(index + 1, 0, mix(points[index], points[(index + 1) % points.length], 0.5));
  corner = index + 1;
  change([id], (r) => touch(r, { points: tidy(shape, doc.width, doc.height) }), "corner added");
  focusPhoto();
}

function removeCorner(index) {
  const { id, points } = soleSelected();
  if (points.length <= 3) return announce("A word has at least three corners");
  corner = Math.min(index, points.length - 2);
  change([id], (r) => touch(r, { points: points.filter((_, i) => i !== index) }), "corner deleted");
  focusPhoto();
}

// ---- Text

function openText(id, from) {
  if (!soleSelected() || soleSelected().id !== id) select([id]);
  if (corner !== null) { corner = null; refresh(); }
  typing = { id, from };
  placeCard();
  field.focus({ preventScroll: from === "photo" });
  field.select();
  if (from === "list") stage.scrollIntoView({ block: "nearest" });
}

/** Keeps what was typed; the focus stays where it is. */
function finishTyping() {
  if (!typing) return;
  const { id } = typing, old = regionOf(id);
  typing = null;
  if (old && field.value !== old.text) change([id], (r) => retype(r, field.value), "text: " + (field.value || "none"));
  afterEdit();
}

function leaveText(keep) {
  const from = typing?.from, row = drawn.get(typing?.id)?.row;
  if (!keep && soleSelected()) field.value = soleSelected().text;
  finishTyping();
  if (from === "list" && row) row.querySelector("button").focus();
  else focusPhoto();
  drawCard();
}

/** Keeps the text and edits the next one of the list; false at its end. */
function nextText(step) {
  const at = listed.findIndex((r) => r.id === selection[0]), next = listed[at + step], from = typing?.from || "photo";
  finishTyping();
  if (next) openText(next.id, from);
  return Boolean(next);
}

// ---- Actions, by the name in data-do or of a key

const ACTIONS = {
  box: () => startTool("box"),
  polygon: () => startTool("polygon"),
  band: () => startTool("band"),
  undo: () => travel("undo"),
  redo: () => travel("redo"),
  zoomIn: () => zoomAt(1.5),
  zoomOut: () => zoomAt(1 / 1.5),
  fit,
  zoomWord: () => zoomTo(regionOf(selection.at(-1))),
  help: () => find("dialog").showModal(),
  closeHelp: () => find("dialog").close(),
  text: () => openText(selection[0], "photo"),
  split: () => startTool("split"),
  merge: () => (selection.length > 1 ? mergeAll(selection) : startTool("merge")),
  duplicate: duplicateChosen,
  illegible: () => flag(selection, "illegible"),
  difficult: () => flag(selection, "difficult"),
  lock: () => lock(selection),
  remove: removeChosen,
  accept: () => change(selection, acceptSuggestion, "suggestion used: " + soleSelected().suggestion.text),
  dismiss: () => change(selection, (r) => touch(r, { suggestion: null }), "suggestion dismissed"),
  done: () => (tool === "split" ? splitHere() : tool === "merge" ? mergeTarget && mergeWith(mergeTarget) : finishDraft()),
  cancel: () => { stopTool(); announce("Cancelled"); focusPhoto(); },
  next: () => { if (!nextText(1)) leaveText(true); },
};

function act(name) {
  if (!possible(name)) {
    if (name === "undo" || name === "redo") announce("Nothing to " + name);
    else if (doc.photo && !selection.length) announce("Choose a word first");
    return;
  }
  if (gesture && gesture.kind !== "nudge") abortGesture();
  endNudge();
  if (name !== "next") finishTyping();
  const editing = ["text", "duplicate", "illegible", "difficult", "lock", "undo", "redo", "remove"].includes(name);
  if (editing && tool !== "select") stopTool();
  if (possible(name)) ACTIONS[name]();
}

function onClick(event) {
  const button = event.target.closest("button");
  if (button?.dataset.do) {
    act(button.dataset.do);
    if (["accept", "dismiss"].includes(button.dataset.do)) focusPhoto();  // the button is gone
    return;
  }
  const row = event.target.closest("tbody tr");
  if (!row) return;
  const { id } = row.dataset, what = button?.dataset.row;
  if (tool !== "select") return tool === "merge" ? mergeWith(id) : undefined;
  if (event.shiftKey || event.ctrlKey || event.metaKey) return toggle(id);
  if (what === "remove") return removeRow(id);
  select([id]);
  if (what === "illegible" || what === "difficult") flag([id], what);
  else if (what === "text") openText(id, "list");
  else drawn.get(id).text.focus({ preventScroll: true });  // for the keys
}

/** The focus goes to the row that takes the place of the deleted one. */
function removeRow(id) {
  const at = listed.findIndex((r) => r.id === id);
  commit(history.now.filter((r) => r.id !== id), "word deleted");
  const next = listed[Math.min(at, listed.length - 1)];
  (next ? drawn.get(next.id).remove : photo).focus();
}

// ---- News from Python

const busy = () => typing !== null || (gesture !== null && gesture.kind !== "pan" && gesture.kind !== "pinch");

const suggestionsOf = (value) =>
  value.regions.filter((r) => r.suggestion).map((r) => ({ ...r.suggestion, id: r.id, points: r.points }));

/** A new value. A new photo replaces all; for the same photo nothing that a person did since is lost. */
function take() {
  const next = clone(props.value);
  if (next.image_id !== doc.image_id) {
    const before = doc.revision;
    abortGesture();
    finishTyping();
    if (doc.revision === before) return show(next);
    // What was being typed has just been sent for the old photo: let it be read before the value changes.
    setTimeout(() => { show(next); put(); }, 150);
    return;
  }
  if (next.revision >= doc.revision && busy()) {
    waiting = { next, at: doc.revision };
    return;
  }
  if (next.revision >= doc.revision) adopt(next);
  else suggest(suggestionsOf(next));
  put();
}

/** After a drag or typing: what came meanwhile, unless the edit made it stale. */
function afterEdit() {
  if (!waiting || busy()) return;
  const { next, at } = waiting;
  waiting = null;
  if (next.image_id !== doc.image_id) return;
  if (doc.revision === at) {
    adopt(next);
    put();
    return;
  }
  suggest(suggestionsOf(next));
  if (next.revision < doc.revision) return put();
  doc.revision = next.revision + 1;  // else Python would take the person's edit for an old one
  put();
  trigger("input");
}

/** The same photo, changed by Python: a step that can be undone. */
function adopt({ regions, ...rest }) {
  const old = new Map(history.now.map((r) => [r.id, r]));
  const kept = regions.map((r) => (JSON.stringify(r) === JSON.stringify(old.get(r.id)) ? old.get(r.id) : r));
  doc = rest;
  if (kept.length !== history.now.length || kept.some((r, i) => r !== history.now[i])) history.push(kept, "changed by the app");
  selection = selection.filter((id) => regionOf(id));
  if (!soleSelected()) corner = null;
  saving.revision = doc.revision;
  drawPhoto();
  refresh();
  drawPill();
}

function show({ regions, ...rest }) {
  const inside = root.contains(document.activeElement);
  if (doc.image_id) forgetUnsaved();  // who shows another photo has saved this one first
  doc = rest;
  history = new History(regions);
  [selection, corner, grabbed, tool, draft, mergeTarget, waiting, leaving] = [[], null, false, "select", null, null, null, false];
  clearTimeout(lateTimer);
  saving = { ...saving, revision: Math.max(0, doc.revision), late: false };
  if (saving.state !== "conflict") saving.message = "";
  else saving = { ...saving, state: "", message: "", late: false };
  root.classList.toggle("blank", !doc.photo);
  root.dataset.image = doc.image_id;
  drawPhoto();
  refresh();
  fit();
  drawPill();
  // What had the focus may be gone; whoever works with keys stays here.
  const now = document.activeElement;
  if (inside && (now === document.body || !now.checkVisibility())) photo.focus({ preventScroll: true });
  takeChosen();
  setTimeout(bringBackUnsaved, 0);  // a value that comes with the page cannot be answered at once
}

/** Texts the spotter proposes: only for words that still have the shape that was read. */
function suggest(items) {
  const news = new Map(items.map((item) => [item.id, item]));
  let count = 0;
  history.rewrite((r) => {
    const item = news.get(r.id);
    if (!item || (item.points && !samePoints(item.points, r.points))) return r;
    const { text, score, characters, model } = item;
    const suggestion = text === r.text ? null : { text, score: score ?? null, characters: characters || [], model: model || "" };
    if (JSON.stringify(suggestion) === JSON.stringify(r.suggestion ?? null)) return r;
    count += suggestion ? 1 : 0;
    return { ...r, suggestion };
  });
  refresh();
  if (count) announce(items.length === 1 ? "The spotter suggests " + items[0].text : "New suggestions of the spotter");
}

function takeProposed() {
  const { image_id, items } = clone(props.proposed || {});
  if (!items || image_id !== doc.image_id) return;
  suggest(items);
  put();
}

/** A word to look at, perhaps of a photo that comes a moment later. */
function takeChosen() {
  const { image_id, id, number } = clone(props.chosen || {});
  if (!id || image_id !== doc.image_id || number === chosenBefore || !regionOf(id)) return;
  chosenBefore = number;
  select([id]);
  zoomTo(regionOf(id));
  focusPhoto();
  stage.scrollIntoView({ block: "nearest" });
}

function takePill() {
  const { state, message, image_id, revision, version } = clone(props.pill || {});
  saving.on = state !== undefined;
  if (image_id && image_id !== doc.image_id) return;
  saving = { ...saving, state: state || "", message: message || "", revision: revision ?? saving.revision };
  if (Number.isInteger(version)) doc.version = version;
  if (saving.revision >= doc.revision) forgetUnsaved();
  else keepUnsaved();
  drawPill();
}

// ---- Wires

photo.addEventListener("pointerdown", onPointerDown);
photo.addEventListener("pointermove", onPointerMove);
photo.addEventListener("pointerup", onPointerUp);
photo.addEventListener("pointercancel", (event) => { pointers.delete(event.pointerId); abortGesture(); });
// A finger that holds a corner, or draws, does not scroll the page; any other one may.
photo.addEventListener("touchstart", (event) => {
  if (pointers.size > 1 || !view.fitted || (gesture && gesture.kind !== "pan")) event.preventDefault();
}, { passive: false });
photo.addEventListener("pointerleave", () => hover(null));
photo.addEventListener("wheel", onWheel, { passive: false });
photo.addEventListener("blur", endNudge, true);
// The photo decides itself where the focus goes after a press.
photo.addEventListener("mousedown", (event) => event.preventDefault());
photo.addEventListener("focusin", () => {
  const id = document.activeElement.dataset.id;
  if (id && tool === "select" && !selection.includes(id)) select([id]);
});
photo.addEventListener("focusout", () => { spaceHeld = false; root.classList.remove("panning"); });
root.addEventListener("keydown", onKeyDown);
root.addEventListener("keyup", onKeyUp);
root.addEventListener("focusin", rove);
root.addEventListener("click", onClick);
rows.addEventListener("pointerover", (event) => hover(event.target.closest("tr")?.dataset.id));
rows.addEventListener("pointerleave", () => hover(null));
field.addEventListener("keydown", onFieldKey);
field.addEventListener("focus", () => { if (!typing && soleSelected()) typing = { id: selection[0], from: "photo" }; });
field.addEventListener("input", () => {
  typing ||= { id: selection[0], from: "photo" };
  if (soleSelected()) drawPreview(soleSelected());
  placeCard();
});
field.addEventListener("change", finishTyping);
field.addEventListener("blur", finishTyping);
unsureSwitch.addEventListener("change", () => { sync(); rowBox.scrollTop = 0; });
find("dialog").addEventListener("click", (event) => { if (event.target === find("dialog")) act("closeHelp"); });
find("dialog").addEventListener("close", focusPhoto);
addEventListener("beforeunload", (event) => {
  if (element.isConnected && saving.on && (saving.revision < doc.revision || busy())) event.preventDefault();
});
for (const bar of element.querySelectorAll("[role=toolbar]")) {
  bar.querySelectorAll("button").forEach((button, i) => { button.tabIndex = i ? -1 : 0; });
}
new ResizeObserver(() => { if (doc.photo) applyView(); }).observe(photo);
watch("value", take);
watch("proposed", takeProposed);
watch("pill", takePill);
watch("chosen", takeChosen);
root.classList.toggle("coarse", matchMedia("(pointer: coarse)").matches);
show(clone(props.value));
takePill();
