"""The same photo read in two stages, by CRAFT and a CRNN, and by this network.

Heat maps, strips and texts of the two stages come from `spotter.evaluation.two_stage`, which runs
easyocr's own functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from spotter.evaluation.two_stage import (
    MISSING,
    Strip,
    TwoStage,
    installed,
    spot_in_two_stages,
)
from spotter.explain.canvas import (
    BLUE,
    ORANGE,
    SKY,
    blend_map,
    colour_bar,
    label,
    outline,
    photo_canvas,
    tiles,
    titled,
)
from spotter.explain.charts import curve
from spotter.explain.crop_looseness import FACTORS, Looseness, measure_looseness
from spotter.explain.topics.conversion import draw_map
from spotter.explain.word_crop import crop_roi, turn_note, word_photo, word_size
from spotter.ops.shapes import overlaps
from spotter.tracing.trace_cache import cached, get

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

LOOSE = 1.6  # the factor shown first: neighbours are inside the crop
CACHE_KEY = "two stages"
WIDTH = 316  # pixels of a photo; two fit a column, one a phone
STRIP_WIDTH = 520  # pixels


def missing_packages() -> str:
    """What to install, in one sentence; empty if everything is installed."""
    return "" if installed() else MISSING


def run_two_stage(trace: Trace, progress: Callable[..., Any]) -> TwoStage:
    """CRAFT and the CRNN on our network's input; takes 5 to 25 seconds of one processor, once per trace."""
    return cached(trace, CACHE_KEY, lambda: spot_in_two_stages(trace.image, progress))


def cached_result(trace: Trace) -> TwoStage | None:
    """The result of `run_two_stage` if it has run."""
    return get(trace, CACHE_KEY)


def looseness(
    spotter: Spotter, trace: Trace, lines: str, progress: Callable[[float], Any] = lambda _: None
) -> Looseness | None:
    """`measure_looseness` with these true words, once per trace."""
    return cached(trace, (CACHE_KEY, lines), lambda: measure_looseness(spotter, trace, lines, progress))


def overlapping_strip(trace: Trace, result: TwoStage, word: int) -> Strip | None:
    """CRAFT's word that overlaps one of ours most; None if none does."""
    if not result.strips:
        return None
    iou = overlaps([trace.polygon(word)], [strip.quad for strip in result.strips]).iou[0]
    return result.strips[int(iou.argmax())] if iou.max() > 0 else None


def draw_heat(trace: Trace, result: TwoStage | None) -> tuple[Image.Image, str]:
    """CRAFT's maps over the photo, the boxes derived from them, and our outlines."""
    photo, scale = photo_canvas(trace.image, WIDTH)
    ours = photo.copy()
    draw = ImageDraw.Draw(ours, "RGBA")
    for i, word in enumerate(trace.words):
        if word.score >= trace.config.score_threshold or i == 0:
            outline(draw, trace.polygon(i) * scale, ORANGE, 2)
    pictures = [titled(ours, "ours: outlines in one pass", f"{len(trace.words)} words, confident ones drawn")]
    if result is None:
        return tiles(pictures, 2), "The photo with the outlines our network found; CRAFT has not run."
    for values, name in (
        (result.region, "region: centres of characters"),
        (result.affinity, "affinity: between them"),
    ):
        note = f"{values.shape[0]} × {values.shape[1]}, 0 to {values.max():.2f}"
        pictures.append(titled(blend_map(photo, values, 1.0, 0.75), f"CRAFT {name}", note))
    boxes = photo.copy()
    draw = ImageDraw.Draw(boxes, "RGBA")
    for strip in result.strips:
        quad = strip.quad * scale
        outline(draw, quad, SKY, 2)
        label(draw, (quad[:, 0].min(), quad[:, 1].min() - 18), strip.text, 12)
    pictures.append(titled(boxes, "CRAFT's boxes, the CRNN's texts", f"{len(result.strips)} words"))
    pictures = [*pictures[1:], pictures[0], colour_bar("0", "1", "score of CRAFT's maps", 300)]
    read = ", ".join(strip.text for strip in result.strips[:8]) or "nothing"
    alt = f"CRAFT's heat maps over the photo and {len(result.strips)} boxes, read as {read}."
    return tiles(pictures, 2), alt


