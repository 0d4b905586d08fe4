"""Upright words are shown as the reader gets them: turned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from annotation.uncertainty import mask_disagreement
from spotter.explain import as_read, conversion, reading, two_level, two_ways


@pytest.fixture(params=[1, 3])
def upright(trace, request):
    """The trace with a tall box for its first word, read down or up; what is read first is bright."""
    boxes, turns = trace.boxes.copy(), trace.turns.copy()
    boxes[-1, trace.proposal[0]] = [20, 10, 40, 70]
    turns[0] = request.param
    image = np.zeros_like(trace.image)
    image[slice(40) if turns[0] == 1 else slice(40, None), :, 0] = 255
    return replace(trace, boxes=boxes, turns=turns, image=image)


def as_it_is(trace):
    return replace(trace, turns=np.zeros_like(trace.turns))


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_arrays_and_points_turn_as_the_networks_features(turns):
    values = np.zeros((3, 4))
    values[0, 3] = 1  # upper right
    expected = torch.from_numpy(values).rot90(turns, (0, 1)).numpy()
    found = as_read.turned(values, turns)
    assert (found == expected).all()
    corner = as_read.turned_points(np.array([[1.0, 0.0]]), turns)[0]  # upper right
    row, column = np.argwhere(found)[0]
    assert corner.tolist() == [column / (found.shape[1] - 1), row / (found.shape[0] - 1)]
    assert as_read.turned_points(np.zeros((0, 2)), turns).shape == (0, 2)


def test_the_photo_of_an_upright_word_lies(upright):
    assert as_read.word_size(upright, 0, 300) == (300, 100)
    photo = np.asarray(as_read.word_photo(upright, 0, 300))[..., 0]
    assert photo.shape == (100, 300)
    assert photo[:, :140].min() > 200
    assert photo[:, 160:].max() < 50
    assert as_read.word_size(as_it_is(upright), 0, 300) == (300, 270)


def test_the_mask_turns_with_the_photo(upright):
    mask, quad = np.zeros((28, 28), np.float16), np.array([[20.0, 10], [40, 10], [40, 40], [20, 40]])
    mask[:14] = 1
    if upright.turns[0] == 3:
        mask, quad = 1 - mask, quad + np.array([0, 30])
    masked = replace(upright, mask_k=np.stack([mask] * len(upright.words)))
    assert as_read.word_mask(masked, 0)[:, :14].all()
    assert not as_read.word_mask(masked, 0)[:, 14:].any()
    where = conversion.where_word_is(masked, 0, quad)
    assert where.mean() == pytest.approx(0.5, abs=0.04)
    assert where[:, :13].all()
    gate = np.zeros(masked.m3.shape, np.float16)
    gate[..., : gate.shape[2] // 2] = 1  # opens for what is read first
    fits = replace(masked, m3=gate)
    assert mask_disagreement(fits, 0) == 0
    assert conversion.leakage(fits, 0, "m3").iou == 1
    assert mask_disagreement(as_it_is(fits), 0) > 0.5


def test_the_views_say_that_a_word_is_turned(upright, monkeypatch):
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
    for one, count in ((upright, 4), (as_it_is(upright), 0)):
        told.clear()
        conversion.draw_gates(one, 0)
        assert ("maps are turned" in conversion.describe_leakage(one, 0)) == (count > 0)
        reading.draw_attention(one, 0, 0)
        two_level.draw_query(one, 0, 0, 5)
        two_ways.draw_inputs(one, None, 0)
        assert sum("turned" in note for note in told) == count
    way = {1: "read down its", 3: "read up its"}[upright.turns[0]]
    assert way in as_read.turn_note(upright, 0)
