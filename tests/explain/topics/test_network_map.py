"""Thumbnails and shapes of the map."""

from __future__ import annotations

import numpy as np

from spotter.explain.topics.network_map import HEIGHT, WIDTH, draw_pyramid, shapes, thumbnails


def test_all_thumbnails_have_one_size(trace):
    for word in (None, 0):
        assert {picture.size for picture in thumbnails(trace, word).values()} == {(WIDTH, HEIGHT)}


def test_a_photo_without_words_has_none_of_a_word(trace, empty_trace):
    assert "m1" in thumbnails(trace, 0)
    assert "m1" not in thumbnails(empty_trace, None)
    assert "m1" not in shapes(empty_trace, None)


def test_shapes_are_those_of_the_trace(trace):
    found = shapes(trace, 0)
    assert found["proposals"] == f"{trace.boxes.shape[1]} × 4"
    assert found["m2"].split(" × ")[1:] == [str(side) for side in trace.m2.shape[1:]]
    assert found["text"] == str(len(trace.words[0].text))


def test_an_empty_pyramid_can_be_drawn():
    assert draw_pyramid([np.zeros((4, 8, 8), np.float16)]).size == (WIDTH, HEIGHT)
