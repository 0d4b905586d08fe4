"""What the reader gets of a word in a looser crop, and what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import blend_map, colour_bar, tiles, titled
from spotter.explain.crop_looseness import FACTORS, Looseness
from spotter.explain.topics.two_stage_comparison import STRIP_WIDTH, draw_strip, factor_index
from spotter.explain.word_crop import crop_roi
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace


def draw_loose_crop(
    trace: Trace, measured: Looseness | None, word: int, factor: float
) -> tuple[Image.Image, str] | None:
    """The input of both readers for a word cropped at one looseness; None if the word was not measured."""
    if measured is None or word not in measured.words:
        return None
    index, step = measured.words.index(word), factor_index(factor)
    crop, mine = measured.crops[step][index], measured.ours[step][index]
    across, down = np.maximum(crop.roi[2:4], 1)
    height = round(np.clip(STRIP_WIDTH * down / across, STRIP_WIDTH * 0.15, STRIP_WIDTH * 0.6))
    high = max(float(row[index].masked.max()) for row in measured.crops)
    photo = crop_roi(trace.image, crop.roi, STRIP_WIDTH, height)
    pictures = [
        titled(
            blend_map(photo, crop.masked.astype(np.float32), high, 0.8),
            tr(
                "our reader gets the same crop masked, {height} × {width}",
                height=crop.masked.shape[0],
                width=crop.masked.shape[1],
            ),
            tr('reads "{text}"; true is "{truth}"', text=mine, truth=measured.texts[index]),
        ),
        colour_bar("0", f"{high:.2f}", tr("energy, the same scale for every crop"), 400),
    ]
    numbers = {"number": word + 1, "factor": FACTORS[step], "text": mine}
    if measured.theirs is None:
        return tiles(pictures, 1), tr(
            "Word {number} cropped {factor:g} times as large: ours reads {text}.", **numbers
        )
    theirs = measured.theirs[step][index]
    if crop.strip is not None:
        title = tr(
            "cropped {factor:g} times as large: the CRNN gets {height} × {width} grey pixels",
            factor=FACTORS[step],
            height=crop.strip.pixels.shape[0],
            width=crop.strip.pixels.shape[1],
        )
        pictures.insert(0, titled(draw_strip(crop.strip), title, tr('reads "{text}"', text=theirs)))
    return tiles(pictures, 1), tr(
        "Word {number} cropped {factor:g} times as large: ours reads {text}, the CRNN {theirs}.",
        **numbers,
        theirs=theirs,
    )
