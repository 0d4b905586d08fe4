// Keys of the whole tab. A text that is being typed is kept first: the field loses the focus before the step. It goes to
// the photo, so that the editor's keys work at once on the next one.
const BUTTONS = { PageDown: "#correct-next", PageUp: "#correct-previous", Enter: "#correct-done" };

function step(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", step, true);
  const button = document.querySelector(BUTTONS[event.key] || "#none"), wanted = event.key === "Enter" ? event.ctrlKey || event.metaKey : !event.ctrlKey;
  if (!button || !wanted || event.altKey || event.shiftKey || !button.checkVisibility() || document.querySelector("dialog[open]")) return;
  const editor = document.querySelector("#correct-editor"), here = document.activeElement;
  if (here !== document.body && !here.closest("#correct")) return;
  if (here.matches("input, textarea") && !editor?.contains(here)) return;
  event.preventDefault();
  event.stopPropagation();
  here.blur();
  editor?.querySelector("svg.photo")?.focus({ preventScroll: true });
  if (!button.disabled) button.click();
}

document.addEventListener("keydown", step, true);