def draw_inputs(trace: Trace, result: TwoStage | None, word: int) -> tuple[Image.Image, str]:
    """The input of each reader for a word: a grey strip for the CRNN, masked features for ours."""
    text = trace.words[word].text or "(no text)"
    height, width = trace.masked_energy.shape[1:]
    mine = titled(
        draw_map(trace, word, "masked_energy").resize(
            word_size(trace, word, STRIP_WIDTH), Image.Resampling.BILINEAR
        ),
        f"our reader gets {trace.roi_features.shape[1]} × {height} × {width} masked features",
        "; ".join(filter(None, [f'their energy over the crop; reads "{text}"', turn_note(trace, word)])),
    )
    if result is None:
        alt = f"The input of our reader for word {word + 1}, read as {text}; CRAFT has not run."
        return tiles([mine], 1), alt
    strip = overlapping_strip(trace, result, word)
    if strip is None:
        nothing = titled(word_photo(trace, word, STRIP_WIDTH), "", "CRAFT found nothing here")
        return tiles([mine, nothing], 1), f"Word {word + 1}: ours reads {text}; CRAFT found nothing here."
    theirs = titled(
        draw_strip(strip),
        f"the CRNN gets {strip.pixels.shape[0]} × {strip.pixels.shape[1]} grey pixels",
        f'with everything that lies in the box; reads "{strip.text}" ({strip.score:.2f})',
    )
    alt = f"Word {word + 1}: the CRNN reads {strip.text} in a grey strip, ours {text}."
    return tiles([theirs, mine], 1), alt


def draw_strip(strip: Strip) -> Image.Image:
    pixels = Image.fromarray(strip.pixels)
    scale = min(STRIP_WIDTH / pixels.width, 3.0)
    size = (max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale)))
    return pixels.resize(size, Image.Resampling.BILINEAR).convert("RGB")


def factor_index(factor: float) -> int:
    """Index of the nearest of FACTORS."""
    return int(np.abs(FACTORS - factor).argmin())


def draw_loose_crop(
    trace: Trace, measured: Looseness | None, word: int, factor: float
) -> tuple[Image.Image, str] | None:
    """The input of both readers for a word cropped at one looseness; None if the word was not measured."""
    if measured is None or word not in measured.words:
        return None
    index, step = measured.words.index(word), factor_index(factor)
    crop = measured.crops[step][index]
    mine, theirs = measured.ours[step][index], measured.theirs[step][index]
    across, down = np.maximum(crop.roi[2:4], 1)
    height = round(np.clip(STRIP_WIDTH * down / across, STRIP_WIDTH * 0.15, STRIP_WIDTH * 0.6))
    high = max(float(row[index].masked.max()) for row in measured.crops)
    photo = crop_roi(trace.image, crop.roi, STRIP_WIDTH, height)
    pictures = [
        titled(
            blend_map(photo, crop.masked.astype(np.float32), high, 0.8),
            f"our reader gets the same crop masked, {crop.masked.shape[0]} × {crop.masked.shape[1]}",
            f'reads "{mine}"; true is "{measured.texts[index]}"',
        ),
        colour_bar("0", f"{high:.2f}", "energy, the same scale for every crop", 400),
    ]
    if crop.strip is not None:
        size = f"{crop.strip.pixels.shape[0]} × {crop.strip.pixels.shape[1]}"
        title = f"cropped {FACTORS[step]:g} times as large: the CRNN gets {size} grey pixels"
        pictures.insert(0, titled(draw_strip(crop.strip), title, f'reads "{theirs}"'))
    alt = f"Word {word + 1} cropped {FACTORS[step]:g} times as large: the CRNN reads {theirs}, ours {mine}."
    return tiles(pictures, 1), alt


def draw_looseness(measured: Looseness | None, factor: float = 1.0) -> tuple[Image.Image, str] | None:
    """Similarity to the truth against the looseness, one factor marked; None if nothing was measured."""
    axis = "sides of the crop / sides of the true rectangle"
    if measured is None:
        return None
    ours, theirs = measured.similarity(measured.ours), measured.similarity(measured.theirs)
    lines = [
        (measured.exact(measured.theirs), BLUE, 1),
        (measured.exact(measured.ours), ORANGE, 1),
        (theirs, BLUE, 4),
        (ours, ORANGE, 4),
    ]
    title = f"{len(measured.texts)} words: ours orange, CRNN blue; thin: exact matches"
    picture = curve(lines, FACTORS, title, axis, marker=float(FACTORS[factor_index(factor)]))
    numbers = "; ".join(f"{f:g}: {a:.2f} and {b:.2f}" for f, a, b in zip(FACTORS, ours, theirs, strict=True))
    return picture, f"Similarity to the truth of ours and of the CRNN at each looseness: {numbers}."
