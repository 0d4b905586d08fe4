"""The benchmark of the Correct tab."""

from __future__ import annotations

import pytest

from annotation.browser_benchmark import CORNERS, HEIGHT, WIDTH, band, fill_page
from annotation.region import check_regions


@pytest.mark.parametrize("count", [0, 1, 700])
def test_the_photo_has_this_many_regions(store, count):
    fill_page(store, count)
    [image] = store.image_list(store.find_project("default"))
    regions = store.regions(image.id)
    assert len(regions) == count
    assert all(len(region.polygon) == CORNERS for region in regions)


def test_the_regions_lie_in_the_photo():
    regions = [band(number) for number in range(700)]
    assert check_regions(regions, WIDTH, HEIGHT) == regions
