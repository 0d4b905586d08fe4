"""Small images for lists."""

from __future__ import annotations

import base64
import io

from PIL import Image

from annotation.tabs.thumbnails import MAX_SIDE, thumbnail


def test_a_thumbnail_is_a_small_jpeg(tmp_path, picture):
    (tmp_path / "a.jpg").write_bytes(picture(size=(400, 200)))
    prefix, _, data = thumbnail(tmp_path / "a.jpg").partition(",")
    assert prefix == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.size == (MAX_SIDE, MAX_SIDE // 2)


def test_a_missing_file_has_no_thumbnail(tmp_path):
    assert thumbnail(tmp_path / "gone.jpg") == ""
