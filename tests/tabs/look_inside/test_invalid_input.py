"""Invalid input gets one sentence instead of pictures."""

from __future__ import annotations

import pytest

from spotter.explain import picked_points
from spotter.tabs.look_inside.view import View, first_value
from spotter.tabs.look_inside.views.levels import LevelsView
from spotter.tabs.look_inside.views.masks import MasksView
from spotter.tabs.look_inside.views.receptive_field import ReceptiveFieldView
from spotter.tabs.look_inside.views.windows import WindowsView


@pytest.mark.parametrize(
    ("view", "changes", "sentence"),
    [
        (WindowsView, {"point": "nowhere"}, "This is not a point"),
        (LevelsView, {"point": "0 < x"}, "This is not a point"),
        (ReceptiveFieldView, {"point": "nowhere"}, "This is not a point"),
        (ReceptiveFieldView, {"point": picked_points.WORD, "left": "2-4"}, "These are not dilations"),
        (ReceptiveFieldView, {"point": picked_points.WORD, "left": "<b>"}, "These are not dilations"),
        (MasksView, {"polygon": "1,2 3,4"}, "This is not a polygon"),
    ],
)
def test_invalid_input_gets_one_sentence(frames, trace, view: type[View], changes, sentence):
    frame = frames[view]
    shared = frame.shared
    values = {component: first_value(component) for component in frame.view.inputs}
    values |= {getattr(frame.view, name): value for name, value in changes.items()}
    values |= {shared.trace: trace, shared.word: 0, shared.truth: "", shared.picked: None}
    drawn = frame.view.draw(frame.view_input(values), values)
    assert set(drawn) == set(frame.view.outputs)
    texts = [value for value in drawn.values() if value]
    assert len(texts) == 1
    assert texts[0].startswith(sentence)
