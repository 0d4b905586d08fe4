"""Layout of a page: formula characters are escaped, pictures stay inside."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from spotter.explain import page_layout


def test_formula_characters_are_escaped(tmp_path):
    page = page_layout.Page(
        r"a $\frac{ b", "section 3", r"read \"$x_$ $\nonsense$\"", [], [("$", r"\\$")], r"$\frac{P}{R}$"
    )
    page_layout.draw_page(page, 1, 9, "weights").savefig(tmp_path / "page.pdf")  # raises on a bad formula
    assert (tmp_path / "page.pdf").stat().st_size > 0


@pytest.mark.parametrize("sizes", [[(900, 300)], [(900, 300), (300, 900)], [(50, 50)] * 3])
def test_pictures_stay_within_the_page(sizes):
    pictures = [Image.new("RGB", size) for size in sizes]
    figure = page_layout.draw_page(page_layout.Page("t", "s", "words " * 60, pictures), 1, 9, "weights")
    for axes in figure.axes:
        x, y, width, height = axes.get_position().bounds
        assert min(x, y) >= 0
        assert x + width <= 1
        assert y + height <= 1
    paper = page_layout.WIDTH / page_layout.HEIGHT
    shapes = [np.divide(*axes.get_position().bounds[2:]) * paper for axes in figure.axes]
    np.testing.assert_allclose(shapes, [w / h for w, h in sizes], rtol=1e-6)  # not stretched
