// Keys of the whole tab, wherever the focus is but in a text field outside of the editor. Before a key clicks its button,
// the editor saves the text being typed and gets the focus, so that its keys work on the next photo at once.

import { find } from "../../spotter/tabs/shared/dom.js";

/** @import { Component } from "../../spotter/tabs/shared/dom.js" */

/** @type {Record<string, string>} */
const BUTTONS = { PageDown: "#correct-next", PageUp: "#correct-previous", Enter: "#correct-done" };

const EDITOR = "#correct-editor .editor";

/** @param {Component<{}>} component */
export function mount({ element }) {
  find(element, ".skip", HTMLButtonElement).addEventListener("click", () => {
    const photo = document.querySelector(EDITOR + " svg.photo");
    if (photo instanceof SVGElement) photo.focus();
  });
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (element.isConnected) pressShortcut(event);
    else document.removeEventListener("keydown", onKey, true);
  };
  document.addEventListener("keydown", onKey, true);
}

/** @param {KeyboardEvent} event */
function pressShortcut(event) {
  const button = buttonFor(event), focused = document.activeElement, editor = document.querySelector(EDITOR);
  if (!button?.checkVisibility() || document.querySelector("dialog[open]")) return;
  if (focused?.matches("input, textarea") && !editor?.contains(focused)) return;
  event.preventDefault();
  event.stopPropagation();
  editor?.dispatchEvent(new Event("leave-photo"));
  if (!button.disabled) button.click();
}

/** Page Down, Page Up or Ctrl+Enter. @param {KeyboardEvent} event @returns {HTMLButtonElement | null} */
function buttonFor({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  const hasModifiers = key === "Enter" ? ctrlKey || metaKey : !ctrlKey;
  if (!(key in BUTTONS) || !hasModifiers || altKey || shiftKey) return null;
  return document.querySelector(BUTTONS[key]);
}
