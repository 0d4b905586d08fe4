// Words over their photo, and the list of them beside it. Runs once per mount with `element`, `props` and `watch`.
// Everything that was read or named by others goes through textContent or setAttribute, never into markup.
const SVG = "http://www.w3.org/2000/svg";
const VIRIDIS = [[68, 1, 84], [65, 68, 135], [42, 120, 142], [34, 168, 132], [122, 209, 81], [253, 231, 37]];
const find = (selector) => element.querySelector(selector);
const slider = find("input[type=range]"), labelled = find("input[type=checkbox]");
const svg = find("svg"), labels = find(".labels"), tip = find(".tip"), rows = find("tbody"), empty = find(".empty");
let data = null;      // what Python sent: {photo, name, width, height, seconds, words, model, credit}
let shown = [];       // words above the threshold
let selected = null;  // id of the word kept selected by a click or Enter

const percent = (score) => Math.round(score * 100) + " %";
const plural = (count) => count + (count === 1 ? " word" : " words");

function colour(score) {
  const at = Math.min(Math.max(score, 0), 1) * (VIRIDIS.length - 1), low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  const mixed = VIRIDIS[low].map((value, i) => Math.round(value + (VIRIDIS[low + 1][i] - value) * (at - low)));
  return "rgb(" + mixed.join(",") + ")";
}

function make(parent, tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function makeSvg(parent, tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.append(node);
  return node;
}

// ---- The photo

function drawPhoto() {
  svg.replaceChildren();
  svg.setAttribute("viewBox", "0 0 " + data.width + " " + data.height);
  find(".photo").style.aspectRatio = data.width + " / " + data.height;
  find(".photo").style.maxWidth = "calc(76vh * " + data.width / data.height + ")";
  makeSvg(svg, "image", { href: data.photo.url, width: data.width, height: data.height, preserveAspectRatio: "none" });
}

function drawWord(word, index) {
  const points = word.polygon.map((point) => point.join(",")).join(" ");
  const group = makeSvg(svg, "g", {
    class: word.score < 0.5 ? "word dark" : "word", "data-id": word.id, role: "button", tabindex: index ? -1 : 0,
    "aria-label": (word.text || "unreadable") + ", word " + (index + 1) + " of " + shown.length +
      ", found " + percent(word.score) + ", read " + percent(word.reading_score),
  });
  makeSvg(group, "polygon", { points, class: "halo" });
  makeSvg(group, "polygon", { points, class: "line", stroke: colour(word.score) });
  group.addEventListener("pointerenter", () => hover(word));
  group.addEventListener("pointerleave", () => hover(null));
  group.addEventListener("focus", () => { roveTo(index); hover(word); });
  group.addEventListener("blur", () => hover(null));
  group.addEventListener("click", () => select(word.id));
  group.addEventListener("keydown", (event) => onKey(event, word, index));
}

function drawLabel(word) {
  const [x1, y1, x2, y2] = word.box, label = make(labels, "span", "label", word.text);
  label.dataset.id = word.id;
  // Above the word; below it where there is no room; inside only when the word fills the photo.
  const below = y1 < 0.06 * data.height, top = below && y2 < 0.94 * data.height ? y2 : y1;
  label.style.top = (100 * top) / data.height + "%";
  if (below) label.classList.add("below");
  if (x1 > 0.6 * data.width) label.style.right = 100 - (100 * Math.min(x2, data.width)) / data.width + "%";
  else label.style.left = (100 * Math.max(x1, 0)) / data.width + "%";
}

/** Hides labels that would lie on the label of a surer word; words come in the order of falling score. */
function thinLabels() {
  const kept = [];
  for (const label of labels.children) {
    label.classList.remove("covered");
    const a = label.getBoundingClientRect();
    const covered = kept.some((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom);
    if (covered) label.classList.add("covered");
    else kept.push(a);
  }
}

function onKey(event, word, index) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step) svg.querySelectorAll(".word")[(index + step + shown.length) % shown.length].focus();
  else if (event.key === "Enter" || event.key === " ") select(word.id);
  else if (event.key === "Escape") select(null);
  else return;
  event.preventDefault();
}

/** One tab stop for all words; arrow keys move it. */
function roveTo(index) {
  svg.querySelectorAll(".word").forEach((group, i) => group.setAttribute("tabindex", i === index ? 0 : -1));
}

