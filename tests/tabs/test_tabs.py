"""The Read tab without a browser."""

from __future__ import annotations

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from spotter.tabs.read.tab import read
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.overlay import DISPLAY_SIDE, Overlay


def test_missing_weights_are_told_at_once():
    with pytest.raises(FileNotFoundError, match="There are no weights 'nowhere'"):
        Loader("nowhere")


def test_broken_weights_are_told_to_the_reader(tmp_path):
    file = tmp_path / "broken.safetensors"
    file.write_bytes(b"not weights")
    with pytest.raises(gr.Error, match="could not be loaded"):
        Loader(str(file)).spotter()


def test_a_bad_photo_is_told_before_the_spotter_is_asked(tmp_path):
    file = tmp_path / "weights.safetensors"
    file.touch()
    with pytest.raises(gr.Error, match="does not exist"):
        read(Loader(str(file)), tmp_path / "photo.jpg", "photo.jpg", gr.Progress())


def test_large_photo_is_shown_smaller_without_its_metadata():
    overlay = Overlay()
    shown = overlay.postprocess({"photo": np.zeros((100, 2 * DISPLAY_SIDE, 3), np.uint8), "width": 4000})
    with Image.open(shown.photo.path) as picture:
        assert picture.size == (DISPLAY_SIDE, 50)
        assert not picture.getexif()
    assert shown.width == 4000


def test_nothing_to_show_is_an_empty_document():
    assert Overlay().postprocess(None).words == []
