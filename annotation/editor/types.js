// The types of the region editor. Points are [x, y] in pixels of the image, y down.

/**
 * @typedef {[number, number]} Point
 * @typedef {{ x1: number, y1: number, x2: number, y2: number }} Box
 * @typedef {{ top: Point[], bottom: Point[] }} Band  The two long lines of a word, both in reading direction.
 * @typedef {object} Cutter  Cuts a polygon across its reading direction, t from 0 (start) to 1 (end).
 * @property {(t: number) => [Point, Point]} line
 * @property {(t: number) => [Point[], Point[]]} parts
 */

/**
 * As RegionData in schema.py. A region is never changed, only replaced: the same object is the same region.
 * @typedef {{ text: string, score: number }} Character
 * @typedef {{ text: string, score: number | null, characters: Character[], model: string }} Suggestion
 * @typedef {object} Region
 * @property {string} id
 * @property {Point[]} points
 * @property {string} text
 * @property {number | null} score
 * @property {number | null} reading_score
 * @property {Character[]} characters
 * @property {boolean} illegible
 * @property {boolean} difficult
 * @property {boolean} locked
 * @property {"model" | "person" | "import"} origin
 * @property {Suggestion | null} suggestion
 */

/**
 * The props of the component, as editor.py sends them.
 * @typedef {object} Photo
 * @property {string} image_id
 * @property {{ url: string, path: string } | null} photo
 * @property {number} width
 * @property {number} height
 * @property {number} [version]
 * @property {boolean} [read_only]  The visitor may look, but change nothing.
 * @typedef {Photo & { revision: number, regions: Region[] }} Payload
 * @typedef {Photo & { revision: number, regions: string }} Packed  The regions as JSON, see payload.js.
 * @typedef {{ id: string, points?: Point[] | null } & Partial<Suggestion> & { text: string }} Proposal
 * @typedef {object} Pill
 * @property {string} [state]
 * @property {string} [message]
 * @property {string} [image_id]
 * @property {number | null} [revision]
 * @property {number | null} [version]
 * @property {boolean} [unread]
 * @typedef {object} Props
 * @property {Packed} value
 * @property {Pill} pill
 * @property {{ image_id?: string, items?: Proposal[] }} proposed
 * @property {{ image_id?: string, id?: string, number?: number }} chosen
 * @property {{ image_id?: string, regions?: Region[], number?: number }} added
 */

/**
 * @typedef {{ regions: Region[], label: string }} HistoryEntry  The regions before the step with this label.
 * @typedef {{ now: Region[], past: HistoryEntry[], future: HistoryEntry[] }} History
 * @typedef {{ name: string, shift: boolean, arrow: Point | undefined }} Key  A letter is in lower case.
 * @typedef {"select" | "box" | "polygon" | "band" | "split" | "merge"} Tool
 * @typedef {{ x: number, y: number, scale: number, fitted: boolean }} View
 *   Image point at the upper left of the stage; screen pixels per image pixel.
 */

/**
 * A shape that is being drawn. `points`: the corners, or a band's top line; `lower`: the bottom line is next.
 * @typedef {object} Drawing
 * @property {Point[]} points
 * @property {Point[]} bottom
 * @property {boolean} lower
 * @property {Point | null} cursor  of the mouse
 * @property {Point | null} cross  of the keyboard
 * @property {[Point, Point] | null} box  being dragged
 * @typedef {{ id: string, cutter: Cutter, t: number }} Cut
 */

/**
 * A pointer gesture or a held arrow key. It changes only what is shown; its end makes one edit.
 * @typedef {{ at: Point, x: number, y: number, moved: boolean, touch: boolean }} Press
 *   `at` in the image, x and y on the screen.
 * @typedef {Press & { kind: "pan", id?: string, always?: boolean }} PanGesture
 * @typedef {Press & { kind: "draw" | "cut" | "pick" }} ToolGesture
 * @typedef {{ id: string, points: Point[], index: number | null, shape: Point[] | null }} Reshaping
 *   The word, its points at the start, the moved corner (null: the whole word) and the shape shown.
 * @typedef {Press & Reshaping & { kind: "corner" | "region", inserted: boolean, erase: boolean }} ShapeGesture
 * @typedef {Reshaping & { kind: "nudge", by: Point }} NudgeGesture
 * @typedef {PanGesture | ToolGesture | ShapeGesture | NudgeGesture | { kind: "pinch" }} Gesture
 */

/**
 * Everything the page shows depends on it; only `update` replaces it.
 * @typedef {object} State
 * @property {Photo} photo
 * @property {number} revision  Grows with every edit.
 * @property {History} history
 * @property {string[]} selection  ids; the last one was selected last
 * @property {number | null} corner  the active corner of the only selected word
 * @property {boolean} moving  Arrow keys move the word.
 * @property {Tool} tool
 * @property {Drawing | null} drawing
 * @property {Cut | null} cut
 * @property {string | null} mergeTarget  id, chosen by keyboard
 * @property {Gesture | null} gesture
 * @property {ReadonlyMap<number, { x: number, y: number }>} pointers  Fingers and mouse buttons that are down, by id.
 * @property {{ held: boolean, used: boolean }} space  The space bar; used: for panning.
 * @property {string | null} hovered  id
 * @property {{ id: string, from: "photo" | "list" } | null} editing  the word whose text field has the focus
 * @property {boolean} isTyping  The next photo begins with the text of its first word.
 * @property {boolean} tabLeaves  After Esc the next Tab leaves the photo.
 * @property {boolean} unsureFirst  the order of the list
 * @property {View} view
 * @property {View | null} home  the view before the editor zoomed to a small word by itself
 * @property {boolean} closeUp  It does so.
 * @property {{ value: Payload, revision: number } | null} postponed  A value from Python that came during an edit.
 * @property {Saving} saving
 * @property {number} lastChoice  number of the last selection that came from Python
 *
 * @typedef {object} Saving
 * @property {boolean} on  Python saves, and sends the pill.
 * @property {string} state
 * @property {string} message
 * @property {number} revision  the last one that Python confirmed
 * @property {boolean} late
 * @property {string} note  of the editor itself, until the next edit
 */

/**
 * The nodes of one word: its outline on the photo and its row in the list.
 * @typedef {object} Outline
 * @property {SVGGElement} group
 * @property {SVGPolygonElement} halo
 * @property {SVGPolygonElement} line
 * @property {SVGGElement} badge
 * @property {SVGGElement} sign  within the badge
 * @typedef {object} Row
 * @property {HTMLTableRowElement} row
 * @property {HTMLElement} number
 * @property {HTMLElement} count
 * @property {HTMLButtonElement} text
 * @property {HTMLElement} offered
 * @property {HTMLElement} found
 * @property {HTMLElement} read
 * @property {HTMLButtonElement} illegible
 * @property {HTMLButtonElement} difficult
 * @property {HTMLButtonElement} remove
 * @typedef {Outline & Row & { region: Region | null, index: number, total: number, selected: boolean }} Entry
 */

/**
 * One editor on the page.
 * @typedef {object} Editor
 * @property {Props} props
 * @property {(event: string) => void} trigger
 * @property {import("./nodes.js").Nodes} nodes
 * @property {Map<string, Entry>} drawn  by the region's id
 * @property {number} wordHeight  image pixels, the median
 * @property {HTMLImageElement} picture  the photo, for crops of it
 * @property {number} lateTimer
 * @property {State} state
 */

export {};
