"""Two-level attention: the weights of a query, and reading without a level."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotter.explain.topics import two_level
from spotter.tracing.interventions import reread


def test_the_keys_of_a_query_are_all_its_weights(trace):
    height, width = trace.config.recognition_roi
    for cell in (0, width - 1, height * width // 2 + 3, height * width - 1, 10**6, -5):
        one = two_level.query_at(trace, 0, 0, cell)
        assert one.fine.sum() + one.coarse.sum() == pytest.approx(1, abs=5e-3)
        assert one.coarse[~one.inside].sum() < 1e-3  # a window that does not exist gets nothing
        assert two_level.density(trace, one).sum() == pytest.approx(1, abs=5e-3)
        assert 1 <= one.effective_keys <= one.fine.size + 9 + 1e-3


def test_a_corner_has_four_windows_around_it(trace):
    assert two_level.query_at(trace, 0, 0, 0).inside.sum() == 4
    height, width = trace.config.recognition_roi
    assert two_level.query_at(trace, 0, 0, height * width - 1).inside.sum() == 4


def test_the_coarse_share_is_that_of_the_query(trace):
    height, width = trace.config.recognition_roi
    share = two_level.coarse_share(trace, 0, 0)
    assert share.shape == (height, width)
    for cell in (0, 17, 63, 127):
        one = two_level.query_at(trace, 0, 0, cell)
        assert share[one.row, one.column] == pytest.approx(one.coarse.sum(), abs=5e-3)


def test_leaving_nothing_out_changes_nothing(tiny_spotter, trace, longest):
    whole = reread(tiny_spotter, trace, longest).reading.probabilities
    again = two_level.reread_without(tiny_spotter, trace, longest, None).reading.probabilities
    np.testing.assert_array_equal(again, whole)


@pytest.mark.parametrize("level", two_level.LEVELS)
def test_leaving_a_level_out_changes_the_reading(tiny_spotter, trace, longest, level):
    whole = reread(tiny_spotter, trace, longest).reading.probabilities
    without = two_level.reread_without(tiny_spotter, trace, longest, level).reading.probabilities
    assert not torch.equal(without, whole)


def test_a_click_finds_its_cell(trace):
    height, width = trace.config.recognition_roi
    across, down = two_level.word_size(trace, 0, two_level.WIDTH)
    for row, column in ((0, 0), (3, 5), (height - 1, width - 1)):
        point = [(column + 0.5) / width * across, 24 + (row + 0.5) / height * down]
        assert two_level.cell_at(trace, 0, point) == row * width + column
