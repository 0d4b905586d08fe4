"""Outlines as lines of text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spotter.explain.polygon_text import parse_outlines, show_outlines, words_read


def test_outlines_survive_as_text_and_invalid_lines_are_skipped():
    words = [("CAFE 12", np.array([[1, 2], [30, 2], [30, 9]])), ("", np.array([[1, 2], [5, 2], [5, 9]]))]
    back = parse_outlines(show_outlines(words) + "\nno points\n1,2 3,4\nx: 1,1 1,1 1,1\nnan,1 inf,2 3,3")
    assert [text for text, _ in back] == ["CAFE 12", ""]
    np.testing.assert_array_equal(back[0][1], words[0][1])


def test_words_below_the_threshold_are_left_out(trace):
    words = [replace(trace.words[0], score=0.39, text="low"), replace(trace.words[1], score=0.4, text="sure")]
    assert [text for text, _ in parse_outlines(words_read(replace(trace, words=words)))] == ["sure"]
    assert len(parse_outlines(words_read(replace(trace, words=words), 0))) == 2
