"""Words of a pass for large words, merged with those of the first pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.large_words import merge_large_words
from spotter.model.spotter import SwinTextSpotter
from spotter.predictor import Spotter
from spotter.types import Word


def word(x: float, y: float, width: float, height: float, text: str, score: float = 0.6) -> Word:
    polygon = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return Word("w7", polygon, [x, y, x + width, y + height], text, score, 0.5)


PIECES = [word(0, 0, 100, 100, "SA"), word(105, 0, 95, 100, "LE", 0.5)]
SMALL = word(0, 300, 60, 20, "open", 0.55)
LARGE = word(0, 0, 200, 100, "SALE", 0.7)


def texts(words: list[Word]) -> list[str]:
    assert [word.id for word in words] == [f"w{i}" for i in range(len(words))]
    return [word.text for word in words]


def test_no_words():
    assert merge_large_words([], [], 32, 0.3) == []
    assert texts(merge_large_words([SMALL], [], 32, 0.3)) == ["open"]
    assert texts(merge_large_words([], [LARGE], 32, 0.3)) == ["SALE"]


def test_a_large_word_replaces_its_pieces():
    assert texts(merge_large_words([*PIECES, SMALL], [LARGE], 32, 0.3)) == ["SALE", "open"]


def test_the_surer_words_are_kept():
    assert texts(merge_large_words([*PIECES, SMALL], [replace(LARGE, score=0.58)], 32, 0.3)) == [
        "SA",
        "open",
        "LE",
    ]
    illegible = replace(LARGE, reading_score=0.1)
    assert texts(merge_large_words([*PIECES, SMALL], [illegible], 32, 0.3)) == ["SA", "open", "LE"]


def test_the_threshold_may_be_applied_later():
    sure = [replace(word, score=0.31, reading_score=0.2) for word in PIECES]
    unsure = replace(LARGE, score=0.29, reading_score=0.9)
    assert texts(merge_large_words(sure, [unsure], 32, 0.3)) == ["SA", "LE"]
    assert texts(merge_large_words([unsure], [sure[0]], 32, 0.3)) == ["SA"]
    assert texts(merge_large_words(sure, [unsure], 32, 0.1)) == ["SALE"]


def test_small_words_of_the_coarse_pass_are_left_out():
    assert texts(merge_large_words([SMALL], [word(200, 300, 60, 31, "late")], 32, 0.3)) == ["open"]
    assert texts(merge_large_words([SMALL], [word(200, 300, 60, 33, "late")], 32, 0.3)) == ["late", "open"]


def test_a_tilted_word_is_as_high_as_its_letters():
    tilted = [[0.0, 0.0], [100.0, 100.0], [90.0, 110.0], [-10.0, 10.0]]  # 14 pixels high
    assert merge_large_words([], [replace(LARGE, polygon=tilted)], 32, 0.3) == []


@pytest.fixture(scope="module")
def two_passes(tiny_config, tiny_spotter) -> Spotter:
    config = replace(tiny_config, coarse_scale=0.5, coarse_min_height=24.0)
    model = SwinTextSpotter(config)
    model.load_state_dict(tiny_spotter.model.state_dict())
    return Spotter(model, {"name": "tiny"}, "cpu", bfloat16=False)


def test_both_passes_are_merged(two_passes, tiny_spotter, photographs):
    """Photographs of 256 x 192 pixels, which are halved, so that 24 pixels are 48 of the photograph."""
    images = [photographs[0], photographs[2]]
    fine = tiny_spotter.spot_batch(images)
    coarse = [[w for _, w in words] for words in tiny_spotter.spot_with_rows(images, factor=0.5)]
    expected = [merge_large_words(*pair, 48.0, 0.4) for pair in zip(fine, coarse, strict=True)]
    assert expected != fine
    assert two_passes.spot_batch(images) == expected


def test_the_coarse_pass_is_relative_to_the_short_side(two_passes, tiny_spotter, photographs):
    coarse = [w for _, w in tiny_spotter.spot_with_rows([photographs[0]], short_side=32)[0]]
    expected = merge_large_words(tiny_spotter.spot(photographs[0], short_side=64), coarse, 24 * 192 / 64, 0.4)
    assert two_passes.spot(photographs[0], short_side=64) == expected


def test_a_trace_is_one_pass(two_passes, tiny_spotter, photographs):
    assert two_passes.trace(photographs[0]).words == tiny_spotter.spot(photographs[0])


def test_images_of_few_pixels(two_passes):
    assert isinstance(two_passes.spot(np.zeros((1, 3, 3), np.uint8)), list)
