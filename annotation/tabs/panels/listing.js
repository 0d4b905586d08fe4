// A list with buttons. Runs once per mount with `element`, `props`, `trigger` and `watch`. What others wrote goes
// through textContent, never into markup.
const root = element.querySelector(".listing"), list = element.querySelector("ul");
const part = (name) => element.querySelector("." + name);
let ahead = null;  // kept, so that the browser keeps the picture

function make(parent, tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function pick(key, action) {
  props.value = { rows: [], picked: [key, action] };
  trigger("input");
}

function makeRow(row, current) {
  const item = make(list, "li", row.key === current ? "current" : "");
  item.dataset.key = row.key;
  const main = make(item, row.opens ? "button" : "div", "main");
  if (row.opens) {
    main.type = "button";
    main.dataset.action = "";
    if (row.key === current) main.setAttribute("aria-current", "true");
  }
  if (row.picture.startsWith("data:image/")) Object.assign(make(main, "img", ""), { src: row.picture, alt: "" });
  const texts = make(main, "span", "texts");
  make(texts, "span", "title", row.title).dir = "auto";
  if (row.note) make(texts, "span", "note", row.note);
  if (row.badge) make(main, "span", "badge", row.badge).dataset.badge = row.badge;
  for (const [name, label] of row.actions) {
    const button = make(item, "button", "act", label);
    button.type = "button";
    button.dataset.action = name;
    button.setAttribute("aria-label", label + ": " + row.title);
  }
}

function show() {
  const value = props.value;
  if (!value || value.picked?.length) return;
  const focused = document.activeElement?.closest("li")?.dataset.key, inside = list.contains(document.activeElement);
  root.hidden = false;
  list.replaceChildren();
  for (const row of value.rows) makeRow(row, value.current);
  list.hidden = !value.rows.length;
  for (const [name, text] of [["head", value.head], ["foot", value.foot], ["none", value.rows.length ? "" : value.empty]]) {
    part(name).textContent = text;
    part(name).hidden = !text;
  }
  const marked = list.querySelector(".current");
  if (marked) {  // scrolls the list only, never the page
    list.scrollTop = marked.offsetTop - list.offsetTop - list.clientHeight / 2 + marked.offsetHeight / 2;
    list.scrollLeft = marked.offsetLeft - list.offsetLeft - list.clientWidth / 2 + marked.offsetWidth / 2;
  }
  if (inside) (marked || [...list.children].find((item) => item.dataset.key === focused))?.querySelector("button")?.focus({ preventScroll: true });
  if (value.ahead?.url && ahead?.src !== value.ahead.url) {
    ahead = new Image();
    ahead.src = value.ahead.url;
  }
}

list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) pick(button.closest("li").dataset.key, button.dataset.action);
});
list.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const buttons = [...list.querySelectorAll("button")], next = buttons[buttons.indexOf(event.target) + step];
  event.preventDefault();
  if (next) next.focus();
});
list.setAttribute("aria-label", props.named);
watch("value", show);
show();
