"""The Look inside tab: one trace of a photo, views drawn from it, and one selected word shared by all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from spotter.language import tr
from spotter.served import OfferedWeights
from spotter.tabs.look_inside.comparison import WRITE_CHOICE, nothing_offered
from spotter.tabs.look_inside.frame import Frame, Shared, progress_on
from spotter.tabs.look_inside.photo import PhotoPicker
from spotter.tabs.look_inside.place import READY, WRITE_VIEW, Place
from spotter.tabs.look_inside.views import VIEWS
from spotter.tabs.shared.events import HIDDEN, PRIVATE, QUEUE
from spotter.tabs.shared.loading import Loader

IDLE_SECONDS = 1800.0  # a trace not used for this long is dropped
CSS = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def build_look_inside(
    loader: Loader, tab: gr.Tab, offered: Callable[[], list[OfferedWeights]] = nothing_offered
) -> None:
    """Puts the tab's components into `tab`, which is being built. offered: lists the weights that may be
    compared with those of the loader.
    """
    trace = gr.State(None, time_to_live=IDLE_SECONDS, delete_callback=lambda _: None)
    open_view, picked = gr.State(0), gr.State(None)
    # In a style element, as a css_template would apply to this component only.
    gr.HTML(html_template=f"<style>{CSS}</style>", padding=False, elem_id="inside-style")
    picker = PhotoPicker(loader, trace, offered)
    comparison = picker.comparison
    shared = Shared(trace, picker.word, picker.truth.box, picked, open_view, comparison)
    frames = []
    with gr.Tabs(elem_id="views") as views:
        for view in VIEWS:
            with gr.Tab(view.title, elem_id=f"view-{view.name}", id=view.name) as sub_tab:
                frames.append(Frame(view(), loader, shared, sub_tab))

    # One event for every change of photo, word or truth: it redraws the open view only.
    # gradio evaluates the annotations to find the request.
    def redraw(values: Any, request: gr.Request, progress: gr.Progress = gr.Progress()) -> dict:  # noqa: B008
        return frames[values[open_view]].show(values, progress, query=request.query_params)

    inputs = {open_view, *shared.inputs}.union(*(frame.inputs for frame in frames))
    outputs = list(dict.fromkeys(component for frame in frames for component in frame.outputs))
    progress = progress_on([frame.view.outputs[0] for frame in frames if frame.view.slow])
    event: dict[str, Any] = {"fn": redraw, "inputs": inputs, "outputs": outputs}
    event |= {**PRIVATE, **QUEUE, **progress}
    for loaded in picker.wire(tab):
        loaded.success(**event)
    for used in (picker.word.input, *(frame.tab.select for frame in frames)):
        used(picker.memory.renew, None, None, queue=False, **HIDDEN)
    picker.word.input(**event)

    # gradio evaluates the annotations to find the progress.
    def compare(values: Any, progress: gr.Progress = gr.Progress()) -> None:  # noqa: B008
        """Before the views are drawn, since it may take seconds."""
        found, chosen = values[trace], values[comparison.choice]
        if found is None or not chosen:
            return
        comparison.second(found, values[comparison.source], chosen, progress)
        if not VIEWS[values[open_view]].compares:
            titles = ", ".join(view.title for view in VIEWS if view.compares)
            gr.Info(tr("These views compare: {titles}.", titles=titles), title=tr("Compare"))

    chosen = comparison.choice.select(  # gradio 6.31 sends `input` twice
        compare, {open_view, *shared.inputs}, None, **PRIVATE, **QUEUE, **progress_on([picker.map])
    )
    chosen.success(**event)
    chosen.success(None, comparison.choice, None, js=WRITE_CHOICE, **HIDDEN)
    # gradio 6.31 does not count every change of a textbox as input; leaving the box covers the rest.
    gr.on([shared.truth.input, shared.truth.blur], trigger_mode="always_last", **event)
    for index, frame in enumerate(frames):
        # First: gradio starts the listeners of an event one after the other.
        frame.tab.select(None, js=WRITE_VIEW.replace("%s", frame.view.name), **HIDDEN)
        frame.wire(index, views)
    opened = tab.select(open_named_view, None, views, queue=False, **HIDDEN)
    opened.then(None, js=READY, **HIDDEN)
    picker.tour.wire(views, shared)


def open_named_view(request: gr.Request) -> gr.Tabs:
    """The view that the address names."""
    view = Place.of(request.query_params).view
    return gr.skip() if view is None else gr.Tabs(selected=view)
