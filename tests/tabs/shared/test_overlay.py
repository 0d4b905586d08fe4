"""Values of the overlay in Python."""

from __future__ import annotations

import numpy as np
from PIL import Image

from spotter.tabs.shared.overlay import DISPLAY_SIDE, Overlay


def test_large_photo_is_shown_smaller_without_its_metadata():
    overlay = Overlay()
    shown = overlay.postprocess({"photo": np.zeros((100, 2 * DISPLAY_SIDE, 3), np.uint8), "width": 4000})
    with Image.open(shown.photo.path) as picture:
        assert picture.size == (DISPLAY_SIDE, 50)
        assert not picture.getexif()
    assert shown.width == 4000


def test_nothing_to_show_is_an_empty_document():
    assert Overlay().postprocess(None).words == []
