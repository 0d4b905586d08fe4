// Regions and their history. A region is never changed, only replaced: what is the same object is the same region.
// Pure functions: nothing here knows the page.

const LIMITS = { regions: 2000, corners: 200, text: 2000 };
const UNSURE = 0.6;  // characters below are underlined

const clone = (value) => JSON.parse(JSON.stringify(value));  // props.value is a reactive proxy

function newId() {
  // randomUUID is missing on plain http
  return "p" + [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** A region drawn by a person. */
function newRegion(points, text = "") {
  return {
    id: newId(), points, text, score: null, reading_score: null, characters: [], illegible: false, difficult: false,
    locked: true, origin: "person", suggestion: null,
  };
}

/** The region after a person changed it: from then on no machine may. */
const touch = (region, changes) => ({ ...region, ...changes, locked: true });

/** Another text by a person; what the reader thought of its own text goes. */
function retype(region, text) {
  const suggestion = region.suggestion && region.suggestion.text === text ? null : region.suggestion;
  return touch(region, { text: text.slice(0, LIMITS.text), reading_score: null, characters: [], suggestion });
}

function acceptSuggestion(region) {
  const { text, score, characters } = region.suggestion;
  return touch(region, { text, reading_score: score ?? null, characters: characters || [], suggestion: null });
}

/** How sure the machine is of the word, 0 to 1; null when it did not say. */
function confidence(region) {
  const scores = [region.score, region.reading_score].filter((score) => score !== null && score !== undefined);
  return scores.length ? Math.min(...scores) : null;
}

/** The text in runs of sure and unsure characters: [{text, score: null or the lowest of the run}]. */
function runs(region) {
  const characters = region.characters || [];
  if (characters.map((c) => c.text).join("") !== region.text) return [{ text: region.text, score: null }];
  const found = [];
  for (const { text, score } of characters) {
    const last = found.at(-1), unsure = score < UNSURE;
    if (last && unsure === (last.score !== null)) {
      last.text += text;
      if (unsure) last.score = Math.min(last.score, score);
    } else found.push({ text, score: unsure ? score : null });
  }
  return found;
}

/** Regions as people read: line by line, left to right. */
function readingOrder(regions) {
  const boxes = regions.map((region) => {
    const { x1, y1, y2 } = bounds(region.points);
    return { region, x: x1, y: (y1 + y2) / 2, height: y2 - y1 };
  });
  const lines = [];
  for (const box of boxes.sort((a, b) => a.y - b.y || a.x - b.x)) {
    const line = lines.find(([first]) => Math.abs(first.y - box.y) < 0.5 * Math.min(first.height, box.height));
    if (line) line.push(box);
    else lines.push([box]);
  }
  return lines.flatMap((line) => line.sort((a, b) => a.x - b.x).map((box) => box.region));
}

/** Least sure first; what a person has seen to comes last. */
function unsureFirst(regions) {
  const rank = (region) => (region.locked && !region.suggestion ? 2 : confidence(region) ?? 0);
  return [...regions].sort((a, b) => rank(a) - rank(b));
}

// ---- Two out of one, one out of two

/** Characters as people count them. */
function letters(text) {
  if (!Intl.Segmenter) return [...text];
  return [...new Intl.Segmenter().segment(text)].map((part) => part.segment);
}

const runsLeft = (text) => /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(text);

/** Text on either side of a cut, [left, right]: at the space nearest to the cut, else in proportion. */
function splitText(text, t) {
  const parts = letters(text), at = runsLeft(text) ? 1 - t : t;
  const spaces = parts.flatMap((part, i) => (i && i < parts.length - 1 && part.trim() === "" ? [i + 0.5] : []));
  let cut = Math.round(at * parts.length);
  if (spaces.length) {
    cut = Math.floor(spaces.reduce((a, b) => (Math.abs(b - at * parts.length) < Math.abs(a - at * parts.length) ? b : a)));
  }
  const halves = [parts.slice(0, cut).join("").trim(), parts.slice(cut).join("").trim()];
  return runsLeft(text) ? halves.reverse() : halves;
}

/** Where to offer the cut: at the first space, else in the middle. */
function likelyCut(text) {
  const parts = letters(text), space = parts.findIndex((part, i) => i && part.trim() === "");
  if (space < 1 || space >= parts.length - 1) return 0.5;
  const t = (space + 0.5) / parts.length;
  return runsLeft(text) ? 1 - t : t;
}

/** Two regions in place of one, cut at t; null when a half would be next to nothing. */
function splitRegion(region, t, width, height) {
  const shapes = makeCutter(region.points).parts(t).map((points) => tidy(points, width, height));
  if (shapes.some((points) => points.length < 3 || points.length > LIMITS.corners || Math.abs(area(points)) < 1)) return null;
  const texts = splitText(region.text, t);
  const change = (i) => ({
    points: shapes[i], text: texts[i], score: null, reading_score: null, characters: [], suggestion: null,
  });
  return [touch(region, change(0)), { ...touch(region, change(1)), id: newId(), origin: "person" }];
}

/** One region in place of two; it keeps the id of the one that is read first. */
function mergeRegions(one, other, width, height) {
  const [a, b] = readingOrder([one, other]), p = bounds(a.points), q = bounds(b.points);
  const points = tidy(mergeShapes(a.points, b.points, LIMITS.corners), width, height);
  // Pieces of a word lie closer together than words do.
  const gap = Math.max(q.x1 - p.x2, q.y1 - p.y2), apart = gap > 0.25 * Math.min(p.y2 - p.y1, q.y2 - q.y1);
  const text = [a.text, b.text].filter(Boolean).join(apart ? " " : "").slice(0, LIMITS.text);
  return touch(a, {
    points, text, score: null, reading_score: null, characters: [], suggestion: null,
    illegible: a.illegible && b.illegible, difficult: a.difficult || b.difficult,
  });
}

// ---- History

/** Undo and redo without a limit: lists that share the regions they have in common. */
class History {
  constructor(regions) {
    this.now = regions;
    this.past = [];    // [{regions, label}], what there was before the step called label
    this.future = [];
  }

  push(regions, label) {
    this.past.push({ regions: this.now, label });
    this.now = regions;
    this.future = [];
  }

  undo() { return this.step(this.past, this.future); }

  redo() { return this.step(this.future, this.past); }

  /** Returns the step's label, null when there is none. */
  step(from, to) {
    const entry = from.pop();
    if (!entry) return null;
    to.push({ regions: this.now, label: entry.label });
    this.now = entry.regions;
    return entry.label;
  }

  /** Changes regions in every state, as if it had always been so: for news that a person did not make. */
  rewrite(change) {
    const known = new Map();
    const changed = (regions) => regions.map((region) => {
      if (!known.has(region)) known.set(region, change(region));
      return known.get(region);
    });
    this.now = changed(this.now);
    for (const entry of [...this.past, ...this.future]) entry.regions = changed(entry.regions);
  }
}
