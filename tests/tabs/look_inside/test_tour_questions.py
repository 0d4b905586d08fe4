"""What the tour asks, answered on a photo."""

from __future__ import annotations

import pytest

from spotter.language import speaking
from spotter.tabs.look_inside import tour_questions
from spotter.tabs.look_inside.questions import MAX_OPTIONS, feedback
from spotter.tabs.look_inside.tour_steps import steps
from spotter.tabs.look_inside.view import ViewInput

ASKING = [step for step in steps() if step.ask]


@pytest.mark.parametrize("step", ASKING, ids=lambda step: step.view)
def test_a_question_is_answered_on_the_photo(tiny_spotter, trace, step):
    at = ViewInput(trace, 0, lambda: tiny_spotter)
    question = step.ask(at)
    assert 2 <= len(set(question.options)) == len(question.options) <= MAX_OPTIONS
    assert question.text.endswith("?")
    right, reason = question.answer()
    assert 0 <= right < len(question.options)
    assert reason.endswith(".")
    with speaking("ko"):
        question = step.ask(at)
        assert feedback(question, right).startswith("✓ **맞습니다")


def test_a_question_does_not_wait_for_the_spotter(trace):
    def spotter():
        raise AssertionError("the spotter is still being loaded")

    for step in ASKING:
        assert step.ask(ViewInput(trace, 0, spotter)).text


def test_a_word_without_text_can_be_asked_about(tiny_spotter, trace):
    """The end sign is replaced, then."""
    from dataclasses import replace

    word = replace(trace.words[0], text="", characters=[])
    empty = replace(trace, words=[word, *trace.words[1:]])
    question = tour_questions.ask_letters(ViewInput(empty, 0, lambda: tiny_spotter))
    assert question.text.startswith("Character 1 ")
    assert question.answer()[0] in (0, 1)
