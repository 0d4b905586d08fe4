"""Two ways to spot the same photo: CRAFT and a CRNN one after the other, and ours in one network.

The heat maps, the strips and the texts of the first way come from `spotter.evaluation.two_stage`, which runs
easyocr's own functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from spotter.evaluation.metrics import overlaps
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
from spotter.explain.topics.proposals import plain
from spotter.explain.word_crop import cut, turn_note, word_photo, word_size
from spotter.tracing.trace_cache import kept, once

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

LOOSE = 1.6  # the one shown first: neighbours are in the cut
KEY = "two ways"
WIDTH = 316  # of a photo; beside another one it fits a column, alone a phone
STRIP_WIDTH = 520


def missing() -> str:
    """What to install, in one sentence; empty when the other way is there."""
    return "" if installed() else MISSING


def spot_the_other_way(trace: Trace, progress: Callable[..., Any]) -> TwoStage:
    """CRAFT and the CRNN on the picture our network got; 5 to 25 seconds of one processor, once a trace."""
    return once(trace, KEY, lambda: spot_in_two_stages(trace.image, progress))


def spotted(trace: Trace) -> TwoStage | None:
    """What `spot_the_other_way` gave, if it was asked."""
    return kept(trace, KEY)


def looseness(
    spotter: Spotter, trace: Trace, lines: str, progress: Callable[[float], Any] = lambda _: None
) -> Looseness | None:
    """`measure_looseness` with these true words, once a trace."""
    return once(trace, (KEY, lines), lambda: measure_looseness(spotter, trace, lines, progress))


def strip_of(trace: Trace, found: TwoStage, word: int) -> Strip | None:
    """CRAFT's word that overlaps a word of ours most; None when none does."""
    if not found.strips:
        return None
    overlap, union, _ = overlaps([trace.polygon(word)], [strip.quad for strip in found.strips])
    iou = (overlap / np.maximum(union, 1e-9))[0]
    return found.strips[int(iou.argmax())] if iou.max() > 0 else None


def draw_heat(trace: Trace, found: TwoStage | None) -> tuple[Image.Image, str]:
    """CRAFT's two maps over the photo with the boxes made of them; without them, our outlines alone."""
    photo, scale = photo_canvas(trace.image, WIDTH)
    ours = photo.copy()
    draw = ImageDraw.Draw(ours, "RGBA")
    for i, word in enumerate(trace.words):
        if word.score >= trace.config.score_threshold or i == 0:
            outline(draw, trace.polygon(i) * scale, ORANGE, 2)
    pictures = [titled(ours, "ours: outlines in one pass", f"{len(trace.words)} words, the sure ones drawn")]
    if found is None:
        return tiles(pictures, 2), "The photo with the outlines our network found; CRAFT has not run."
    for values, name in (
        (found.region, "region: middles of characters"),
        (found.affinity, "affinity: between them"),
    ):
        note = f"{values.shape[0]} × {values.shape[1]}, 0 to {values.max():.2f}"
        pictures.append(titled(blend_map(photo, values, 1.0, 0.75), f"CRAFT {name}", note))
    boxes = photo.copy()
    draw = ImageDraw.Draw(boxes, "RGBA")
    for strip in found.strips:
        quad = strip.quad * scale
        outline(draw, quad, SKY, 2)
        label(draw, (quad[:, 0].min(), quad[:, 1].min() - 18), strip.text, 12)
    pictures.append(titled(boxes, "CRAFT's boxes, the CRNN's texts", f"{len(found.strips)} words"))
    pictures = [*pictures[1:], pictures[0], colour_bar("0", "1", "score of CRAFT's maps", 300)]
    read = ", ".join(strip.text for strip in found.strips[:8]) or "nothing"
    return tiles(
        pictures, 2
    ), f"CRAFT's heat maps over the photo and {len(found.strips)} boxes, read as {read}."


def draw_inputs(trace: Trace, found: TwoStage | None, word: int) -> tuple[Image.Image, str]:
    """What each reader gets of a word: the CRNN a grey strip, ours masked features."""
    text = trace.words[word].text or "(no text)"
    height, width = trace.masked.shape[1:]
    mine = titled(
        draw_map(trace, word, "masked").resize(word_size(trace, word, STRIP_WIDTH), Image.BILINEAR),
        f"our reader gets {trace.roi_features.shape[1]} × {height} × {width} masked features",
        "; ".join(filter(None, [f'their energy over the crop; reads "{text}"', turn_note(trace, word)])),
    )
    if found is None:
        return tiles(
            [mine], 1
        ), f"What our reader gets of word {word + 1}, read as {text}; CRAFT has not run."
    strip = strip_of(trace, found, word)
    if strip is None:
        nothing = titled(
            word_photo(trace, word, STRIP_WIDTH),
            "",
            "CRAFT found nothing here",
        )
        return tiles([mine, nothing], 1), f"Word {word + 1}: ours reads {text}; CRAFT found nothing here."
    theirs = titled(
        draw_strip(strip),
        f"the CRNN gets {strip.pixels.shape[0]} × {strip.pixels.shape[1]} grey pixels",
        f'exactly these, with all that lies in the box; reads "{strip.text}" ({strip.score:.2f})',
    )
    return tiles(
        [theirs, mine], 1
    ), f"Word {word + 1}: the CRNN reads {strip.text} in a grey strip, ours {text}."


