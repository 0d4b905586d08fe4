"""The same photo read in two stages, by CRAFT and a CRNN, and by this network.

Heat maps, strips and texts of the two stages come from `spotter.evaluation.two_stage`, which runs
easyocr's own functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image

from spotter.evaluation.two_stage import (
    MISSING,
    Strip,
    TwoStage,
    installed,
    spot_in_two_stages,
)
from spotter.explain.canvas import (
    BLUE,
    LIGHT_GREEN,
    ORANGE,
    PINK,
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
from spotter.explain.layers import Drawing
from spotter.explain.topics.conversion import draw_map
from spotter.explain.word_crop import crop_roi, turn_note, word_size
from spotter.language import tr, trn
from spotter.ops.roi_affine import points_in_roi
from spotter.ops.shapes import overlaps
from spotter.tracing.trace_cache import cached, get

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

LOOSE = 1.6  # the factor shown first: neighbours are inside the crop
CACHE_KEY = "two stages"
WIDTH = 316  # pixels of a photo; two fit a column, one a phone
STRIP_WIDTH = 520  # pixels
CROP_WIDTH = 360  # pixels of a crop; two fit a column
CONTENT_SIZE = (200, 100)  # samples of a crop, across and down


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


def draw_heat(
    trace: Trace, result: TwoStage | None, true: Sequence[np.ndarray] = ()
) -> tuple[Image.Image, str] | None:
    """CRAFT's maps over the photo, the boxes derived from them, and our outlines; None before it has run.

    `true`: outlines (P, 2), in pixels of `trace.image`.
    """
    if result is None:
        return None
    photo, scale = photo_canvas(trace.image, WIDTH)
    outlined = photo.copy()
    for polygon in true:
        outline(Drawing(outlined, "RGBA"), polygon * scale, LIGHT_GREEN, 1)
    ours = outlined.copy()
    draw = Drawing(ours, "RGBA")
    for i, word in enumerate(trace.words):
        if word.score >= trace.config.score_threshold or i == 0:
            outline(draw, trace.polygon(i) * scale, ORANGE, 2)
    pictures = []
    for values, name in (
        (result.region, tr("CRAFT region: centres of characters")),
        (result.affinity, tr("CRAFT affinity: between them")),
    ):
        note = tr(
            "{height} × {width}, 0 to {high:.2f}",
            height=values.shape[0],
            width=values.shape[1],
            high=values.max(),
        )
        pictures.append(titled(blend_map(photo, values, 1.0, 0.75), name, note))
    boxes = outlined.copy()
    draw = Drawing(boxes, "RGBA")
    for strip in result.strips:
        quad = strip.quad * scale
        outline(draw, quad, SKY, 2)
        label(draw, (quad[:, 0].min(), quad[:, 1].min() - 18), strip.text, 12)
    pictures += [
        titled(
            boxes,
            tr("CRAFT's boxes, the CRNN's texts"),
            "; ".join(
                [
                    trn("{number} word", "{number} words", len(result.strips)),
                    *([tr("green: the true outlines")] if len(true) else []),
                ]
            ),
        ),
        titled(
            ours,
            tr("ours: outlines in one pass"),
            tr("{number} words, confident ones drawn", number=len(trace.words)),
        ),
        colour_bar("0", "1", tr("score of CRAFT's maps"), 300),
    ]
    read = ", ".join(strip.text for strip in result.strips[:8]) or tr("nothing")
    alt = tr(
        "CRAFT's heat maps over the photo and {number} boxes, read as {read}.",
        number=len(result.strips),
        read=read,
    )
    return tiles(pictures, 2), alt


@dataclass(frozen=True)
class CropContent:
    """What lies in the crop of a word, as shares of its pixels that add up to 1."""

    word: float
    others: float  # other words
    background: float


def crop_masks(
    trace: Trace, word: int, roi: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) bool, inside an RoI drawn at a size (w, h): the word, and the other words outside of it."""
    own, others = (np.zeros(size[::-1], np.uint8) for _ in range(2))
    for i in range(len(trace.words)):
        points = (points_in_roi(trace.polygon(i), roi) * size).round().astype(np.int32)
        cv2.fillPoly(own if i == word else others, [points], 1)
    return own.astype(bool), others.astype(bool) & ~own.astype(bool)


def crop_content(trace: Trace, word: int, factor: float) -> CropContent:
    """Of the word's RoI with its sides times `factor`; which pixels are a word is what the network found."""
    own, others = crop_masks(trace, word, loosened(trace, word, factor), CONTENT_SIZE)
    return CropContent(float(own.mean()), float(others.mean()), float(1 - own.mean() - others.mean()))


def loosened(trace: Trace, word: int, factor: float) -> np.ndarray:
    """The word's RoI (5,) with its sides times `factor`."""
    return trace.rois[word] * np.array([1, 1, factor, factor, 1], np.float32)


