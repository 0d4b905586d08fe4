// Saves what is on the page as a file.

/** A picture as a PNG. @param {HTMLImageElement} image @param {string} name */
export function savePicture(image, name) {
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  canvas.toBlob((blob) => blob && saveBlob(blob, `${name}.png`), "image/png");
}

/** What an address of this page leads to. @param {string} url @param {string} name */
export async function saveAddress(url, name) {
  const answer = await fetch(url);
  if (answer.ok) saveBlob(await answer.blob(), name);
}

const STYLES = ["fill", "stroke", "stroke-width", "font-size", "font-weight", "font-family", "text-anchor", "opacity", "display",
  "paint-order", "stroke-dasharray"];

/** A drawing as an SVG, with the colours it has on the page. @param {SVGSVGElement} svg @param {string} name */
export function saveDrawing(svg, name) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const copies = copy.querySelectorAll("*");
  svg.querySelectorAll("*").forEach((node, i) => {
    const style = getComputedStyle(node);
    copies[i].setAttribute("style", STYLES.map((property) => `${property}: ${style.getPropertyValue(property)}`).join("; "));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  saveBlob(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }), `${name}.svg`);
}

/** @param {Blob} blob @param {string} name */
function saveBlob(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
