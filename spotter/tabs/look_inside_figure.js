// A picture with its alternative text; a click hands its place, in pixels of the picture, to Python.
const image = element.querySelector("img");

function show() {
  const value = props.value;
  const url = value && value.image && value.image.url;
  image.hidden = !url;
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

image.addEventListener("click", (event) => {
  if (!props.value?.clickable) return;
  const box = image.getBoundingClientRect();
  const pad = Number.parseFloat(getComputedStyle(image).paddingLeft) || 0;
  const padTop = Number.parseFloat(getComputedStyle(image).paddingTop) || 0;
  const value = JSON.parse(JSON.stringify(props.value));
  const x = ((event.clientX - box.left - pad) / (box.width - 2 * pad)) * value.width;
  const y = ((event.clientY - box.top - padTop) / (box.height - 2 * padTop)) * value.height;
  props.value = { ...value, click: [x, y] };
  trigger("input");
});

watch("value", show);
show();
