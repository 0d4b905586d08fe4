"""View 10: the weights are the network's, and leaving a level out is what it says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotter.explain.interventions import reread
from spotter.explain.topics import two_level


def test_the_keys_of_a_query_are_all_its_weights(trace):
    height, width = trace.config.recognition_roi
    for cell in (0, width - 1, height * width // 2 + 3, height * width - 1, 10**6, -5):
        one = two_level.query(trace, 0, 0, cell)
        assert one.fine.sum() + one.coarse.sum() == pytest.approx(1, abs=5e-3)
        assert one.coarse[~one.inside].sum() < 1e-3  # a window that does not exist gets nothing
        assert two_level.density(trace, one).sum() == pytest.approx(1, abs=5e-3)
        assert 1 <= one.entropy_keys <= one.fine.size + 9 + 1e-3


def test_a_corner_has_four_windows_around_it(trace):
    assert two_level.query(trace, 0, 0, 0).inside.sum() == 4
    height, width = trace.config.recognition_roi
    assert two_level.query(trace, 0, 0, height * width - 1).inside.sum() == 4


def test_the_coarse_share_is_that_of_the_query(trace):
    height, width = trace.config.recognition_roi
    share = two_level.coarse_share(trace, 0, 0)
    assert share.shape == (height, width)
    for cell in (0, 17, 63, 127):
        one = two_level.query(trace, 0, 0, cell)
        assert share[one.row, one.column] == pytest.approx(one.coarse.sum(), abs=5e-3)


def test_leaving_nothing_out_changes_nothing(tiny_spotter, trace, longest):
    whole = reread(tiny_spotter, trace, longest).reading.probabilities
    again = two_level.reread_without(tiny_spotter, trace, longest, None).reading.probabilities
    np.testing.assert_array_equal(again, whole)


@pytest.mark.parametrize("level", two_level.LEVELS)
def test_a_level_left_out_gets_no_weight(tiny_spotter, trace, longest, level):
    seen = []
    block = tiny_spotter.model.two_level[0]
    handle = block.attention.softmax.register_forward_hook(lambda _, __, output: seen.append(output.clone()))
    try:
        two_level.reread_without(tiny_spotter, trace, longest, level)
    finally:
        handle.remove()
    cells = block.window**2
    fine, coarse = seen[0][..., :cells].sum(-1), seen[0][..., cells:].sum(-1)
    gone, left = (fine, coarse) if level == "fine" else (coarse, fine)
    assert float(gone.max()) == 0
    torch.testing.assert_close(left, torch.ones_like(left))


def test_without_coarse_keys_attention_is_a_softmax_over_its_window(tiny_spotter, trace, longest):
    """The same written out: softmax over the fine part of the energy."""
    block, kept = tiny_spotter.model.two_level[0], []
    handle = block.attention.softmax.register_forward_hook(lambda _, i, o: kept.append((i[0], o)))
    try:
        reread(tiny_spotter, trace, longest)
        two_level.reread_without(tiny_spotter, trace, longest, "coarse")
    finally:
        handle.remove()
    (energy, _), (_, weights) = kept
    cells = block.window**2
    torch.testing.assert_close(weights[..., :cells], energy[..., :cells].softmax(-1))


def test_no_hook_is_left_behind(tiny_spotter):
    with pytest.raises(ZeroDivisionError), two_level.left_out(tiny_spotter.model, "coarse"):
        raise ZeroDivisionError
    for module in tiny_spotter.model.modules():
        assert not module._forward_pre_hooks


def test_a_click_finds_its_cell(trace):
    height, width = trace.config.recognition_roi
    across, down = two_level.word_size(trace, 0, two_level.WIDTH)
    for row, column in ((0, 0), (3, 5), (height - 1, width - 1)):
        place = [(column + 0.5) / width * across, 24 + (row + 0.5) / height * down]
        assert two_level.cell_at(trace, 0, place) == row * width + column


def test_the_readings_are_told_with_their_numbers(tiny_spotter, trace, longest):
    text = two_level.describe_readings(tiny_spotter, trace, longest)
    assert "both levels" in text
    assert "coarse keys left out" in text
    assert f"{reread(tiny_spotter, trace, longest).surprise:.2f}" in text
