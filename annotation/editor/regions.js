// Regions: edits, order and texts. Pure functions.

import { makeCutter, mergeShapes } from "./bands.js";
import { bounds, clampPoints, memoized, signedArea } from "./geometry.js";

/** @import { Point, Region } from "./types.js" */
/** @typedef {{ width: number, height: number }} Size */

export const LIMITS = { regions: 2000, corners: 200, text: 2000 };
export const UNSURE = 0.6;  // Characters below are underlined, words below counted.

function newId() {
  // randomUUID is missing on plain http
  return "p" + [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** A region drawn by a person. @param {Point[]} points @param {string} [text] @returns {Region} */
export function newRegion(points, text = "") {
  return {
    id: newId(), points, text, score: null, reading_score: null, characters: [], illegible: false, difficult: false,
    locked: true, origin: "person", suggestion: null,
  };
}

/**
 * The region after a person changed it; no model may change it any more.
 * @param {Region} region
 * @param {Partial<Region>} changes
 */
export const edited = (region, changes) => ({ ...region, ...changes, locked: true });

/** With a text typed by a person, without the scores of the old one. @param {Region} region @param {string} text */
export function withText(region, text) {
  const suggestion = region.suggestion && region.suggestion.text === text ? null : region.suggestion;
  return edited(region, { text: text.slice(0, LIMITS.text), reading_score: null, characters: [], suggestion });
}

/** @param {Region} region */
export function withSuggestion(region) {
  if (!region.suggestion) return region;
  const { text, score, characters } = region.suggestion;
  return edited(region, { text, reading_score: score, characters, suggestion: null });
}

/** The lower of detection and reading score, null without either. @param {Region} region */
export function confidence({ score, reading_score: readingScore }) {
  if (score === null || readingScore === null) return score ?? readingScore;
  return Math.min(score, readingScore);
}

/**
 * The text in runs of certain (score null) and uncertain characters (their lowest score).
 * @param {Region} region
 */
export function confidenceRuns({ characters, text: whole }) {
  if (characters.map((c) => c.text).join("") !== whole) return [{ text: whole, score: null }];
  /** @type {{ text: string, score: number | null }[]} */
  const runs = [];
  for (const { text, score } of characters) {
    const last = runs[runs.length - 1], unsure = score < UNSURE;
    if (last && unsure === (last.score !== null)) {
      last.text += text;
      if (last.score !== null) last.score = Math.min(last.score, score);
    } else runs.push({ text, score: unsure ? score : null });
  }
  return runs;
}

/** Line by line, left to right. */
export const readingOrder = memoized((/** @type {Region[]} */ regions) => {
  const boxes = regions.map((region) => {
    const { x1, y1, y2 } = bounds(region.points);
    return { region, x: x1, y: (y1 + y2) / 2, height: y2 - y1 };
  });
  /** @type {(typeof boxes)[]} */
  const lines = [];
  for (const box of boxes.sort((a, b) => a.y - b.y || a.x - b.x)) {
    const line = lines.find(([first]) => Math.abs(first.y - box.y) < 0.5 * Math.min(first.height, box.height));
    if (line) line.push(box);
    else lines.push([box]);
  }
  return lines.flatMap((line) => line.sort((a, b) => a.x - b.x).map((box) => box.region));
});

/** Lowest confidence first; what a person has checked comes last. @param {Region[]} regions */
export function byConfidence(regions) {
  const rank = (/** @type {Region} */ region) => (region.locked && !region.suggestion ? 2 : confidence(region) ?? 0);
  return [...regions].sort((a, b) => rank(a) - rank(b));
}

// ---- Splitting and merging

/** Characters as people count them. @param {string} text */
function graphemes(text) {
  if (!Intl.Segmenter) return [...text];
  return [...new Intl.Segmenter().segment(text)].map((part) => part.segment);
}

/** @param {string} text */
const isRightToLeft = (text) => /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(text);

/**
 * Text left and right of a cut: split at the nearest space, else in proportion.
 * @param {string} text
 * @param {number} t
 */
export function splitText(text, t) {
  const parts = graphemes(text), at = isRightToLeft(text) ? 1 - t : t;
  const spaces = parts.flatMap((part, i) => (i && i < parts.length - 1 && part.trim() === "" ? [i + 0.5] : []));
  let cut = Math.round(at * parts.length);
  if (spaces.length) {
    const far = (/** @type {number} */ space) => Math.abs(space - at * parts.length);
    cut = Math.floor(spaces.reduce((a, b) => (far(b) < far(a) ? b : a)));
  }
  const halves = [parts.slice(0, cut).join("").trim(), parts.slice(cut).join("").trim()];
  return isRightToLeft(text) ? halves.reverse() : halves;
}

/** Where to offer the cut: at the first space, else in the middle. @param {string} text */
export function initialCut(text) {
  const parts = graphemes(text), space = parts.findIndex((part, i) => i && part.trim() === "");
  if (space < 1 || space >= parts.length - 1) return 0.5;
  const t = (space + 0.5) / parts.length;
  return isRightToLeft(text) ? 1 - t : t;
}

/**
 * Two regions for one, cut at t; null when a half would be too small.
 * @param {Region} region
 * @param {number} t
 * @param {Size} size
 */
export function splitRegion(region, t, size) {
  const shapes = makeCutter(region.points).parts(t).map((points) => clampPoints(points, size));
  const isBad = (/** @type {Point[]} */ points) =>
    points.length < 3 || points.length > LIMITS.corners || Math.abs(signedArea(points)) < 1;
  if (shapes.some(isBad)) return null;
  const texts = splitText(region.text, t);
  const [left, right] = shapes.map((points, i) => edited(region, {
    points, text: texts[i], score: null, reading_score: null, characters: [], suggestion: null,
  }));
  return [left, { ...right, id: newId(), origin: /** @type {const} */ ("person") }];
}

/**
 * One region for two, with the id of the first in reading order.
 * @param {Region} one
 * @param {Region} other
 * @param {Size} size
 */
export function mergeRegions(one, other, size) {
  const [a, b] = readingOrder([one, other]), p = bounds(a.points), q = bounds(b.points);
  const points = clampPoints(mergeShapes(a.points, b.points, LIMITS.corners), size);
  // Pieces of a word lie closer together than words do.
  const gap = Math.max(q.x1 - p.x2, q.y1 - p.y2), apart = gap > 0.25 * Math.min(p.y2 - p.y1, q.y2 - q.y1);
  const text = [a.text, b.text].filter(Boolean).join(apart ? " " : "").slice(0, LIMITS.text);
  return edited(a, {
    points, text, score: null, reading_score: null, characters: [], suggestion: null,
    illegible: a.illegible && b.illegible, difficult: a.difficult || b.difficult,
  });
}