function hover(word) {
  tip.hidden = !word;
  mark("hovered", word && word.id);
  if (!word) return;
  tip.replaceChildren();
  const letters = make(tip, "span", "letters");
  for (const letter of word.characters) {
    make(letters, "span", "letter", letter.text).style.borderBottomColor = colour(letter.score);
  }
  if (!word.characters.length) make(letters, "span", "letter", word.text);
  make(tip, "span", "scores", "found " + percent(word.score) + " · read " + percent(word.reading_score));
  const [x1, y1, x2, y2] = word.box, under = y1 < 0.25 * data.height;
  tip.style.left = Math.min(Math.max((50 * (x1 + x2)) / data.width, 20), 80) + "%";
  tip.style.top = (100 * Math.min(Math.max(under ? y2 : y1, 0), data.height)) / data.height + "%";
  tip.classList.toggle("under", under);
}

// ---- The list

/** The word's smallest rectangle, turned upright: {x, y: its centre, width, height, angle}. */
function rectangle(polygon) {
  let best = null;
  polygon.forEach(([x, y], i) => {
    const [nx, ny] = polygon[(i + 1) % polygon.length], length = Math.hypot(nx - x, ny - y);
    if (!length) return;
    const cos = (nx - x) / length, sin = (ny - y) / length;
    const u = polygon.map((p) => p[0] * cos + p[1] * sin), v = polygon.map((p) => p[1] * cos - p[0] * sin);
    const [u1, u2, v1, v2] = [Math.min(...u), Math.max(...u), Math.min(...v), Math.max(...v)];
    const area = (u2 - u1) * (v2 - v1);
    if (best && best.area <= area) return;
    const cu = (u1 + u2) / 2, cv = (v1 + v2) / 2;
    best = { area, x: cu * cos - cv * sin, y: cu * sin + cv * cos, width: u2 - u1, height: v2 - v1, angle: Math.atan2(sin, cos) };
  });
  if (!best) return { x: polygon[0][0], y: polygon[0][1], width: 1, height: 1, angle: 0 };
  while (best.angle > Math.PI / 4) turn(best, -1);
  while (best.angle < -Math.PI / 4) turn(best, 1);
  return best;
}

function turn(box, quarters) {
  box.angle += (quarters * Math.PI) / 2;
  [box.width, box.height] = [box.height, box.width];
}

function drawCrop(canvas, photo, word) {
  const box = rectangle(word.polygon), tall = 64, pixels = photo.naturalWidth / data.width;
  const scale = Math.min(tall / (box.height * 1.15), 224 / (box.width * 1.08));
  canvas.width = Math.max(1, box.width * 1.08 * scale);
  canvas.height = Math.max(1, box.height * 1.15 * scale);
  const pen = canvas.getContext("2d");
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.rotate(-box.angle);
  pen.scale(scale / pixels, scale / pixels);
  pen.drawImage(photo, -box.x * pixels, -box.y * pixels);
}

function drawRow(word, photo) {
  const row = make(rows, "tr");
  row.dataset.id = word.id;
  const canvas = make(make(row, "td", "crop"), "canvas");
  canvas.setAttribute("aria-hidden", "true");
  if (photo.complete) drawCrop(canvas, photo, word);
  else photo.addEventListener("load", () => drawCrop(canvas, photo, word));
  const button = make(make(row, "td", "text"), "button", "", word.text || "(no text)");
  button.type = "button";
  for (const score of [word.score, word.reading_score]) {
    const cell = make(row, "td", "score", percent(score));
    cell.style.setProperty("--score", score);
    cell.style.setProperty("--colour", colour(score));
  }
  row.addEventListener("click", () => select(word.id));
  row.addEventListener("pointerenter", () => hover(word));
  row.addEventListener("pointerleave", () => hover(null));
  button.addEventListener("focus", () => hover(word));
  button.addEventListener("blur", () => hover(null));
}

// ---- Both

/** Gives the class to everything that belongs to the word, and takes it from everything else. */
function mark(className, id) {
  element.querySelectorAll("[data-id]").forEach((node) => node.classList.toggle(className, node.dataset.id === id));
}

