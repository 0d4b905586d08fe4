// The head of the tab: of its drawers at most one is open, Esc closes it. And the button that folds the queue.

/** @import { Component } from "../../spotter/tabs/shared/dom.js" */

const HEADS = ":is(#correct-head, #correct-steps)";
const OPEN = HEADS + " > .gr-accordion > .label-wrap.open";

/** @param {Component<{}>} component */
export function mount({ element }) {
  const onClick = (/** @type {MouseEvent} */ event) => {
    if (!element.isConnected) return document.removeEventListener("click", onClick, true);
    if (!(event.target instanceof Element)) return;
    const label = event.target.closest(HEADS + " > .gr-accordion > .label-wrap");
    if (label) closeDrawers(label);
    const fold = event.target.closest("[data-fold]");
    if (fold instanceof HTMLElement) toggleFold(fold);
    if (event.target.closest("#correct-more")) document.querySelector("#correct-head")?.classList.toggle("more");
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (!element.isConnected) return document.removeEventListener("keydown", onKey);
    const focused = document.activeElement, isFree = focused === document.body || focused?.closest(HEADS);
    if (event.key === "Escape" && !event.defaultPrevented && isFree) closeDrawers();
  };
  document.addEventListener("click", onClick, true);
  document.addEventListener("keydown", onKey);
}

/** Closes the open ones, but for one that is just being clicked. @param {Element} [label] */
function closeDrawers(label) {
  for (const open of document.querySelectorAll(OPEN)) {
    if (open === label || !(open instanceof HTMLElement)) continue;
    if (!label) open.focus();
    open.click();
  }
}

/** @param {HTMLElement} button */
function toggleFold(button) {
  const isFolded = document.getElementById(button.dataset.fold ?? "")?.classList.toggle("folded") ?? false;
  button.setAttribute("aria-expanded", String(!isFolded));
}
