// A picture with its alternative text; a click hands its place, in pixels of the picture, to Python. Pointing
// at a place of a panel marks it in every panel on the page that shows the same.
const image = element.querySelector("img");
const marks = element.querySelector(".marks");

function show() {
  const value = props.value;
  const url = value && value.image && value.image.url;
  image.hidden = !url;
  marks.replaceChildren();
  if (!url) return;
  if (image.getAttribute("src") !== url) image.src = url;
  image.alt = value.alt || "";
  image.width = value.width;
  image.height = value.height;
  image.style.setProperty("--least", `${value.least}px`);
  image.style.setProperty("--natural", `${value.width}px`);
  image.classList.toggle("framed", value.framed);
  image.classList.toggle("wide", value.least > 0);
  image.classList.toggle("clickable", value.clickable);
}

// Where the picture lies on the screen, without the frame around it: left, top, and pixels of the screen a pixel
// of the picture, along x and y.
function frame() {
  const box = image.getBoundingClientRect();
  const style = getComputedStyle(image);
  const pad = Number.parseFloat(style.paddingLeft) || 0;
  const padTop = Number.parseFloat(style.paddingTop) || 0;
  return {
    left: box.left + pad,
    top: box.top + padTop,
    x: (box.width - 2 * pad) / props.value.width,
    y: (box.height - 2 * padTop) / props.value.height,
  };
}

function pointed(event) {
  const at = frame();
  return [(event.clientX - at.left) / at.x, (event.clientY - at.top) / at.y];
}

image.addEventListener("click", (event) => {
  if (!props.value?.clickable) return;
  const value = JSON.parse(JSON.stringify(props.value));
  props.value = { ...value, click: pointed(event) };
  trigger("input");
});

// The places pointed at, one for each panel under the pointer: what is shown there, and where in it, 0..1.
function places(event) {
  const [x, y] = pointed(event);
  const found = [];
  for (const { link, box, part } of props.value?.panels || []) {
    const u = (x - box[0]) / (box[2] - box[0]);
    const v = (y - box[1]) / (box[3] - box[1]);
    if (u < 0 || u >= 1 || v < 0 || v >= 1) continue;
    found.push({ link, u: part[0] + u * (part[2] - part[0]), v: part[1] + v * (part[3] - part[1]) });
  }
  return found;
}

const tell = (found) => document.dispatchEvent(new CustomEvent("figure-pointed", { detail: found }));
image.addEventListener("pointermove", (event) => tell(places(event)));
image.addEventListener("pointerleave", () => tell([]));

function mark(event) {
  if (!element.isConnected) return void document.removeEventListener("figure-pointed", mark);
  marks.replaceChildren();
  if (image.hidden || !image.offsetParent || !event.detail.length) return;
  const at = frame();
  const origin = marks.getBoundingClientRect();
  for (const { link, box, part, cell } of props.value?.panels || []) {
    for (const place of event.detail) {
      const inside = place.u >= part[0] && place.u < part[2] && place.v >= part[1] && place.v < part[3];
      if (place.link !== link || !inside) continue;
      // A cell from its corner, or the place alone.
      const [u, v] = cell ? [place.u, place.v].map((one, i) => Math.floor(one / cell[i] + 1e-6) * cell[i]) : [place.u, place.v];
      const scaleX = ((box[2] - box[0]) / (part[2] - part[0])) * at.x;
      const scaleY = ((box[3] - box[1]) / (part[3] - part[1])) * at.y;
      const dot = document.createElement("span");
      dot.className = cell ? "cell" : "place";
      dot.style.left = `${at.left - origin.left + box[0] * at.x + (u - part[0]) * scaleX}px`;
      dot.style.top = `${at.top - origin.top + box[1] * at.y + (v - part[1]) * scaleY}px`;
      if (cell) {
        dot.style.width = `${cell[0] * scaleX}px`;
        dot.style.height = `${cell[1] * scaleY}px`;
      }
      marks.append(dot);
    }
  }
}

document.addEventListener("figure-pointed", mark);
watch("value", show);
show();
