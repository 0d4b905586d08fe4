// A photo as it travels between the page and Python: its regions are one string. As objects, gradio's page would
// make proxies and copies of every coordinate, several times per edit.

import { clone } from "../../spotter/tabs/shared/dom.js";

/** @import { Editor, Packed, Payload, Region } from "./types.js" */

const NO_FRAME = 50;  // milliseconds without a frame: the page is hidden

/** A region never changes: an edit puts another one in its place. @type {WeakMap<Region, string>} */
const written = new WeakMap();

/** @param {Region} region */
function regionJson(region) {
  const known = written.get(region) ?? JSON.stringify(region);
  written.set(region, known);
  return known;
}

/** As JSON.stringify, but only those that are new are written. @param {Region[]} regions */
export const regionsJson = (regions) => "[" + regions.map(regionJson).join(",") + "]";

/** @param {Payload} payload @returns {Packed} */
export const pack = ({ regions, ...rest }) => ({ ...clone(rest), regions: regionsJson(regions) });

/** @param {Packed} packed  a reactive proxy @returns {Payload} */
export function unpack(packed) {
  const { regions, ...rest } = clone(packed);
  return { ...rest, regions: JSON.parse(regions) };
}

/** Lets gradio send the value, once the browser has drawn what the key changed. @param {Editor} editor */
export function triggerInput(editor) {
  let sent = false;
  const send = () => {
    if (!sent) editor.trigger("input");
    sent = true;
  };
  requestAnimationFrame(() => setTimeout(send));
  setTimeout(send, NO_FRAME);
}
