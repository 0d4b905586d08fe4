"""The guided tour leads through existing views."""

from __future__ import annotations

import gradio as gr

from spotter.tabs.look_inside.tour import Tour
from spotter.tabs.look_inside.tour_steps import steps
from spotter.tabs.look_inside.views import VIEWS
from spotter.tabs.shared.loading import Loader
from tests.tabs.look_inside.conftest import make_shared


def test_steps_follow_the_story():
    order = [view.name for view in VIEWS]
    views = [step.view for step in steps() if step.view is not None]
    assert views == [name for name in order if name in views]
    assert all(step.title and step.text.endswith((".", "?")) for step in steps())


def test_it_is_closed_at_first(tiny_file):
    with gr.Blocks(analytics_enabled=False):
        tour = Tour(Loader(str(tiny_file)))
        tour.panel()
        shared = make_shared()
        tour.wire(gr.Tabs(), shared)
    assert not tour.group.visible


def test_every_view_of_the_story_but_the_last_is_guessed_about():
    asking = [step.view for step in steps() if step.ask]
    assert asking == [step.view for step in steps() if step.view not in (None, "quiz")]


def test_an_answer_that_comes_late_is_not_told(tiny_file):
    """The visitor is at the next question then."""
    with gr.Blocks(analytics_enabled=False) as demo:
        tour = Tour(Loader(str(tiny_file)))
        tour.panel()
        tour.wire(gr.Tabs(), make_shared())
    tell = next(event.fn for event in demo.fns.values() if event.fn and event.fn.__name__ == "tell")
    assert tell(3, True, (3, "Right."))["value"] == "Right."
    for index, is_shown, computed in (
        (4, True, (3, "Right.")),
        (3, False, (3, "Right.")),
        (3, True, (3, "")),
    ):
        assert "value" not in tell(index, is_shown, computed)
