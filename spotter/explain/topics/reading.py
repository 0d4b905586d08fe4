"""The reader, one character per step: its attention, its alternatives, and what follows a forced
character.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import ORANGE, blend_map, colour_bar, linked, tiles, titled
from spotter.explain.charts import bars
from spotter.explain.layers import Drawing
from spotter.explain.word_crop import turn_note, word_photo
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

ALTERNATIVES = 5
WIDTH = 620
MAX_THUMBNAILS = 20


def step_count(trace: Trace, word: int) -> int:
    """Steps the reader took for a word, including that of the end sign."""
    return min(len(trace.words[word].text) + 1, trace.ids.shape[1])


def class_name(trace: Trace, index: int) -> str:
    """Name of a class of the reader: its character, or "end" for 0."""
    return tr("end") if index == 0 else trace.config.characters[index - 1]


def draw_attention(trace: Trace, word: int, step: int, width: int = WIDTH) -> tuple[Image.Image, str]:
    """The attention of one step over the word's crop, and that of all steps as a strip; `width`: pixels of
    the crop.
    """
    photo = word_photo(trace, word, width)
    weights = trace.decoder_attention[word, step].astype(np.float32)
    rows, columns = weights.shape
    character = class_name(trace, int(trace.ids[word, step]))
    y, x = np.unravel_index(weights.argmax(), weights.shape)
    strongest = tr(
        "strongest at column {column}, row {row}: {weight:.2f}",
        column=x + 1,
        row=y + 1,
        weight=weights.max(),
    )
    notes = [strongest, turn_note(trace, word)]
    large = titled(
        linked(
            blend_map(photo, weights, float(weights.max()), 0.65),
            "roi",
            (1 / columns, 1 / rows),
            values=weights,
        ),
        tr(
            'step {step}: "{character}", attention ({height} × {width}), sums to {sum:.2f}',
            step=step + 1,
            character=character,
            height=rows,
            width=columns,
            sum=weights.sum(),
        ),
        "; ".join(filter(None, notes)),
    )
    thumbnail = photo.resize((photo.width // 5, max(24, photo.height // 5)))
    strip = []
    for t in range(min(step_count(trace, word), MAX_THUMBNAILS)):
        attention = trace.decoder_attention[word, t].astype(np.float32)
        small = blend_map(thumbnail, attention, float(attention.max()))
        if t == step:
            Drawing(small).rectangle((0, 0, small.width - 1, small.height - 1), outline=ORANGE, width=3)
        strip.append(titled(small, class_name(trace, int(trace.ids[word, t]))))
    bar = colour_bar("0", f"{weights.max():.2f}", tr("attention of this step"), 300)
    alt = tr(
        "Attention of the reader for character {number}, {character}: strongest at column {column} of "
        "{width}.",
        number=step + 1,
        character=character,
        column=x + 1,
        width=columns,
    )
    return tiles([large, bar, tiles(strip, 5, 8)], 1), alt


def draw_alternatives(trace: Trace, word: int, step: int) -> tuple[Image.Image, str]:
    """The best characters of one step with their probabilities."""
    best = [
        (class_name(trace, int(i)), float(p))
        for i, p in zip(trace.top_ids[word, step], trace.top_probabilities[word, step], strict=True)
    ][:ALTERNATIVES]
    rows = [(name, p, f"{p:.4f}" if p >= 1e-4 else f"{p:.1e}") for name, p in best]
    title = tr(
        "step {step}: best {number} of {classes} classes",
        step=step + 1,
        number=len(rows),
        classes=trace.config.classes,
    )
    picture = bars(rows, title, strong=0)
    return picture, "; ".join(f"{name} {text}" for name, _, text in rows)


def force(spotter: Spotter, trace: Trace, word: int, step: int, index: int) -> tuple[list[int], list[float]]:
    """Ids and probabilities of the word when class `index` is forced at `step`.

    Earlier steps keep what was read, later ones continue from the forced character.
    """
    from spotter.tracing.interventions import forced_characters, reread

    forced = [*trace.ids[word, :step].tolist(), index]
    reading = reread(spotter, trace, word, [forced_characters(forced)]).reading
    ids = reading.ids[0]
    return ids.tolist(), reading.probabilities[0].float().gather(1, ids[:, None])[:, 0].tolist()
