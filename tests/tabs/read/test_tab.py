"""The Read tab without a browser."""

from __future__ import annotations

import gradio as gr
import pytest

from spotter.tabs.read.tab import read
from spotter.tabs.shared.loading import Loader


def test_an_invalid_photo_shows_an_error_before_the_spotter_is_loaded(tmp_path):
    file = tmp_path / "weights.safetensors"
    file.touch()
    with pytest.raises(gr.Error, match="does not exist"):
        read(Loader(str(file)), tmp_path / "photo.jpg", "photo.jpg", gr.Progress())
