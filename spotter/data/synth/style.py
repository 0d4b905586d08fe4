"""What synthetic scenes look like."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SceneStyle:
    """What scenes look like. Pairs are (minimum, maximum); shares are 0..1 of the blocks of text."""

    height: int = 320  # of the image, pixels
    width: int = 320
    words: tuple[int, int] = (3, 14)  # per scene, when there is room
    text_height: tuple[float, float] = (10.0, 80.0)  # of capitals, pixels
    small: float = 1.15  # share of small letters: 1 as many of each octave, above 1 more small ones
    rotated: float = 0.4
    steep: float = 0.0  # share of the rotated ones that may be upright and beyond
    curved: float = 0.15
    perspective: float = 0.4
    reweighted: float = 0.0  # letters thicker or thinner than their font has them
    lines: float = 0.5  # blocks of several words: one line, or several
    panels: float = 0.35  # blocks on a sign
    degradation: float = 1.0  # strength of light, blur, noise, compression, low contrast, occlusion: 0..1
    negatives: float = 0.06  # share of the scenes that have no text
    patience: int = 6  # blocks in a row without a free position, after which a scene is full
    shrink: float = (
        1.0  # factor by which a block without a free position is scaled, repeatedly; 1: it is dropped
    )
    backgrounds: str | None = None  # folder of photographs; None: procedural backgrounds


EASY = SceneStyle(
    words=(3, 8),
    text_height=(20, 64),
    rotated=0.1,
    curved=0.0,
    perspective=0.1,
    degradation=0.3,
    negatives=0.03,
)
MIXED = SceneStyle()
CURVED = SceneStyle(
    words=(2, 8), text_height=(14, 60), rotated=0.3, curved=1.0, perspective=0.25, degradation=0.7
)
DENSE = SceneStyle(
    height=720, width=1280, words=(60, 100), text_height=(10, 48), curved=0.05, lines=0.8, negatives=0.0
)
STYLES = {"easy": EASY, "mixed": MIXED, "curved": CURVED, "dense": DENSE}
