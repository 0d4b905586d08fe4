"""Pictures of the views as files for the page."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import numpy as np
from PIL import Image

from spotter.explain.canvas import linked, titled
from spotter.tabs.look_inside.figure import MAX_VALUES, Figure, keep_file


def test_an_existing_file_is_not_written_again(tmp_path):
    path = Path(keep_file(b"picture", "figure.png", tmp_path))
    before = path.stat()
    assert path.read_bytes() == b"picture"
    assert keep_file(b"picture", "figure.png", tmp_path) == str(path)
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [file.name for file in path.parent.iterdir()] == ["figure.png"]
    assert keep_file(b"another", "figure.png", tmp_path) != str(path)


def test_an_unchanged_picture_keeps_its_file(tmp_path):
    figure = Figure()
    figure.GRADIO_CACHE = str(tmp_path)
    first = Path(figure.postprocess((Image.new("RGB", (9, 7)), "black")).image.path)
    before = first.stat().st_mtime_ns
    assert figure.postprocess((Image.new("RGB", (9, 7)), "black")).image.path == str(first)
    assert first.stat().st_mtime_ns == before


def test_a_picture_comes_as_svg_too(tmp_path):
    figure = Figure()
    figure.GRADIO_CACHE = str(tmp_path)
    data = figure.postprocess((titled(Image.new("RGB", (9, 7)), "a <title>"), ""))
    assert "a &lt;title&gt;</text>" in Path(data.drawing.path).read_text(encoding="utf-8")
    assert figure.postprocess(None).drawing is None


def test_values_of_a_panel_are_packed_row_by_row(tmp_path):
    figure = Figure()
    figure.GRADIO_CACHE = str(tmp_path)
    values = np.array([[0.25, -1.5, 3.0]])
    picture = linked(Image.new("RGB", (9, 3)), "cells", (1 / 3, 1.0), values=values)
    (panel,) = figure.postprocess((titled(picture, "title"), "")).panels
    assert (panel.rows, panel.columns) == (1, 3)
    assert np.frombuffer(b64decode(panel.values), "<f4").tolist() == [0.25, -1.5, 3.0]


def test_panels_without_values_and_with_too_many_have_none(tmp_path):
    figure = Figure()
    figure.GRADIO_CACHE = str(tmp_path)
    picture = Image.new("RGB", (9, 3))
    linked(picture, "photo")
    linked(picture, "cells", values=np.zeros((MAX_VALUES + 1, 1)))
    assert [panel.rows for panel in figure.postprocess((picture, "")).panels] == [0, 0]
