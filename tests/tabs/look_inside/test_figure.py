"""Pictures of the views as files for the page."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from spotter.tabs.look_inside.figure import Figure, keep_file


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
