"""The views of Look inside, each in its frame, with a tiny spotter."""

from __future__ import annotations

import gradio as gr
import pytest

from spotter.tabs.look_inside.comparison import Comparison, nothing_offered
from spotter.tabs.look_inside.frame import Frame, Shared
from spotter.tabs.look_inside.trace_memory import TraceMemory
from spotter.tabs.look_inside.view import View
from spotter.tabs.look_inside.views import VIEWS
from spotter.tabs.shared.loading import Loader


def make_shared() -> Shared:
    trace = gr.State()
    comparison = Comparison(nothing_offered, "cpu", TraceMemory(trace))
    comparison.layout()
    return Shared(trace, gr.Dropdown([]), gr.Textbox(""), gr.State(), gr.State(0), comparison)


@pytest.fixture(scope="session")
def frames(tiny_file) -> dict[type[View], Frame]:
    loader = Loader(str(tiny_file), "cpu")
    with gr.Blocks(analytics_enabled=False):
        shared = make_shared()
        made = {}
        with gr.Tabs():
            for view in VIEWS:
                with gr.Tab(view.title) as tab:
                    made[view] = Frame(view(), loader, shared, tab)
    return made


@pytest.fixture(params=VIEWS, ids=lambda view: view.title)
def frame(request, frames) -> Frame:
    return frames[request.param]
