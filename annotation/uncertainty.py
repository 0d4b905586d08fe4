"""How unsure the spotter is of a region and of an image, 0..1, from its own insides.

`weakest_character` and the score come with every Word. `box_movement` (1 - IoU of a region's boxes after the
last two stages) and `mask_disagreement` (1 - IoU of M3 and maskK, both cut at the mask threshold) have to be
given by whoever holds a Trace; they are None until then, and the mean goes over what is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annotation.schema import Region

if TYPE_CHECKING:
    from spotter.types import Word

THRESHOLD = 0.4  # score from which a detection counts as a word
NEAR = 0.3  # scores this far from the threshold are no longer doubtful
HARDEST = (
    5  # regions of an image that decide: one alone may be a smudge, the mean over all hides the hard ones
)


@dataclass(frozen=True)
class Insides:
    """What the spotter's insides say of one region, each 0..1 or None when not known."""

    weakest_character: float | None = None  # smallest probability of a character; 1 is sure
    box_movement: float | None = None
    mask_disagreement: float | None = None


def insides(
    word: Word | Region, box_movement: float | None = None, mask_disagreement: float | None = None
) -> Insides:
    """The numbers of a word that the spotter found; the last two as far as the caller knows them."""
    weakest = min((character.score for character in word.characters), default=None)
    return Insides(weakest, box_movement, mask_disagreement)


def region_uncertainty(score: float | None, numbers: Insides, threshold: float = THRESHOLD) -> float | None:
    """Mean of the doubts that are known; None without any."""
    doubts = [numbers.box_movement, numbers.mask_disagreement]
    if numbers.weakest_character is not None:
        doubts.append(1 - numbers.weakest_character)
    if score is not None:
        doubts.append(max(0.0, 1 - abs(score - threshold) / NEAR))
    known = [min(max(doubt, 0.0), 1.0) for doubt in doubts if doubt is not None]
    return sum(known) / len(known) if known else None


def image_uncertainty(regions: Iterable[float | None]) -> float:
    """Mean of the hardest regions; 0 for an image in which nothing was found."""
    hardest = sorted((value for value in regions if value is not None), reverse=True)[:HARDEST]
    return sum(hardest) / len(hardest) if hardest else 0.0
