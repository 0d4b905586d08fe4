"""The tab as a whole."""

from __future__ import annotations

import subprocess
import sys

import gradio as gr

from spotter.tabs.look_inside.tab import build_look_inside
from spotter.tabs.look_inside.views import VIEWS
from spotter.tabs.shared.loading import Loader


def test_the_tab_is_built_without_torch(tiny_file):
    program = (
        "import sys, gradio as gr\n"
        "from spotter.tabs.shared.loading import Loader\n"
        "from spotter.tabs.look_inside.tab import build_look_inside\n"
        "with gr.Blocks(analytics_enabled=False):\n"
        "    with gr.Tab('Look inside') as tab:\n"
        f"        build_look_inside(Loader({str(tiny_file)!r}), tab)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_traces_of_idle_users_are_dropped(tiny_file):
    with gr.Blocks(analytics_enabled=False) as demo, gr.Tab("Look inside") as tab:
        build_look_inside(Loader(str(tiny_file)), tab)
    states = [block for block in demo.blocks.values() if isinstance(block, gr.State)]
    assert min(state.time_to_live for state in states) <= 3600


def test_only_events_that_answer_at_once_say_which_view_is_open(tiny_file):
    """The answer of a slow view, left before it was drawn, once made it the open one again."""
    with gr.Blocks(analytics_enabled=False) as demo, gr.Tab("Look inside") as tab:
        build_look_inside(Loader(str(tiny_file)), tab)
    states = [block for block in demo.blocks.values() if isinstance(block, gr.State) and block.value == 0]
    setting = [[event for event in demo.fns.values() if state in event.outputs] for state in states]
    (selecting,) = (events for events in setting if len(events) == len(VIEWS))  # the other one is the tour's
    assert not any(event.queue for event in selecting)


def test_only_loading_sets_the_trace(tiny_file):
    """An event that gets and returns it puts back an earlier one, or none, if it ends after another was
    loaded: the answer of a slow view, or of the first view, which opens while the first photo is loaded.
    """
    with gr.Blocks(analytics_enabled=False) as demo, gr.Tab("Look inside") as tab:
        build_look_inside(Loader(str(tiny_file)), tab)
    states = [block for block in demo.blocks.values() if isinstance(block, gr.State) and block.time_to_live]
    events = demo.fns.values()
    trace = max(states, key=lambda state: sum(state in event.inputs for event in events))
    setting = {event.fn.__name__ for event in events if trace in event.outputs}
    assert setting == {"load_first", "load_sample", "load_tour", "load_upload"}
