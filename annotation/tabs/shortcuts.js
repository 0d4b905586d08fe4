// Keys of the whole tab. Before a key clicks its button, a text field loses the focus, which saves its text; the photo
// gets it, so that the editor's keys work on the next photo at once.

/** @import { Component } from "../../spotter/tabs/shared/dom.js" */

/** @type {Record<string, string>} */
const BUTTONS = { PageDown: "#correct-next", PageUp: "#correct-previous", Enter: "#correct-done" };

/** @param {Component<{}>} component */
export function mount({ element }) {
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (element.isConnected) pressShortcut(event);
    else document.removeEventListener("keydown", onKey, true);
  };
  document.addEventListener("keydown", onKey, true);
}

/** @param {KeyboardEvent} event */
function pressShortcut(event) {
  const button = buttonFor(event), focused = document.activeElement, editor = document.querySelector("#correct-editor");
  if (!button?.checkVisibility() || !(focused instanceof HTMLElement || focused instanceof SVGElement)) return;
  if (focused !== document.body && !focused.closest("#correct")) return;
  if (document.querySelector("dialog[open]")) return;
  if (focused.matches("input, textarea") && !editor?.contains(focused)) return;
  event.preventDefault();
  event.stopPropagation();
  focused.blur();
  const photo = editor?.querySelector("svg.photo");
  if (photo instanceof SVGElement) photo.focus({ preventScroll: true });
  if (!button.disabled) button.click();
}

/** Page Down, Page Up or Ctrl+Enter. @param {KeyboardEvent} event @returns {HTMLButtonElement | null} */
function buttonFor({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  const hasModifiers = key === "Enter" ? ctrlKey || metaKey : !ctrlKey;
  if (!(key in BUTTONS) || !hasModifiers || altKey || shiftKey) return null;
  return document.querySelector(BUTTONS[key]);
}