def draw_strip(strip: Strip) -> Image.Image:
    pixels = Image.fromarray(strip.pixels)
    scale = min(STRIP_WIDTH / pixels.width, 3.0)
    size = (max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale)))
    return pixels.resize(size, Image.BILINEAR).convert("RGB")


def nearest(factor: float) -> int:
    """Index into FACTORS."""
    return int(np.abs(FACTORS - factor).argmin())


def draw_cut(
    trace: Trace, measured: Looseness | None, word: int, factor: float
) -> tuple[Image.Image, str] | None:
    """What either reader gets of a word cut out so loosely; None when that was not measured for the word."""
    if measured is None or word not in measured.words:
        return None
    place, step = measured.words.index(word), nearest(factor)
    shown, mine, theirs = (rows[step][place] for rows in (measured.cuts, measured.ours, measured.theirs))
    across, down = np.maximum(shown.roi[2:4], 1)
    height = round(np.clip(STRIP_WIDTH * down / across, STRIP_WIDTH * 0.15, STRIP_WIDTH * 0.6))
    high = max(float(row[place].masked.max()) for row in measured.cuts)
    photo = cut(trace.image, shown.roi, STRIP_WIDTH, height)
    pictures = [
        titled(
            blend_map(photo, shown.masked.astype(np.float32), high, 0.8),
            f"our reader gets the same cut masked, {shown.masked.shape[0]} × {shown.masked.shape[1]}",
            f'reads "{mine}"; true is "{measured.texts[place]}"',
        ),
        colour_bar("0", f"{high:.2f}", "energy, the same scale for every cut", 400),
    ]
    if shown.strip is not None:
        size = f"{shown.strip.pixels.shape[0]} × {shown.strip.pixels.shape[1]}"
        title = f"cut {FACTORS[step]:g} times as large: the CRNN gets {size} grey pixels"
        pictures.insert(0, titled(draw_strip(shown.strip), title, f'reads "{theirs}"'))
    alt = f"Word {word + 1} cut {FACTORS[step]:g} times as large: the CRNN reads {theirs}, ours {mine}."
    return tiles(pictures, 1), alt


def draw_looseness(measured: Looseness | None, factor: float = 1.0) -> tuple[Image.Image, str] | None:
    """Both curves over the looseness, one factor pointed out; None when nothing was measured."""
    axis = "sides of the cut / sides of the true rectangle"
    if measured is None:
        return None
    ours, theirs = measured.similarity(measured.ours), measured.similarity(measured.theirs)
    lines = [
        (measured.exact(measured.theirs), BLUE, 1),
        (measured.exact(measured.ours), ORANGE, 1),
        (theirs, BLUE, 4),
        (ours, ORANGE, 4),
    ]
    title = f"{len(measured.texts)} words: ours orange, CRNN blue; thin: read exactly"
    picture = curve(lines, FACTORS, title, axis, marker=float(FACTORS[nearest(factor)]))
    numbers = "; ".join(f"{f:g}: {a:.2f} and {b:.2f}" for f, a, b in zip(FACTORS, ours, theirs, strict=True))
    return picture, f"Similarity to the truth of ours and of the CRNN at each looseness: {numbers}."


def verdict(ours: float, theirs: float) -> str:
    """Which of the two lost more, in one sentence; losses of similarity, 0..1."""
    if abs(ours - theirs) < 0.02:
        return "Both lose about as much."
    if ours < theirs:
        return "Ours loses less, as the paper says of reading masked features."
    return "Ours loses more: on these words these weights do not show what the paper argues for."


def describe(trace: Trace, found: TwoStage | None, measured: Looseness | None, word: int) -> str:
    """What the curve says in numbers, and the texts at both ends; Markdown."""
    if found is None:
        return ""
    strip = strip_of(trace, found, word)
    read = f"**{plain(strip.text)}**" if strip else "nothing"
    lines = [f"Word {word + 1}: ours reads **{plain(trace.words[word].text)}**, the CRNN {read}."]
    if measured is None:
        return lines[0] + " For the curve ours has to find true words with text; write them under the photo."
    tight, loose = nearest(1.0), len(FACTORS) - 1
    ours, theirs = measured.similarity(measured.ours), measured.similarity(measured.theirs)
    lost = (ours[tight] - ours[loose], theirs[tight] - theirs[loose])
    if word not in measured.words:
        lines[0] += " It lies on no true word, so it is not cut out; pick one that does."
    lines += [
        "",
        f"From the true rectangle to one of {FACTORS[loose]:g} times its sides, similarity to the truth goes "
        f"from {ours[tight]:.2f} to **{ours[loose]:.2f}** for ours and from {theirs[tight]:.2f} to "
        f"**{theirs[loose]:.2f}** for the CRNN. {verdict(*lost)} "
        "Both get the same cuts; ours also has the maskK it predicted itself, which blanks what is not the "
        "word. Similarity is 1 − edits / length.",
        "",
        "| true | ours, tight | ours, loose | CRNN, tight | CRNN, loose |",
        "|---|---|---|---|---|",
    ]
    columns = (measured.ours[tight], measured.ours[loose], measured.theirs[tight], measured.theirs[loose])
    for true, *texts in zip(measured.texts, *columns, strict=True):
        lines.append("| " + " | ".join(plain(text) if text else "" for text in (true, *texts)) + " |")
    return "\n".join(lines)
