// Undo and redo without a limit: lists of regions that share the regions they have in common. Pure functions.
// Only what the person did here is a step. What the app brings becomes part of every state, so that undo keeps it.

import { samePoints } from "./geometry.js";

/** @import { History, HistoryEntry, Region } from "./types.js" */

/** @param {Region[]} regions @returns {History} */
export const newHistory = (regions) => ({ now: regions, past: [], future: [] });

/** @param {History} history @param {Region[]} regions @param {string} label @returns {History} */
export function addStep({ now, past }, regions, label) {
  return { now: regions, past: [...past, { regions: now, label }], future: [] };
}

/** The history after undo and the label of that step; null without one. @param {History} history */
export function undo({ now, past, future }) {
  const step = past[past.length - 1];
  if (!step) return null;
  const { regions, label } = step;
  return { label, history: { now: regions, past: past.slice(0, -1), future: [...future, { regions: now, label }] } };
}

/** The history after redo and the label of that step; null without one. @param {History} history */
export function redo({ now, past, future }) {
  const mirrored = undo({ now, past: future, future: past });
  if (!mirrored) return null;
  const { label, history } = mirrored;
  return { label, history: { now: history.now, past: history.future, future: history.past } };
}

/**
 * Changes regions in every state, for changes that were not made by a person: undo must not revert them.
 * @param {History} history
 * @param {(region: Region) => Region} change
 * @returns {History}
 */
export function rewriteHistory(history, change) {
  /** @type {Map<Region, Region>} */
  const known = new Map();
  return mapStates(history, (regions) => regions.map((region) => {
    const result = known.get(region) ?? change(region);
    known.set(region, result);
    return result;
  }));
}

/**
 * The history after the app has changed the photo: its regions are `now`, and what it added, removed or changed is
 * added, removed and changed in every state. Steps that change nothing any more are left out.
 * @param {History} history
 * @param {Region[]} now
 * @returns {History}
 */
export function rebaseHistory(history, now) {
  const before = new Map(history.now.map((r) => [r.id, r])), after = new Map(now.map((r) => [r.id, r]));
  const added = now.filter((r) => !before.has(r.id));
  const rebase = (/** @type {Region} */ r) => {
    const old = before.get(r.id) ?? r, changed = after.get(r.id);
    return changed && (r === old || !sameContent(old, changed)) ? changed : r;
  };
  const rebased = mapStates(history, (regions) => {
    if (regions === history.now) return now;
    const ids = new Set(regions.map((r) => r.id));
    const kept = regions.filter((r) => after.has(r.id) || !before.has(r.id));
    return [...kept.map(rebase), ...added.filter((r) => !ids.has(r.id))];
  });
  return { now, past: withoutEmptySteps(rebased.past, now), future: withoutEmptySteps(rebased.future, now) };
}

/** Whether a person would call them the same. @param {Region} a @param {Region} b */
const sameContent = (a, b) =>
  a.text === b.text && a.illegible === b.illegible && a.difficult === b.difficult && samePoints(a.points, b.points);

/** @param {History} history @param {(regions: Region[]) => Region[]} change @returns {History} */
function mapStates({ now, past, future }, change) {
  const changeAll = (/** @type {HistoryEntry[]} */ steps) =>
    steps.map(({ regions, label }) => ({ regions: change(regions), label }));
  return { now: change(now), past: changeAll(past), future: changeAll(future) };
}

/** The last of these steps leads from or to `now`. @param {HistoryEntry[]} steps @param {Region[]} now */
function withoutEmptySteps(steps, now) {
  return steps.filter(({ regions }, i) => !hasSameRegions(regions, steps[i + 1]?.regions ?? now));
}

/** In any order. @param {Region[]} some @param {Region[]} others */
function hasSameRegions(some, others) {
  const same = new Set(others);
  return some.length === others.length && some.every((region) => same.has(region));
}
