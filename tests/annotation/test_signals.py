"""Signals and uncertainties, calculated by hand."""

from dataclasses import replace

import numpy as np
import pytest

from annotation.region import Region
from annotation.signals import (
    RegionSignals,
    image_uncertainty,
    mask_disagreement,
    read_with_signals,
    region_uncertainty,
    trace_signals,
    word_signals,
)
from spotter.model.spotter import SwinTextSpotter
from spotter.ops.boxes import box_iou
from spotter.predictor import Spotter
from spotter.types import Character, Word

SQUARE = [[10, 10], [30, 10], [30, 20], [10, 20]]


def test_signals_of_a_trace(tiny_spotter, photographs):
    trace = tiny_spotter.trace(photographs[0])
    signals = trace_signals(trace)
    assert len(signals) == len(trace.words) > 0
    for i, (word, one) in enumerate(zip(trace.words, signals, strict=True)):
        assert one.weakest_character == word_signals(word).weakest_character
        before, after = trace.boxes[-2, trace.proposal_index[i]], trace.boxes[-1, trace.proposal_index[i]]
        assert one.box_movement == pytest.approx(1 - box_iou(before, after))
        assert 0 <= one.mask_disagreement <= 1


def test_mask_disagreement(tiny_spotter, photographs):
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
    one = word_signals(word)
    assert (one.weakest_character, one.box_movement, one.mask_disagreement) == (0.3, None, None)
    assert region_uncertainty(None, one) == pytest.approx(0.7)


def test_uncertainty_is_largest_at_the_threshold():
    assert region_uncertainty(0.3, RegionSignals(threshold=0.3)) == 1.0
    assert region_uncertainty(0.3, RegionSignals()) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("score", "signals", "expected"),
    [
        (None, RegionSignals(), None),
        (0.4, RegionSignals(), 1.0),
        (0.55, RegionSignals(), 0.5),
        (0.95, RegionSignals(), 0.0),
        (None, RegionSignals(weakest_character=0.25), 0.75),
        (0.95, RegionSignals(weakest_character=0.5), 0.25),
        (None, RegionSignals(1.0, 0.5, 0.25), 0.25),
        (None, RegionSignals(box_movement=7.0), 1.0),
    ],
)
def test_uncertainty_of_a_region(score, signals, expected):
    assert region_uncertainty(score, signals) == (None if expected is None else pytest.approx(expected))


def test_uncertainty_of_an_image():
    assert image_uncertainty([]) == image_uncertainty([None]) == 0
    assert image_uncertainty([0.5]) == 0.5
    assert image_uncertainty([0.0] * 100 + [1.0] * 5) == 1  # certain words do not hide the uncertain ones


def test_signals_of_a_word():
    assert word_signals(Region(SQUARE)) == RegionSignals(None)
    read = Region(SQUARE, "ab", characters=[Character("a", 0.9), Character("b", 0.3)])
    assert word_signals(read, 0.1, 0.2) == RegionSignals(0.3, 0.1, 0.2)


def test_words_of_the_pass_for_large_words_have_the_signals_that_need_no_trace(
    tiny_config, tiny_spotter, photographs
):
    model = SwinTextSpotter(replace(tiny_config, coarse_scale=0.5, coarse_min_height=24.0))
    model.load_state_dict(tiny_spotter.model.state_dict())
    spotter = Spotter(model, {"name": "tiny"}, "cpu", bfloat16=False)
    words, signals = read_with_signals(spotter, photographs[0])
    assert words == spotter.spot(photographs[0])
    trace = spotter.trace(photographs[0])
    traced = {str(word.polygon): one for word, one in zip(trace.words, trace_signals(trace), strict=True)}
    for word, one in zip(words, signals, strict=True):
        assert one == traced.get(str(word.polygon), word_signals(word, threshold=tiny_config.score_threshold))
    assert 0 < sum(one.box_movement is None for one in signals) < len(words)
