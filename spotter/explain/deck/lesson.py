"""What the slides are about: a photo, one of its words, and the spotter that read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spotter.explain import picked_points
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace


@dataclass(frozen=True)
class Lesson:
    """The photo and the word that the slides explain."""

    spotter: Spotter
    trace: Trace
    word: int | None  # index into trace.words; None on a photo without words
    truth: str  # true words, one per line
    progress: Callable[..., Any]

    @property
    def text(self) -> str:
        """The text of the word."""
        return "" if self.word is None else self.trace.words[self.word].text or tr("(no text)")

    @property
    def point(self) -> np.ndarray:
        """(2,) the middle of the word or of the photo, pixels of the trace's image."""
        name = picked_points.MIDDLE if self.word is None else picked_points.WORD
        point = picked_points.point_of(self.trace, self.word, name)
        assert point is not None, "both names are points of every photo"
        return point

    @property
    def weights(self) -> str:
        """The weights that read the photo."""
        card = self.trace.card
        return tr(
            "weights {name}, {checksum}",
            name=card.get("name"),
            checksum=(card.get("sha256") or "?")[:12],
        )


def no_words() -> str:
    """The sentence of slides that need a word, on a photo without one."""
    return tr("No words were found on this photo, so there is nothing to show here.")
