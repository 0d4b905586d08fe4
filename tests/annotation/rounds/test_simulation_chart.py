"""The chart of a simulation."""

from __future__ import annotations

import pytest
from PIL import Image

from annotation.rounds.photo_orders import PHOTO_ORDERS
from annotation.rounds.simulation import Point
from annotation.rounds.simulation_chart import write_chart


@pytest.mark.parametrize("count", [0, 1, len(PHOTO_ORDERS)])
def test_it_is_a_picture_of_any_number_of_lines(tmp_path, count):
    curve = [Point(0, 0.3, 0.0), Point(25, 0.4, 0.02)]
    write_chart(dict.fromkeys(PHOTO_ORDERS[:count], curve), "signs_$1$", tmp_path / "chart.png")
    with Image.open(tmp_path / "chart.png") as chart:
        assert chart.format == "PNG"
        assert chart.width > chart.height
