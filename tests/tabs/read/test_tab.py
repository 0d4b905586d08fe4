"""The Read tab without a browser."""

from __future__ import annotations

import gradio as gr
import pytest
from PIL import Image

from spotter.tabs.read.tab import read
from spotter.tabs.shared.loading import Loader


def test_an_invalid_photo_shows_an_error_before_the_spotter_is_loaded(tmp_path):
    file = tmp_path / "weights.safetensors"
    file.touch()
    with pytest.raises(gr.Error, match="does not exist"):
        read(Loader(str(file)), tmp_path / "photo.jpg", "photo.jpg", gr.Progress())


class NoWords:
    """In place of a spotter."""

    card = {"name": "nano", "sha256": "3f2a"}  # noqa: RUF012

    def spot(self, image, threshold):
        return []


@pytest.mark.parametrize(("pages", "credit"), [(1, None), (3, "first of several pages")])
def test_further_pages_are_named(tmp_path, pages, credit):
    loader = Loader("nano")
    loader.spotter = NoWords
    images = [Image.new("L", (80, 60), 10 * i) for i in range(pages)]
    images[0].save(tmp_path / "scan.tif", save_all=True, append_images=images[1:])
    value = read(loader, tmp_path / "scan.tif", "scan.tif", lambda *step, desc: None)
    assert value["photo"].max() == 0
    assert credit in value.get("credit", "") if credit else "credit" not in value
