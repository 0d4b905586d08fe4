"""Texts of the view of the proposals."""

from __future__ import annotations

from spotter.explain.topics import proposals
from spotter.tabs.look_inside.view import first_value
from spotter.tabs.look_inside.views.proposals import STEPS, ProposalsView, describe, published_start


def test_the_published_start_is_explained_where_it_is_shown(frames, trace):
    frame = frames[ProposalsView]
    shared = frame.shared
    values = {component: first_value(component) for component in frame.view.inputs}
    values |= {shared.trace: trace, shared.word: 0, shared.truth: "", shared.picked: None}
    for which, is_said in (("published", True), ("learned", False)):
        drawn = frame.view.draw(frame.view_input(values), values | {frame.view.which: which})
        assert drawn[frame.view.text].startswith(published_start(0)) == is_said
    halfway = {frame.view.which: "published", frame.view.way: STEPS // 2}
    assert "50% of the way" in frame.view.draw(frame.view_input(values), values | halfway)[frame.view.text]


def test_boxes_of_one_tile_and_of_several_are_the_same_learned_ones(trace):
    start = proposals.starting_boxes(trace, trace.config.proposal_grid)
    text = describe(trace, start, 0)
    assert "are the same on every photo" in text
    assert "laid 2 times side by side" in text
    assert "pixels of the network's input" in text
