// The list of words, the text field at the word, the bars. Linked to the photo by the region's id.

const rows = find("tbody"), rowBox = find(".rows"), card = find(".card"), field = find(".card input");
const offer = find(".offer"), preview = find(".preview"), pill = find(".pill"), hint = find(".hint"), live = find(".live");
const unsureSwitch = find(".unsure-first");

/** Says it to those who do not see it. The same sentence twice is said twice. */
function announce(text) {
  live.textContent = live.textContent === text ? text + "\u00a0" : text;
}

// ---- Rows

function makeIcon(parent, name) {
  const icon = makeSvg(parent, "svg", { "aria-hidden": "true" });
  makeSvg(icon, "use", { href: "#re-" + name });
}

function makeRowButton(cell, action, icon) {
  const button = make(cell, "button", action);
  button.type = "button";
  button.dataset.row = action;
  makeIcon(button, icon);
  return button;
}

function makeRow(id) {
  const row = make(rows, "tr");
  row.dataset.id = id;
  const number = make(row, "td", "number"), cell = make(row, "td", "text"), count = make(number, "span");
  makeIcon(number, "lock");
  const text = make(cell, "button", "word-text");
  text.type = "button";
  text.dataset.row = "text";
  text.dir = "auto";
  const offered = make(cell, "span", "offered");
  const found = make(row, "td", "score found"), read = make(row, "td", "score");
  const flags = make(row, "td", "flags");
  return {
    row, number, count, text, offered, found, read,
    illegible: makeRowButton(flags, "illegible", "illegible"),
    difficult: makeRowButton(flags, "difficult", "difficult"),
    remove: makeRowButton(flags, "remove", "delete"),
  };
}

/** The text with its unsure characters underlined. */
function drawText(parent, region) {
  parent.replaceChildren();
  for (const run of runs(region)) {
    if (run.score === null) parent.append(run.text);
    else make(parent, "u", "unsure", run.text).title = percent(run.score);
  }
}

function drawRow(entry, region, index) {
  const name = "word " + (index + 1) + ", " + (region.text || "no text");
  entry.count.textContent = index + 1;
  entry.number.classList.toggle("locked", region.locked);
  entry.number.title = region.locked ? "Checked by a person: no model may change it" : "";
  if (region.text) drawText(entry.text, region);
  else entry.text.textContent = region.illegible ? "illegible" : "no text";
  entry.text.classList.toggle("blank", !region.text);
  entry.text.setAttribute("aria-label", "Edit " + describe(region, index, history.now.length));
  entry.offered.textContent = region.suggestion ? "→ " + region.suggestion.text : "";
  entry.offered.hidden = !region.suggestion;
  drawScore(entry.found, region.score);
  drawScore(entry.read, region.reading_score);
  for (const flag of ["illegible", "difficult"]) {
    entry[flag].setAttribute("aria-pressed", region[flag]);
    entry[flag].setAttribute("aria-label", flag[0].toUpperCase() + flag.slice(1) + ": " + name);
    entry[flag].title = flag[0].toUpperCase() + flag.slice(1);
  }
  entry.remove.setAttribute("aria-label", "Delete " + name);
  entry.remove.title = "Delete";
  entry.row.classList.toggle("selected", selection.includes(region.id));
}

function drawScore(cell, score) {
  cell.textContent = percent(score);
  cell.classList.toggle("nothing", score === null);
  cell.style.setProperty("--score", score ?? 0);
  cell.style.setProperty("--colour", colour(score ?? 0));
}

/** Scrolls the list only, never the page. */
function keepInView(row) {
  const head = find("thead").offsetHeight, top = row.offsetTop - head;
  if (top < rowBox.scrollTop) rowBox.scrollTop = top;
  const bottom = row.offsetTop + row.offsetHeight - rowBox.clientHeight;
  if (bottom > rowBox.scrollTop) rowBox.scrollTop = bottom;
}

// ---- The text field: near the word, never on it

function drawCard() {
  const region = soleSelected();
  card.hidden = !region || tool !== "select" || (gesture !== null && gesture.moved === true);
  if (card.hidden) return;
  if (!typing) field.value = region.text;
  field.placeholder = region.illegible ? "illegible" : "type what you read";
  field.setAttribute("aria-label", "Text of word " + (listed.findIndex((r) => r.id === region.id) + 1));
  offer.hidden = !region.suggestion;
  if (region.suggestion) {
    const { text, score } = region.suggestion;
    find(".offer b").textContent = text;
    find(".offer .sure").textContent = percent(score);
    find('[data-do="accept"]').setAttribute("aria-label", "Use the suggestion " + text);
    find('[data-do="dismiss"]').setAttribute("aria-label", "Dismiss the suggestion " + text);
  }
  drawPreview(region);
  placeCard();
}

