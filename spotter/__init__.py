"""SwinTextSpotter, opened up: reads the words on a photograph and shows how.

>>> import spotter
>>> reader = spotter.load_spotter("nano")
>>> words = reader.spot("photo.jpg")
>>> spotter.draw("photo.jpg", words)  # a PIL image, which a notebook shows
>>> spotter.to_dataframe(words)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spotter.program import VERSION

if TYPE_CHECKING:
    from pandas import DataFrame
    from PIL.Image import Image

    from spotter.images import ImageSource
    from spotter.predictor import Spotter, load_spotter
    from spotter.types import Word

__version__ = VERSION
__all__ = ["Spotter", "__version__", "draw", "load_spotter", "to_dataframe"]


def draw(image: ImageSource, words: Sequence[Word]) -> Image:
    """The image (path, PIL image or (H, W, 3) uint8 RGB) with the outlines and texts of its words.

    Raises ImageError with one sentence.
    """
    from PIL.Image import fromarray

    from spotter.drawing import draw_words
    from spotter.images import read_image

    return fromarray(draw_words(read_image(image), words))


def to_dataframe(words: Sequence[Word]) -> DataFrame:
    """One row per word: id, text, score, reading_score, x1, y1, x2, y2, polygon. Needs pandas."""
    from pandas import DataFrame

    columns = ["id", "text", "score", "reading_score", "x1", "y1", "x2", "y2", "polygon"]
    rows = [[w.id, w.text, w.score, w.reading_score, *w.box, w.polygon] for w in words]
    return DataFrame(rows, columns=columns)


def __getattr__(name: str):
    """Imports torch with the first spotter, not with the package: the app's page does not wait for it."""
    if name in ("Spotter", "load_spotter"):
        from spotter import predictor

        return getattr(predictor, name)
    raise AttributeError(f"module 'spotter' has no attribute {name!r}")
