"""Multiple-choice questions."""

from __future__ import annotations

import pytest

from spotter.tabs.look_inside.questions import Question, feedback, interval, numbers, third


def test_feedback_gives_the_answer_and_the_reason():
    question = Question("Which?", ("a", "b"), lambda: (1, "It is so."))
    assert feedback(question, None) == "**b.** It is so."
    assert feedback(question, 1) == "✓ **Right: b.** It is so."
    assert feedback(question, 0) == "✗ **No: b.** It is so."


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [(64, (8, 19200), (("8", "64", "19,200"), 1)), (3, (), (("3",), 0)), (3, (3, 1), (("1", "3"), 1))],
)
def test_numbers_are_sorted_and_differ(right, wrong, expected):
    assert numbers(right, *wrong) == expected


def test_intervals():
    assert [interval(value, (0.5, 0.8)) for value in (0, 0.5, 0.8, 1)] == [0, 1, 2, 2]
    assert [third(share) for share in (0.0, 0.33, 0.34, 0.7)] == [0, 0, 1, 2]
    assert interval(3, ()) == 0
