"""The note of views that count correct words while there is no ground truth."""

from __future__ import annotations

import pytest

from spotter.explain.polygon_text import words_read
from spotter.tabs.look_inside.truth import missing_truth, missing_truth_note
from spotter.tabs.look_inside.view import ViewInput


@pytest.mark.parametrize(("change", "note"), [("", f"{missing_truth()}\n\n"), ("\nmore: 1,1 9,1 9,9", "")])
def test_the_note_is_there_until_the_words_are_edited(trace, change, note):
    words = [word for word in trace.words if word.score >= trace.config.score_threshold]
    assert words
    truth = words_read(trace) + change
    assert missing_truth_note(ViewInput(trace, 0, lambda: None, truth)) == note


def test_no_words_need_no_note(empty_trace):
    assert missing_truth_note(ViewInput(empty_trace, None, lambda: None, "")) == ""
