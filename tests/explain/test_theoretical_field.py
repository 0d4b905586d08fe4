"""Windows and dilated cells, compared with the model."""

from __future__ import annotations

import pytest
import torch

from spotter.explain import gradient_field, theoretical_field
from spotter.model.backbone import shifted_window_mask


@pytest.mark.parametrize(
    ("length", "window", "shift"), [(24, 8, 0), (24, 8, 4), (23, 8, 4), (30, 7, 3), (5, 7, 3)]
)
def test_window_places_are_those_of_the_models_mask(length, window, shift):
    """Along one axis: the mask of the model over a map one window high."""
    padded = -(-length // window) * window
    for token in range(length):
        found = theoretical_field.window_places(token, length, window, shift)
        assert len(found) == window
        assert (token, True) in found
        if shift:
            mask = shifted_window_mask(window, padded, window, shift)  # one row of windows
            rolled = (token - shift) % padded
            row = (window - shift - 1) * window  # the first row band, past which the mask's rows change
            seen = mask[rolled // window][row + rolled % window, row : row + window] == 0
            assert [together for _, together in found] == seen.tolist()


def test_the_dilated_block_alone_sees_15_cells(tiny_spotter):
    assert len(theoretical_field.dilated_cells((2, 4, 1))) == 15
    assert theoretical_field.dilated_cells((1, 1, 1)) == set(range(-3, 4))
    assert len(theoretical_field.dilated_cells((4, 4, 4))) == 7  # with holes
    block = tiny_spotter.model.dilated[0]
    for dilations, cells in (((2, 4, 1), 15), ((1, 1, 1), 7), ((3, 6, 2), None)):
        other = gradient_field.with_dilations(block, dilations)
        with torch.enable_grad():
            level = torch.randn(1, 32, 41, 41, requires_grad=True)
            out = other(level)
            (slope,) = torch.autograd.grad(out[0, :, 20, 20].sum(), level)
        assert out.shape == level.shape
        rows = set((torch.nonzero(slope.abs().sum((0, 1, 3)))[:, 0] - 20).tolist())
        assert rows == theoretical_field.dilated_cells(dilations)
        assert cells is None or len(rows) == cells
