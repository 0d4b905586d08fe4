// Undo and redo without a limit: lists of regions that share the regions they have in common. Pure functions.

/** @import { History, Region } from "./types.js" */

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
export function rewriteHistory({ now, past, future }, change) {
  /** @type {Map<Region, Region>} */
  const known = new Map();
  const changed = (/** @type {Region[]} */ regions) => regions.map((region) => {
    const result = known.get(region) ?? change(region);
    known.set(region, result);
    return result;
  });
  const rewrite = (/** @type {typeof past} */ steps) =>
    steps.map(({ regions, label }) => ({ regions: changed(regions), label }));
  return { now: changed(now), past: rewrite(past), future: rewrite(future) };
}