def draw_inputs(
    trace: Trace, result: TwoStage | None, word: int, factor: float = 1.0
) -> tuple[Image.Image, str]:
    """The input of each reader for a word: a crop with all that lies in it, and masked features."""
    roi, size = loosened(trace, word, factor), word_size(trace, word, CROP_WIDTH)
    crop, content = crop_roi(trace.image, roi, *size), crop_content(trace, word, factor)
    own, others = crop_masks(trace, word, roi, size)
    pixels = np.asarray(crop).astype(np.float32)
    grey = pixels.mean(2, keepdims=True) * 0.35 + 20
    parts = np.where(
        own[..., None], pixels, np.where(others[..., None], grey * 0.5 + np.array(PINK) * 0.6, grey)
    )
    text, (height, width) = trace.words[word].text or tr("(no text)"), trace.masked_energy.shape[1:]
    mine = draw_map(trace, word, "masked_energy").resize(size, Image.Resampling.BILINEAR)
    pictures = [
        titled(
            crop,
            tr("a crop: what a second network gets"),
            tr("{factor:g} times the sides of the word", factor=factor),
        ),
        titled(
            Image.fromarray(parts.clip(0, 255).astype(np.uint8)),
            tr("what of it is the word"),
            tr("word {word:.0%}, other words {others:.0%} (pink)", word=content.word, others=content.others),
        ),
        titled(
            mine,
            tr(
                "our reader: {channels} × {height} × {width} features",
                channels=trace.roi_features.shape[1],
                height=height,
                width=width,
            ),
            tr('cut by its own mask; reads "{text}"', text=text),
        ),
    ]
    if note := turn_note(trace, word):
        pictures[-1] = titled(pictures[-1], "", note)
    strip = None if result is None else overlapping_strip(trace, result, word)
    if strip is not None:
        pictures.append(
            titled(
                draw_strip(strip),
                tr(
                    "the CRNN: {height} × {width} grey pixels",
                    height=strip.pixels.shape[0],
                    width=strip.pixels.shape[1],
                ),
                tr('reads "{text}" ({score:.2f})', text=strip.text, score=strip.score),
            )
        )
    numbers = {"number": word + 1, "factor": factor, "word": content.word, "others": content.others}
    if result is None:
        return tiles(pictures, 2), tr(
            "Word {number} cropped {factor:g} times as large: {word:.0%} of the crop is the word, "
            "{others:.0%} other words; ours reads {text}.",
            **numbers,
            text=text,
        )
    return tiles(pictures, 2), tr(
        "Word {number} cropped {factor:g} times as large: {word:.0%} of the crop is the word, "
        "{others:.0%} other words; the CRNN reads {theirs}, ours reads {text}.",
        **numbers,
        theirs=strip.text if strip else tr("nothing"),
        text=text,
    )


def draw_strip(strip: Strip) -> Image.Image:
    pixels = Image.fromarray(strip.pixels)
    scale = min(STRIP_WIDTH / pixels.width, 3.0)
    size = (max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale)))
    return pixels.resize(size, Image.Resampling.BILINEAR).convert("RGB")


def factor_index(factor: float) -> int:
    """Index of the nearest of FACTORS."""
    return int(np.abs(FACTORS - factor).argmin())


def draw_looseness(measured: Looseness | None, factor: float = 1.0) -> tuple[Image.Image, str] | None:
    """Similarity to the truth against the looseness, one factor marked; None if nothing was measured."""
    axis = tr("sides of the crop / sides of the true rectangle")
    if measured is None:
        return None
    ours = measured.similarity(measured.ours)
    lines, count = [(measured.exact(measured.ours), ORANGE, 1), (ours, ORANGE, 4)], len(measured.texts)
    numbers = [f"{f:g}: {value:.2f}" for f, value in zip(FACTORS, ours, strict=True)]
    if measured.theirs is None:
        title = tr("{number} words: ours orange; thin: exact matches", number=count)
        alt = tr("Similarity to the truth of ours at each looseness: {numbers}.", numbers="; ".join(numbers))
    else:
        theirs = measured.similarity(measured.theirs)
        lines = [(measured.exact(measured.theirs), BLUE, 1), (theirs, BLUE, 4), *lines]
        numbers = [
            tr("{ours} and {theirs:.2f}", ours=text, theirs=value)
            for text, value in zip(numbers, theirs, strict=True)
        ]
        title = tr("{number} words: ours orange, CRNN blue; thin: exact matches", number=count)
        alt = tr(
            "Similarity to the truth of ours and of the CRNN at each looseness: {numbers}.",
            numbers="; ".join(numbers),
        )
    picture = curve(lines, FACTORS, title, axis, marker=float(FACTORS[factor_index(factor)]))
    return picture, alt
