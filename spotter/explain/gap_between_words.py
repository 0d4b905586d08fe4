"""Does the field of a cell in the blank between two words bridge it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotter.explain.gradient_field import POOL, Cell, Field, Variant
from spotter.explain.picked_points import Blank, along
from spotter.explain.topics.proposals import plain
from spotter.explain.topics.receptive_field import SHARES, middle_of, name_of

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace


def word_mask(trace: Trace, word: int) -> np.ndarray:
    """(h / POOL, w / POOL) float32 0..1, how far a word's outline covers each value of a field's map."""
    height, width = (-(-side // POOL) * POOL for side in trace.image.shape[:2])
    mask = np.zeros((height, width), np.float32)
    cv2.fillPoly(mask, [trace.polygon(word).round().astype(np.int32)], 1.0)
    return cv2.resize(mask, (width // POOL, height // POOL), interpolation=cv2.INTER_AREA)


def needed_side(trace: Trace, level: int, cell: Cell, words: Sequence[int]) -> int:
    """Pixels: side of the smallest square around the cell that touches all these words."""
    middle = middle_of(level, cell)
    return int(np.ceil(2 * max(np.abs(along(trace.polygon(w)) - middle).max(1).min() for w in words)))


def ask_for_blank(blank: Blank | None) -> str:
    """What is said of the blank when the cell is elsewhere."""
    if blank is None:
        return "There is no blank to ask about: no second word lies apart from a selected one."
    return (
        "**Does it bridge the blank?** Choose *blank beside the word* as the cell's place to ask: the blank "
        f"to word {blank.other + 1} is {blank.width:.0f} pixels wide."
    )


def describe_blank(
    trace: Trace,
    level: int,
    cell: Cell,
    fields: Sequence[Field],
    variants: Sequence[Variant],
    word: int,
    blank: Blank,
) -> str:
    """Does the field of the cell in the blank bridge it? Markdown."""
    words = (word, blank.other)
    names = [plain(trace.words[w].text) for w in words]
    need = needed_side(trace, level, cell, words)
    lines = [
        f"**Does it bridge the blank?** The blank between **{names[0]}** (word {word + 1}) and "
        f"**{names[1]}** (word {blank.other + 1}) is {blank.width:.0f} pixels wide; a square of {need} "
        "pixels around the cell touches both words."
    ]
    for field, variant in zip(fields, variants, strict=True):
        half, most = (field.side(share) for share in SHARES)
        answer = (
            "yes, its 50 % square touches both"
            if half >= need
            else "only faintly: its 50 % square does not touch both, its 99 % square does"
            if most >= need
            else "no, not even its 99 % square touches both"
        )
        on = [field.share_in(word_mask(trace, w)) for w in words]
        lines.append(
            f"- {name_of(variant)}: {answer} ({half} and {most} pixels); {on[0]:.1%} of the gradient lies on "
            f"the first word, {on[1]:.1%} on the second."
        )
    return "\n\n".join(lines[:1]) + "\n\n" + "\n".join(lines[1:])
