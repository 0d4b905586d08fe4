"""What is written about the current photo and its words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spotter.tabs.look_inside.photo import summary, word_choices


def test_every_word_can_be_chosen(trace):
    assert [index for _, index in word_choices(trace)] == list(range(len(trace.words)))


def test_a_photo_without_words_is_summarised(empty_trace):
    assert summary(empty_trace).startswith("No words found")


@pytest.mark.parametrize(
    ("score", "start", "below"),
    [(0.9, "1 word ·", False), (0.01, "1 word, 1 of them below the threshold of 0.", True)],
)
def test_words_below_the_threshold_are_named(trace, score, start, below):
    known = replace(trace, words=[replace(trace.words[0], score=score)])
    assert summary(known).startswith(start)
    assert ("below" in word_choices(known)[0][0]) == below


def test_a_second_pass_is_mentioned_if_the_weights_have_one(trace):
    assert "second pass" not in summary(trace)
    assert "second pass" in summary(replace(trace, config=replace(trace.config, coarse_scale=0.5)))


def test_known_words_are_mentioned_if_the_weights_use_them(trace):
    assert "frequent words" not in summary(trace)
    assert "frequent words" in summary(replace(trace, config=replace(trace.config, known_word_weight=0.4)))