function select(id) {
  selected = id === selected ? null : id;
  mark("selected", selected);
  svg.querySelectorAll(".word").forEach((g) => g.setAttribute("aria-pressed", g.dataset.id === selected));
  rows.querySelectorAll("tr").forEach((row) => {
    row.querySelector("button").setAttribute("aria-pressed", row.dataset.id === selected);
    if (row.dataset.id === selected) keepInView(row);
  });
}

/** Scrolls the list only, never the page. */
function keepInView(row) {
  const side = find(".side"), top = row.offsetTop - rows.offsetTop;
  if (top < side.scrollTop) side.scrollTop = top;
  const bottom = row.offsetTop + row.offsetHeight - side.clientHeight;
  if (bottom > side.scrollTop) side.scrollTop = bottom;
}

function describe() {
  if (!data.photo) return "";
  const hidden = data.words.length - shown.length;
  return plural(shown.length) + (hidden ? ", " + hidden + " less sure hidden" : "") + " · read in " +
    data.seconds.toFixed(2) + " s by " + trained(data.model) + " · " + data.width + " × " + data.height + " pixels";
}

function trained(model) {
  return model.name + (model.trained_images ? ", trained on " + model.trained_images.toLocaleString("en") + " images" : "");
}

function explainEmptiness() {
  if (!data.photo) return "Choose a photo, or pick a sample.";
  if (!data.words.length) return "No words found on this photo.";
  const best = Math.max(...data.words.map((word) => word.score));
  return "No words found with this confidence. The surest guess has " + percent(best) + ": move the slider to the left.";
}

function drawWords() {
  const threshold = Number(slider.value);
  find("output").textContent = threshold.toFixed(2);
  slider.style.setProperty("--at", threshold);
  shown = data.words.filter((word) => word.score > threshold);
  svg.querySelectorAll(".word").forEach((node) => node.remove());
  labels.replaceChildren();
  rows.replaceChildren();
  hover(null);
  const photo = new Image();
  if (data.photo) photo.src = data.photo.url;
  shown.forEach((word, index) => { drawWord(word, index); drawLabel(word); drawRow(word, photo); });
  const kept = shown.some((word) => word.id === selected) ? selected : null;
  selected = null;
  select(kept);
  empty.hidden = shown.length > 0;
  empty.textContent = shown.length ? "" : explainEmptiness();
  find("table").hidden = !shown.length;
  find(".status").textContent = describe();
  for (const button of element.querySelectorAll(".buttons button")) button.disabled = !shown.length;
  thinLabels();
}

function render() {
  data = JSON.parse(JSON.stringify(props.value));  // props.value is a reactive proxy
  selected = null;
  find(".overlay").classList.toggle("blank", !data.photo);
  if (data.photo) drawPhoto();
  find(".credit").textContent = data.credit;
  drawWords();
}

/** The shown words as people read: line by line, left to right. */
function asText() {
  const lines = [];
  const boxes = shown.map(({ text, box: [x1, y1, , y2] }) => ({ text, x: x1, y: (y1 + y2) / 2, height: y2 - y1 }));
  for (const word of boxes.sort((a, b) => a.y - b.y)) {
    const line = lines.find(([first]) => Math.abs(first.y - word.y) < 0.5 * Math.min(first.height, word.height));
    if (line) line.push(word);
    else lines.push([word]);
  }
  return lines.map((line) => line.sort((a, b) => a.x - b.x).map((word) => word.text).join(" ")).join("\n");
}

async function copy(event) {
  const button = event.target;
  const area = make(element, "textarea", "offscreen", asText());
  area.select();
  try {
    // The clipboard API is missing on plain http; the old command still works there.
    if (navigator.clipboard) await navigator.clipboard.writeText(area.value);
    else document.execCommand("copy");
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed";
  }
  area.remove();
  setTimeout(() => { button.textContent = "Copy text"; }, 1500);
}

function save() {
  const { name, width, height, seconds, model } = data;
  const content = { model, images: { [name]: { width, height, seconds, words: shown } } };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: "application/json" }));
  link.download = name.replace(/\.[^.]*$/, "") + ".json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

slider.value = props.threshold;
slider.addEventListener("input", drawWords);
labelled.addEventListener("change", () => find(".photo").classList.toggle("bare", !labelled.checked));
find(".copy").addEventListener("click", copy);
find(".save").addEventListener("click", save);
new ResizeObserver(thinLabels).observe(labels);
watch("value", render);
render();
