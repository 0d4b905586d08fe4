"""Receptive fields of cells: theory compared with gradients."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.explain import gradient_field
from spotter.explain.topics import receptive_field


@pytest.mark.parametrize("level", range(4))
def test_no_gradient_outside_the_theoretical_field(tiny_spotter, trace, level):
    cell = receptive_field.cell_at(trace, level, np.array([20.0, 70.0]))
    for variant in ((2, 4, 1), None):
        gradient = gradient_field.gradients(tiny_spotter, trace.image, level, cell, [variant])[0]
        x1, y1, x2, y2 = (int(v) for v in receptive_field.theoretical_box(trace, level, cell, variant))
        inside = np.zeros(gradient.shape, bool)
        inside[y1:y2, x1:x2] = True
        assert gradient[inside].max() > 0
        assert gradient[~inside].max(initial=0) < gradient.max() * 1e-12


def test_the_traces_own_photo_is_not_averaged_again(trace, photographs):
    (other,) = receptive_field.other_photos(trace, [photographs[0], photographs[1]])
    assert other is photographs[1]