/** The uncertain characters, as long as the text is the one that was read. */
function drawPreview(region) {
  const unsure = runs(region).filter((run) => run.score !== null);
  preview.hidden = !unsure.length || field.value !== region.text;
  if (!preview.hidden) drawText(preview, region);
}

function placeCard() {
  const region = soleSelected();
  if (card.hidden || !region) return;
  const { width, height } = stageSize(), box = bounds(region.points), gap = 18;
  const tall = card.offsetHeight, wide = card.offsetWidth;
  const top = (box.y1 - view.y) * view.scale, bottom = (box.y2 - view.y) * view.scale;
  const middle = ((box.x1 + box.x2) / 2 - view.x) * view.scale;
  let y = bottom + gap;
  if (y + tall > height && top - gap - tall >= -4) y = top - gap - tall;
  card.style.left = clamp(middle - wide / 2, 0, Math.max(width - wide, 0)) + "px";
  card.style.top = clamp(y, 0, height + 6) + "px";
}

// ---- Bars and lines of text

const NEEDS = {  // what an action needs
  undo: () => history.past.length > 0,
  redo: () => history.future.length > 0,
  zoomWord: () => selection.length > 0,
  text: () => selection.length === 1,
  split: () => selection.length === 1,
  merge: () => selection.length > 0 && history.now.length > 1,
  duplicate: () => selection.length > 0,
  illegible: () => selection.length > 0,
  difficult: () => selection.length > 0,
  lock: () => selection.length > 0,
  remove: () => selection.length > 0,
  accept: () => Boolean(soleSelected()?.suggestion),
  dismiss: () => Boolean(soleSelected()?.suggestion),
};
const possible = (action) => !doc.photo ? action === "help" : !NEEDS[action] || NEEDS[action]();

/** aria-disabled instead of disabled: the focus stays where it is when the last word goes. */
function drawBars() {
  const chosen = selection.map(regionOf).filter(Boolean);
  for (const button of element.querySelectorAll(".bar button")) {
    const action = button.dataset.do;
    button.setAttribute("aria-disabled", !possible(action));
    if (!button.hasAttribute("aria-pressed")) continue;
    const flag = action === "lock" ? "locked" : action;
    const pressed = ["illegible", "difficult", "lock"].includes(action)
      ? chosen.length > 0 && chosen.every((r) => r[flag]) : tool === action;
    button.setAttribute("aria-pressed", pressed);
  }
  const label = corner === null ? "Delete the word" : "Delete the corner";
  const remove = find('.bar [data-do="remove"]');
  remove.setAttribute("aria-label", label);
  remove.title = label + " (Del)";
  find(".finish").hidden = tool === "select";
  hint.textContent = sayHint();
  root.dataset.tool = tool;
}

function sayHint() {
  if (!doc.photo) return "";
  const points = draft?.points?.length || 0, bottom = draft?.bottom?.length || 0;
  if (tool === "box") return points ? "Corner " + (points + 1) + " of 4" : "Drag a box, or click its four corners";
  if (tool === "polygon") return points < 3 ? "Click the corners, one after another" : "Enter, Done or a double click closes the shape";
  if (tool === "band" && !draft.lower) {
    return points < 2 ? "Click along the top of the word, from its first letter on" : "Enter, Done or a double click: now the bottom line";
  }
  if (tool === "band") return bottom < 2 ? "Click along the bottom of the word" : "Enter, Done or a double click closes the band";
  if (tool === "split") return "Cut here: " + splitText(regionOf(draft.id)?.text || "", draft.t).map((t) => t || "…").join(" | ");
  if (tool === "merge") return "Choose the word to merge with";
  if (grabbed) return "Arrow keys move the word, Enter ends";
  if (corner !== null) return "Corner " + (corner + 1) + ": arrow keys move it, n adds one, Del deletes it";
  if (selection.length > 1) return selection.length + " words chosen";
  const words = history.now, offers = words.filter((r) => r.suggestion).length;
  const unsure = words.filter((r) => !r.locked && (confidence(r) ?? 0) < UNSURE).length;
  return [words.length + (words.length === 1 ? " word" : " words"), unsure && unsure + " unsure", offers && offers + " with a suggestion"]
    .filter(Boolean).join(" · ");
}

const PILLS = { saved: "Saved", saving: "Saving…", late: "Not saved yet", conflict: "Conflict" };

/** Saved only when the last edit is: an answer to an older one says nothing about it. */
function drawPill() {
  let { state } = saving;
  if (saving.on && ["saved", ""].includes(state) && saving.revision < doc.revision) state = saving.late ? "late" : "saving";
  pill.hidden = !PILLS[state];
  pill.dataset.state = state;
  const text = PILLS[state] ? [PILLS[state], saving.message].filter(Boolean).join(": ") : "";
  if (pill.textContent !== text) pill.textContent = text;
}
