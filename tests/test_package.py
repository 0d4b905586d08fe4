"""What `import spotter` offers besides a spotter."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import spotter
from spotter.images import ImageError
from spotter.types import Word

WORD = Word("w0", [[1.0, 2], [41, 2], [41, 12], [1, 12]], [1.0, 2, 41, 12], "Hi", 0.9, 0.8)


@pytest.mark.parametrize("words", [[], [WORD]])
def test_drawing_does_not_change_the_image(tmp_path, words):
    image = np.full((60, 80, 3), 99, np.uint8)
    Image.fromarray(image).save(tmp_path / "photo.png")
    for source in (image, tmp_path / "photo.png"):
        picture = spotter.draw(source, words)
        assert picture.size == (80, 60)
        assert (np.asarray(picture) == 99).all() == (not words)
        assert picture._repr_png_().startswith(b"\x89PNG")  # a notebook shows it
    assert (image == 99).all()


def test_drawing_on_what_is_no_picture():
    with pytest.raises(ImageError, match="This is no picture"):
        spotter.draw(None, [WORD])


@pytest.mark.parametrize("words", [[], [WORD]])
def test_words_as_a_table(words):
    table = spotter.to_dataframe(words)
    assert list(table.columns) == ["id", "text", "score", "reading_score", "x1", "y1", "x2", "y2", "polygon"]
    assert table["text"].tolist() == [word.text for word in words]
    assert table["x2"].tolist() == [41.0] * len(words)


def test_other_names():
    with pytest.raises(AttributeError, match="'spotter' has no attribute 'red'"):
        _ = spotter.red
