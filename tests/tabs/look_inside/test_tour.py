"""The guided tour leads through existing views."""

from __future__ import annotations

import gradio as gr

from spotter.tabs.look_inside.tour import Tour, steps
from spotter.tabs.look_inside.views import VIEWS


def test_steps_follow_the_story():
    order = [view.name for view in VIEWS]
    views = [step.view for step in steps() if step.view is not None]
    assert views == [name for name in order if name in views]
    assert all(step.title and step.text.endswith((".", "?")) for step in steps())


def test_it_is_closed_at_first():
    with gr.Blocks(analytics_enabled=False):
        tour = Tour()
        tour.panel()
        tour.wire(gr.Tabs())
    assert not tour.group.visible
