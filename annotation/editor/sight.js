// How the photo is seen: brightness and contrast, which only the eye gets, and whether small words are zoomed to.

import { update } from "./update.js";

/** @import { Editor } from "./types.js" */

const CLOSE_UP = "region-editor close-up";

/** @param {Editor} editor */
export function connectSight(editor) {
  const { brightness, contrast, closeUp, resetSight } = editor.nodes;
  for (const slider of [brightness, contrast]) slider.addEventListener("input", () => drawSight(editor));
  resetSight.addEventListener("click", () => {
    brightness.value = contrast.value = "100";
    drawSight(editor);
  });
  closeUp.checked = storedCloseUp();
  update(editor, { closeUp: closeUp.checked });
  closeUp.addEventListener("change", () => {
    update(editor, { closeUp: closeUp.checked });
    try { localStorage.setItem(CLOSE_UP, closeUp.checked ? "on" : "off"); } catch { /* until the page is left */ }
  });
}

function storedCloseUp() {
  try { return localStorage.getItem(CLOSE_UP) !== "off"; } catch { return true; }
}

/** @param {Editor} editor */
function drawSight({ nodes: { brightness, contrast, image, crop, root } }) {
  const isPlain = brightness.value === "100" && contrast.value === "100";
  const filter = isPlain ? "" : "brightness(" + brightness.value + "%) contrast(" + contrast.value + "%)";
  image.style.filter = crop.style.filter = filter;
  root.classList.toggle("filtered", !isPlain);
}
