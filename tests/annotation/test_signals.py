"""Doubts from a trace, worked out by hand; the queue's own tests are in test_queue.py."""

from dataclasses import replace

import numpy as np
import pytest

from annotation.signals import (
    RegionSignals,
    mask_disagreement,
    region_uncertainty,
    trace_signals,
    word_signals,
)
from spotter.ops.boxes import box_iou
from spotter.types import Character, Word


def test_numbers_of_a_trace(tiny_spotter, photographs):
    trace = tiny_spotter.trace(photographs[0])
    numbers = trace_signals(trace)
    assert len(numbers) == len(trace.words) > 0
    for i, (word, number) in enumerate(zip(trace.words, numbers, strict=True)):
        assert number.weakest_character == word_signals(word).weakest_character
        before, after = trace.boxes[-2, trace.proposal_index[i]], trace.boxes[-1, trace.proposal_index[i]]
        assert number.box_movement == pytest.approx(1 - box_iou(before, after))
        assert 0 <= number.mask_disagreement <= 1


def test_masks_that_agree_and_that_do_not(tiny_spotter, photographs):
    trace = tiny_spotter.trace(photographs[0])
    height, width = trace.m3.shape[1:]
    left = np.zeros((1, 28, 28), np.float32)
    left[:, :, :14] = 1
    half = np.full((1, height, width), 0.4, np.float32)
    half[:, :, : width // 2] = 0.6  # a gate never reaches 0 or 1
    for gate, expected in ((half, 0.0), (1 - half, 1.0), (np.full_like(half, 0.5), 1.0)):
        changed = replace(trace, mask_k=left, m3=gate)
        assert mask_disagreement(changed, 0) == pytest.approx(expected, abs=0.1)


def test_a_word_without_a_trace():
    word = Word(
        "w0",
        [[0, 0], [9, 0], [9, 9]],
        [0, 0, 9, 9],
        "ab",
        0.9,
        0.5,
        [Character("a", 0.9), Character("b", 0.3)],
    )
    number = word_signals(word)
    assert (number.weakest_character, number.box_movement, number.mask_disagreement) == (0.3, None, None)
    assert region_uncertainty(None, number) == pytest.approx(0.7)


def test_doubt_is_largest_at_the_weights_own_threshold():
    assert region_uncertainty(0.3, RegionSignals(threshold=0.3)) == 1.0
    assert region_uncertainty(0.3, RegionSignals()) == pytest.approx(2 / 3)
