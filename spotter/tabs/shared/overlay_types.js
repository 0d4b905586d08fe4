// The types of the overlay.

/**
 * As OverlayData in overlay.py. Words are sorted by descending score; points are [x, y] in pixels of the photo.
 * @typedef {{ text: string, score: number }} Character
 * @typedef {object} Word
 * @property {string} id
 * @property {[number, number][]} polygon
 * @property {[number, number, number, number]} box  x1, y1, x2, y2
 * @property {string} text
 * @property {number} score
 * @property {number} reading_score
 * @property {Character[]} characters
 * @property {string | null} [network_text]  what the network alone reads, if known words changed it
 * @typedef {{ name: string, trained_images?: number }} Model
 * @typedef {object} Payload
 * @property {{ url: string } | null} photo
 * @property {string} name
 * @property {number} width
 * @property {number} height
 * @property {number} seconds
 * @property {Word[]} words
 * @property {Model} model
 * @property {string} credit
 */

/**
 * @typedef {object} State
 * @property {Payload} data
 * @property {Word[]} shown  the words above the threshold
 * @property {string | null} selected  id
 * @property {Word | null} hovered
 *
 * @typedef {object} Overlay
 * @property {HTMLElement} element
 * @property {import("./overlay.js").Nodes} nodes
 * @property {State} state
 * @property {(changes: Partial<State>) => void} update
 * @property {(id: string | null) => void} select  Selects a word, or none when it is selected already.
 */

export {};
