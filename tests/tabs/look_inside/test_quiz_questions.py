"""The ten questions at the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.explain.polygon_text import words_read
from spotter.tabs.look_inside.quiz_questions import COUNT, ask_all, ask_gate, ask_mean, ask_steps, means
from spotter.tabs.look_inside.view import ViewInput


@pytest.fixture
def at(tiny_spotter, trace) -> ViewInput:
    return ViewInput(trace, 0, lambda: tiny_spotter, words_read(trace))


def test_each_has_one_right_answer_among_different_options(at):
    asked = ask_all(at)
    assert len(asked) == COUNT
    assert len({question.text for question in asked}) == COUNT
    for question in asked:
        right, reason = question.answer()
        assert 0 <= right < len(set(question.options)) == len(question.options), question.text
        assert question.text.endswith("?")
        assert reason.endswith("."), reason


def test_answers_come_from_the_trace(at):
    word = at.trace.words[0].text
    question = ask_steps(at)
    assert question.options[question.answer()[0]] == str(min(len(word) + 1, at.trace.ids.shape[1]))


def test_a_gate_that_is_the_same_everywhere_is_said_to_be(at):
    even = replace(at, trace=replace(at.trace, m3=np.full_like(at.trace.m3, 0.5)))
    question = ask_gate(even)
    assert question.options[question.answer()[0]] == "about the same on both"
    full = replace(at, trace=replace(at.trace, mask_k=np.ones_like(at.trace.mask_k)))
    assert "gradient" in ask_gate(full).text  # there is no background to compare with


def test_the_mean_is_asked_of_this_photo_unless_all_means_are_equal(at):
    assert means(1, 1, 4) == (0.4, 0.625, 0.25)
    assert means(0, 0, 0) == (0, 0, 0)
    question = ask_mean(replace(at, truth=""))
    assert question.options == ("0.25", "0.40", "0.62")
    assert question.answer()[0] == 1


@pytest.mark.parametrize(("share", "says"), [(1.0, "fills its crop"), (0.5, "would have to ignore")])
def test_a_word_that_fills_its_crop_leaves_no_rest(at, monkeypatch, share, says):
    from spotter.explain.topics import two_stage_comparison

    content = two_stage_comparison.CropContent(share, 0, 1 - share)
    monkeypatch.setattr(two_stage_comparison, "crop_content", lambda *_: content)
    assert says in ask_all(at)[0].answer()[1]
