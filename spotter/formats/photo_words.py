"""The words of one photo, with what the formats say about it."""

from __future__ import annotations

from dataclasses import dataclass

from spotter.types import Word


@dataclass(frozen=True)
class PhotoWords:
    """A photo, or a page of a document, that has been read."""

    name: str
    width: int  # pixels, as for the coordinates of the words
    height: int
    seconds: float  # that reading took
    words: list[Word]

    def to_dict(self) -> dict:
        """All but the name, as in the `--json` format."""
        return {
            "width": self.width,
            "height": self.height,
            "seconds": self.seconds,
            "words": [word.to_dict() for word in self.words],
        }

    @classmethod
    def from_dict(cls, name: str, values: dict) -> PhotoWords:
        words = [Word.from_dict(word) for word in values["words"]]
        return cls(name, values["width"], values["height"], values["seconds"], words)
