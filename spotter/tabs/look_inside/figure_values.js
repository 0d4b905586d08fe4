// The values behind the cells of a panel, as PanelData in figure.py packs them.

import { tr } from "../shared/texts.js";

/**
 * @typedef {object} Values
 * @property {number} rows  0: the panel has no values.
 * @property {number} columns
 * @property {string} values  base64 of little-endian float32, row by row
 * @typedef {{ row: number, column: number }} Cell
 */

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
/** @type {Map<string, Float32Array>} */
const unpacked = new Map();  // of the panels that were pointed at last
const MAX_UNPACKED = 32;

/** The numbers of a panel. @param {string} packed @returns {Float32Array} */
export function unpack(packed) {
  const found = unpacked.get(packed);
  if (found) return found;
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0)), view = new DataView(bytes.buffer);
  const numbers = Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  if (unpacked.size >= MAX_UNPACKED) unpacked.clear();
  unpacked.set(packed, numbers);
  return numbers;
}

/** A cell of a panel in words. @param {Values} panel @param {number} row @param {number} column */
export function valueText(panel, row, column) {
  const value = unpack(panel.values)[row * panel.columns + column];
  const number = value === 0 ? "0" : String(Number(value.toPrecision(3)));
  return tr("{number} · row {row}, column {column}", { number, row: row + 1, column: column + 1 });
}

/** The cell that an arrow key leads to; null for other keys. @param {Values} panel @param {Cell} from @param {string} key */
export function stepped(panel, from, key) {
  if (!Object.hasOwn(STEPS, key)) return null;
  const [down, right] = STEPS[/** @type {keyof typeof STEPS} */ (key)];
  const within = (/** @type {number} */ at, /** @type {number} */ count) => Math.min(Math.max(at, 0), count - 1);
  return { row: within(from.row + down, panel.rows), column: within(from.column + right, panel.columns) };
}

/** The middle of a cell, 0 to 1 of the panel. @param {Values} panel @param {Cell} cell */
export const centreOf = (panel, cell) => [(cell.column + 0.5) / panel.columns, (cell.row + 0.5) / panel.rows];
