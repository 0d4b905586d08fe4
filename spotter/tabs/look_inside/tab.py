"""The Look inside tab: one trace of a photo, views drawn from it, and one selected word shared by all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from spotter.tabs.look_inside.frame import Frame, Shared, progress_on
from spotter.tabs.look_inside.photo import PhotoPicker
from spotter.tabs.look_inside.view import Values
from spotter.tabs.look_inside.views import VIEWS
from spotter.tabs.shared.events import HIDDEN, PRIVATE, QUEUE
from spotter.tabs.shared.loading import Loader

IDLE_SECONDS = 1800.0  # a trace not used for this long is dropped
CSS = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
# On a phone the row of view names scrolls; a view opened by the tour or a button may lie outside.
SHOW_NAME = """() => requestAnimationFrame(() => {
  const name = document.querySelector("#views > .tab-wrapper [aria-selected=true]");
  const row = name?.parentElement;
  if (row) row.scrollLeft = name.offsetLeft - row.offsetLeft - (row.clientWidth - name.offsetWidth) / 2;
})"""


def build_look_inside(loader: Loader, tab: gr.Tab) -> None:
    """Puts the tab's components into `tab`, which is being built."""
    trace = gr.State(None, time_to_live=IDLE_SECONDS, delete_callback=lambda _: None)
    open_view, picked = gr.State(0), gr.State(None)
    # In a style element, as a css_template would apply to this component only.
    gr.HTML(html_template=f"<style>{CSS}</style>", padding=False)
    picker = PhotoPicker(loader, trace)
    picker.tour.panel()
    shared = Shared(trace, picker.word, picker.truth.box, picked, open_view)
    frames = []
    with gr.Tabs(elem_id="views") as views:
        for view in VIEWS:
            with gr.Tab(view.title, elem_id=f"view-{view.number}", id=view.number) as sub_tab:
                frames.append(Frame(view(), loader, shared, sub_tab))

    # One event for every change of photo, word or truth: it redraws the open view only.
    def redraw(values: Values, progress: gr.Progress = gr.Progress()) -> dict:  # noqa: B008
        return frames[values[open_view]].show(values, progress)

    inputs = {open_view, *shared.inputs}.union(*(frame.inputs for frame in frames))
    outputs = list(dict.fromkeys(component for frame in frames for component in frame.outputs))
    progress = progress_on([frame.view.outputs[0] for frame in frames if frame.view.slow])
    event: dict[str, Any] = {"fn": redraw, "inputs": inputs, "outputs": outputs}
    event |= {**PRIVATE, **QUEUE, **progress}
    for loaded in picker.wire(tab):
        loaded.success(**event)
    picker.word.input(lambda trace: trace, trace, trace, queue=False, **HIDDEN)  # renews its time to live
    picker.word.input(**event)
    # gradio 6.31 does not count every change of a textbox as input; leaving the box covers the rest.
    gr.on([shared.truth.input, shared.truth.blur], trigger_mode="always_last", **event)
    for index, frame in enumerate(frames):
        frame.wire(index, views)
    picker.tour.wire(views)
    views.change(None, js=SHOW_NAME, **HIDDEN)
