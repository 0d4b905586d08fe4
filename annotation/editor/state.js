// The initial state, and values derived from the state. Pure functions.

import { newHistory } from "./history.js";
import { byConfidence, readingOrder } from "./regions.js";

/** @import { Gesture, Region, State } from "./types.js" */

/** @returns {State} */
export const initialState = () => ({
  photo: { image_id: "", photo: null, width: 1, height: 1 },
  revision: 0,
  history: newHistory([]),
  selection: [],
  corner: null,
  moving: false,
  tool: "select",
  drawing: null,
  cut: null,
  mergeTarget: null,
  gesture: null,
  pointers: new Map(),
  space: { held: false, used: false },
  hovered: null,
  editing: null,
  isTyping: false,
  tabLeaves: false,
  unsureFirst: false,
  view: { x: 0, y: 0, scale: 1, fitted: true },
  home: null,
  closeUp: true,
  postponed: null,
  saving: { on: false, state: "", message: "", revision: 0, late: false, note: "" },
  lastChoice: 0,
});

/** @param {State} state @param {string | null | undefined} id */
export const regionOf = (state, id) => state.history.now.find((r) => r.id === id);

/** The selected region, if it is the only one. @param {State} state */
export const onlySelected = (state) => (state.selection.length === 1 ? regionOf(state, state.selection[0]) : undefined);

/** The region selected last. @param {State} state */
export const lastSelected = (state) => regionOf(state, state.selection[state.selection.length - 1]);

/** @param {State} state @returns {Region[]} */
export const selectedRegions = (state) => state.selection.flatMap((id) => regionOf(state, id) ?? []);

/** Regions in the order of the list. @param {State} state */
export function listOrder({ history, unsureFirst }) {
  const order = readingOrder(history.now);
  return unsureFirst ? byConfidence(order) : order;
}

/** The shape a gesture shows for its word. @param {Gesture | null} gesture */
export const shapeOf = (gesture) => (gesture && "shape" in gesture ? gesture.shape : null);

/** Whether the pointer moves a word or a corner. @param {Gesture | null} gesture */
export const isDragging = (gesture) => (gesture?.kind === "corner" || gesture?.kind === "region") && gesture.moved;

/** Whether an edit is in progress, which values from Python must not disturb. @param {State} state */
export function isBusy({ editing, gesture }) {
  return editing !== null || (gesture !== null && gesture.kind !== "pan" && gesture.kind !== "pinch");
}

/** What of the selection and active corner exists in these regions. @param {State} state @param {Region[]} regions */
export function remainingSelection({ selection, corner }, regions) {
  const remaining = selection.filter((id) => regions.some((r) => r.id === id));
  const only = remaining.length === 1 ? regions.find((r) => r.id === remaining[0]) : undefined;
  const hasCorner = corner !== null && only && corner < only.points.length;
  return { selection: remaining, corner: hasCorner ? corner : null };
}

/**
 * The suggestions among these regions, as the proposals Python sends.
 * @param {Region[]} regions
 */
export const proposalsOf = (regions) =>
  regions.flatMap(({ id, points, suggestion }) => (suggestion ? [{ ...suggestion, id, points }] : []));

