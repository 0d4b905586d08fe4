// The region editor: polygons and texts of one photo. `mount` connects its parts with the page.
//
// editor.state is what the page shows; `update` (update.js) changes it and draws what depends on it.

import { act, onClick } from "./actions.js";
import { storeEdits } from "./autosave.js";
import { drawPreview, placeCard } from "./card.js";
import { closest } from "../../spotter/tabs/shared/dom.js";
import { endNudge } from "./gestures.js";
import { moveTabStop, onFieldKey, onKeyDown, onKeyUp, onPageKey, releaseSpace } from "./keys.js";
import { findNodes } from "./nodes.js";
import { unpack } from "./payload.js";
import { storePlace } from "./place.js";
import { hover, onPointerCancel, onPointerDown, onPointerMove, onPointerUp, onWheel } from "./pointer.js";
import { receiveAdded, receivePill, receiveSelection, receiveSuggestions, receiveValue, showPhoto } from "./python.js";
import { finishText, focusPhoto, leavePhoto, select, startText } from "./selection.js";
import { connectSight } from "./sight.js";
import { initialState, isBusy } from "./state.js";
import { update } from "./update.js";
import { refit } from "./zoom.js";

/** @import { Component } from "../../spotter/tabs/shared/dom.js" */
/** @import { Editor, Props } from "./types.js" */

/** @param {Component<Props>} component */
export function mount({ element, props, trigger, watch }) {
  /** @type {Editor} */
  const editor = {
    props, trigger, nodes: findNodes(element), drawn: new Map(), wordHeight: 0, picture: new Image(), lateTimer: 0,
    state: initialState(),
  };
  connectPhoto(editor);
  connectList(editor);
  connectField(editor);
  connectPage(editor);
  connectSight(editor);
  editor.picture.addEventListener("load", () => placeCard(editor));
  watch("value", () => receiveValue(editor));
  watch("proposed", () => receiveSuggestions(editor));
  watch("pill", () => receivePill(editor));
  watch("chosen", () => receiveSelection(editor));
  watch("added", () => receiveAdded(editor));
  showPhoto(editor, unpack(props.value));
  receivePill(editor);
}

/** @param {Editor} editor */
function connectPhoto(editor) {
  const { photo } = editor.nodes;
  photo.addEventListener("pointerdown", (event) => onPointerDown(editor, event));
  photo.addEventListener("pointermove", (event) => onPointerMove(editor, event));
  photo.addEventListener("pointerup", (event) => onPointerUp(editor, event));
  photo.addEventListener("pointercancel", (event) => onPointerCancel(editor, event));
  photo.addEventListener("pointerleave", () => hover(editor, null));
  photo.addEventListener("wheel", (event) => onWheel(editor, event), { passive: false });
  photo.addEventListener("blur", () => endNudge(editor), true);
  // A finger that holds a corner, or draws, does not scroll the page; any other one may.
  photo.addEventListener("touchstart", (event) => {
    const { pointers, view, gesture } = editor.state;
    if (pointers.size > 1 || !view.fitted || (gesture && gesture.kind !== "pan")) event.preventDefault();
  }, { passive: false });
  // The photo decides itself where the focus goes after a press.
  photo.addEventListener("mousedown", (event) => event.preventDefault());
  photo.addEventListener("focusin", (event) => {
    const id = closest(event, "[data-id]")?.dataset.id, { tool, selection } = editor.state;
    if (id && tool === "select" && !selection.includes(id)) select(editor, [id]);
  });
  photo.addEventListener("focusout", () => releaseSpace(editor));
  new ResizeObserver(() => {
    if (editor.state.photo.photo) refit(editor);
  }).observe(photo);
}

/** @param {Editor} editor */
function connectList(editor) {
  const { rows, rowBox, unsureFirst } = editor.nodes;
  rows.addEventListener("pointerover", (event) => hover(editor, closest(event, "tr")?.dataset.id));
  rows.addEventListener("pointerleave", () => hover(editor, null));
  unsureFirst.addEventListener("change", () => {
    update(editor, { unsureFirst: unsureFirst.checked });
    rowBox.scrollTop = 0;
  });
}

/** @param {Editor} editor */
function connectField(editor) {
  const { field } = editor.nodes;
  field.addEventListener("keydown", (event) => onFieldKey(editor, event));
  field.addEventListener("focus", () => startText(editor));
  field.addEventListener("input", () => {
    startText(editor);
    drawPreview(editor);
    placeCard(editor);
  });
  field.addEventListener("change", () => finishText(editor));
  field.addEventListener("blur", () => finishText(editor));
}

/** @param {Editor} editor */
function connectPage(editor) {
  const { root, help } = editor.nodes;
  root.classList.toggle("coarse", matchMedia("(pointer: coarse)").matches);
  root.addEventListener("keydown", (event) => onKeyDown(editor, event));
  root.addEventListener("keyup", (event) => onKeyUp(editor, event));
  root.addEventListener("leave-photo", () => leavePhoto(editor));
  root.addEventListener("focusin", moveTabStop);
  root.addEventListener("click", (event) => onClick(editor, event));
  help.addEventListener("click", (event) => {
    if (event.target === help) act(editor, "closeHelp");
  });
  help.addEventListener("close", () => focusPhoto(editor));
  document.addEventListener("keydown", function onKey(event) {
    if (root.isConnected) onPageKey(editor, event);
    else document.removeEventListener("keydown", onKey);
  });
  let isReload = false;
  /** Older browsers have none. @type {EventTarget | undefined} */
  const navigation = Reflect.get(window, "navigation");
  navigation?.addEventListener("navigate", (event) => {
    isReload = Reflect.get(event, "navigationType") === "reload";
  });
  addEventListener("beforeunload", (event) => {
    if (!root.isConnected || !editor.state.saving.on) return;
    finishText(editor);
    const { saving, revision } = editor.state, isUnsaved = saving.revision < revision;
    const comesBack = isReload && isUnsaved && storeEdits(editor);
    if ((isUnsaved && !comesBack) || isBusy(editor.state)) event.preventDefault();
  });
  addEventListener("pagehide", () => {
    if (root.isConnected) storePlace(editor);
  });
  for (const bar of root.querySelectorAll("[role=toolbar]")) {
    bar.querySelectorAll("button").forEach((button, i) => { button.tabIndex = i ? -1 : 0; });
  }
}
