"""Tall boxes are shown as the reader gets them: turned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from annotation.uncertainty import mask_disagreement
from spotter.explain import as_read, conversion, reading, two_level, two_ways
from spotter.model import roi


@pytest.fixture
def tall(trace):
    """The trace with a tall box for its first word, and a photo that is bright in the box's upper half."""
    boxes = trace.boxes.copy()
    boxes[-1, trace.proposal[0]] = [20, 10, 40, 70]
    image = np.zeros_like(trace.image)
    image[:40, :, 0] = 255
    return replace(trace, boxes=boxes, image=image)


def test_what_is_tall_is_the_networks_rule(trace):
    for times in (None, 0.5, 2.0):
        known = replace(trace, config=replace(trace.config, recognition_tall=times))
        expected = roi.is_tall(torch.from_numpy(trace.boxes[-1]), times).tolist()
        assert [as_read.is_tall(known, box) for box in trace.boxes[-1]] == expected


def test_arrays_and_points_turn_as_the_networks_features():
    values = np.arange(12).reshape(3, 4)
    expected = roi.turned(torch.from_numpy(values)).numpy()
    assert (as_read.turned(values, True) == expected).all()
    assert (as_read.turned(values, False) == values).all()
    corner = np.array([[0.0, 0.0], [1.0, 0.25]])  # upper left; a quarter down the right side
    assert as_read.turned_points(corner, True).tolist() == [[0, 1], [0.25, 0]]
    assert as_read.turned_points(corner, False) is corner


def test_the_photo_of_a_tall_word_lies(tall):
    width, height = as_read.word_size(tall, 0, 300)
    assert (width, height) == (300, 100)
    photo = np.asarray(as_read.word_photo(tall, 0, 300))[..., 0]
    assert photo.shape == (100, 300)
    assert photo[:, :140].min() > 200  # the upper half of the box is read first
    assert photo[:, 160:].max() < 50
    as_it_is = replace(tall, config=replace(tall.config, recognition_tall=None))
    assert as_read.word_size(as_it_is, 0, 300) == (300, 270)


def test_the_mask_turns_with_the_photo(tall):
    mask = np.zeros((28, 28), np.float16)
    mask[:14] = 1  # the upper half
    masked = replace(tall, mask_k=np.stack([mask] * len(tall.words)))
    assert as_read.word_mask(masked, 0)[:, :14].all()
    assert not as_read.word_mask(masked, 0)[:, 14:].any()
    where = conversion.where_word_is(masked, 0, np.array([[20.0, 10], [40, 10], [40, 40], [20, 40]]))
    assert where.mean() == pytest.approx(0.5, abs=0.04)
    assert where[:, :13].all()
    gate = np.zeros(masked.m3.shape, np.float16)
    gate[..., : gate.shape[2] // 2] = 1  # opens for what is read first
    fits = replace(masked, m3=gate)
    assert mask_disagreement(fits, 0) == 0
    assert conversion.leakage(fits, 0, "m3").iou == 1


def test_the_views_say_that_a_word_is_turned(tall, monkeypatch):
    """Every picture of what is read can be drawn, and tells."""
    told = []

    def listen(module) -> None:
        real = module.titled

        def titled(picture, title, note=""):
            told.append(note)
            return real(picture, title, note)

        monkeypatch.setattr(module, "titled", titled)

    for module in (conversion, reading, two_level, two_ways):
        listen(module)
    as_it_is = replace(tall, config=replace(tall.config, recognition_tall=None))
    for one, count in ((tall, 4), (as_it_is, 0)):
        told.clear()
        conversion.draw_gates(one, 0)
        assert ("turned by 90°" in conversion.describe_leakage(one, 0)) == (count > 0)
        reading.draw_attention(one, 0, 0)
        two_level.draw_query(one, 0, 0, 5)
        two_ways.draw_inputs(one, None, 0)
        assert sum("turned" in note for note in told) == count
