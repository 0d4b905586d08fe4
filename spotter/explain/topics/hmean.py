"""The words of a photo against the true ones: what is matched, precision, recall and their harmonic mean.

Matching and counting are the functions evaluation uses (`spotter.evaluation.metrics`), not copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from spotter.evaluation.metrics import DetectionMetric, EndToEndMetric, Scores, match_detections, overlaps, same_text
from spotter.explain.canvas import GREEN, ORANGE, PINK, SKY, VERMILION, label, outline, photo_canvas, titled
from spotter.explain.charts import curve
from spotter.explain.polygon_text import parse_outlines
from spotter.explain.topics.proposals import plain
from spotter.types import GroundTruth, Word

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

IGNORED = "###"  # the text of a region nobody has to find, as in ICDAR's files
THRESHOLDS = np.arange(1, 20) / 20
MOST_ROWS = 40
WIDTH = 720  # of the picture


@dataclass(frozen=True)
class Comparison:
    """F words against T true ones; indices count within these two lists."""

    true: list[GroundTruth]
    words: list[Word]
    pairs: list[tuple[int, int]]  # (true, word), one to one
    right: list[bool]  # of each pair: whether its text counts as read
    iou: np.ndarray  # (T, F)
    free: list[int]  # words that count as found: those a do-not-care region does not cover
    detection: Scores
    end_to_end: Scores


def true_words(lines: str) -> list[GroundTruth]:
    """The lines of the true words, polygons in pixels of the photo; `###` means do not care."""
    return [
        GroundTruth(polygon.astype(np.float32), "" if text == IGNORED else text, ignore=text == IGNORED)
        for text, polygon in parse_outlines(lines)
    ]


def compare(trace: Trace, lines: str, min_iou: float, least_score: float) -> Comparison:
    """The words with at least `least_score` against the true ones, matched above an IoU of `min_iou`."""
    true, words = true_words(lines), [word for word in trace.words if word.score >= least_score]
    polygons = [word.polygon for word in words]
    ignore = [region.ignore for region in true]
    pairs, _ = match_detections(true, ignore, polygons, min_iou)
    free = [j for j in range(len(words)) if match(true, ignore, [polygons[j]], min_iou)[1]]
    overlap, union, _ = overlaps([region.polygon for region in true], polygons)
    detection, end_to_end = DetectionMetric(min_iou), EndToEndMetric(min_iou=min_iou)
    detection.update(true, polygons)
    end_to_end.update(true, words)
    return Comparison(
        true=true,
        words=words,
        pairs=pairs,
        right=[bool(true[i].text) and same_text(true[i].text, words[j].text) for i, j in pairs],
        iou=overlap / np.maximum(union, 1e-9),
        free=free,
        detection=detection.summary(),
        end_to_end=end_to_end.summary(),
    )


def draw_comparison(trace: Trace, found: Comparison, reading: bool) -> tuple[Image.Image, str]:
    """Matches over the photo; `reading`: a pair counts only when it is read rightly."""
    picture, scale = photo_canvas(trace.image, WIDTH, dim=0.3)
    draw = ImageDraw.Draw(picture, "RGBA")
    place = lambda polygon: np.asarray(polygon) / trace.scale * scale  # noqa: E731
    matched = dict(found.pairs)
    texts = []  # drawn last, over all outlines
    for i, region in enumerate(found.true):
        polygon = place(region.polygon)
        if region.ignore:
            outline(draw, polygon, PINK, 1)
            continue
        dashes(draw, polygon, SKY if i in matched else VERMILION, 3)
        if i not in matched:
            texts.append((polygon, f"missed {region.text}"))
    for j, word in enumerate(found.words):
        if j not in found.free or j in matched.values():
            continue
        outline(draw, place(word.polygon), ORANGE, 1)
    for (i, j), right in zip(found.pairs, found.right, strict=True):
        polygon = place(found.words[j].polygon)
        good = right or not reading
        outline(draw, polygon, GREEN if good else ORANGE, 4)
        mark = "✓" if good else "✗ read"
        texts.append((polygon, f"{mark} {found.words[j].text}  IoU {found.iou[i, j]:.2f}"))
    for polygon, text in texts:
        label(draw, (polygon[:, 0].min(), polygon[:, 1].min() - 24), text, 17)
    scores = found.end_to_end if reading else found.detection
    return titled(picture, "", legend(reading)), (
        f"The photo with {scores.true} true and {scores.found} found words: {scores.matched} count as right, "
        f"{scores.true - len(found.pairs)} are missed, {scores.found - len(found.pairs)} are false alarms."
    )


def legend(reading: bool) -> str:
    wrong = ", thick orange: read wrongly" if reading else ""
    return f"dashed: true words, missed ones red. Green: right{wrong}, thin orange: false alarm"


def dashes(draw: ImageDraw.ImageDraw, points: np.ndarray, colour: tuple, width: int) -> None:
    """A closed dashed line through (P, 2) points."""
    for start, end in zip(points, np.roll(points, -1, 0), strict=True):
        length = float(np.hypot(*(end - start)))
        count = max(1, round(length / 14))
        for k in range(count):
            a, b = start + (end - start) * k / count, start + (end - start) * (k + 0.6) / count
            draw.line([tuple(a), tuple(b)], fill=(*colour, 255), width=width)


def over_thresholds(trace: Trace, lines: str, least_score: float, reading: bool) -> np.ndarray:
    """(len(THRESHOLDS), 3) precision, recall and H-mean at each IoU threshold."""
    true, words = true_words(lines), [word for word in trace.words if word.score >= least_score]
    rows = []
    for threshold in THRESHOLDS:
        if reading:
            metric = EndToEndMetric(min_iou=float(threshold))
            metric.update(true, words)
        else:
            metric = DetectionMetric(float(threshold))
            metric.update(true, [word.polygon for word in words])
        scores = metric.summary()
        rows.append((scores.precision, scores.recall, scores.hmean))
    return np.array(rows)


def draw_thresholds(values: np.ndarray, min_iou: float) -> tuple[Image.Image, str]:
    """Curves of `over_thresholds`, the current threshold marked."""
    nearest = int(np.abs(THRESHOLDS - min_iou).argmin())
    picture = curve(
        [(values[:, 0], SKY, 2), (values[:, 1], GREEN, 2), (values[:, 2], ORANGE, 4)],
        THRESHOLDS,
        "precision (blue), recall (green), H-mean (orange)",
        "IoU a pair has to exceed",
        marker=min_iou,
        marker_text=f"H {values[nearest, 2]:.2f}",
    )
    best = float(values[:, 2].max())
    return (
        picture,
        f"H-mean over the IoU threshold: {values[nearest, 2]:.2f} at {min_iou:.2f}, at most {best:.2f}.",
    )


def describe(found: Comparison, reading: bool) -> str:
    """The three quotients with their numbers, and why their mean is the harmonic one; Markdown with LaTeX."""
    s = found.end_to_end if reading else found.detection
    arithmetic = (s.precision + s.recall) / 2
    what = "found and read" if reading else "found"
    text = (
        f"$$P = \\frac{{\\text{{right}}}}{{\\text{{found}}}} = \\frac{{{s.matched}}}{{{s.found}}} = "
        f"{s.precision:.3f}"
        f"\\qquad R = \\frac{{\\text{{right}}}}{{\\text{{true}}}} = \\frac{{{s.matched}}}{{{s.true}}} = "
        f"{s.recall:.3f}$$\n\n"
        f"$$H = \\frac{{2PR}}{{P + R}} = \\frac{{2 \\cdot {s.matched}}}{{{s.found} + {s.true}}} = "
        f"{s.hmean:.3f}$$\n\n"
        f"Right means {what}. In the picture, {legend(reading)}. "
    )
    if not s.true or not s.found:
        return text + (
            "A quotient with nothing below the line counts as 0 here, as in the competition's script: a "
            "photo with nothing true and nothing found adds nothing to any count."
        )
    one = 2 / (1 + s.true)
    return text + (
        f"**Why harmonic?** The plain mean of P and R is {arithmetic:.3f}. It can be cheated: a spotter that "
        f"marks one sure word and no other has P = 1 and R = 1/{s.true} here, a plain mean of "
        f"{(1 + 1 / s.true) / 2:.2f}, but H = {one:.2f}. The harmonic mean stays near the smaller of the "
        "two, so only a spotter good at both gets a high one. Counts are summed over all photos of a test "
        "set before dividing; one photo alone says little."
    )


def table(found: Comparison) -> str:
    """Each true word with what was made of it, then the false alarms; Markdown."""
    rows = ["| true | read | IoU | what it counts as |", "|---|---|--:|---|"]
    matched = {i: (j, right) for (i, j), right in zip(found.pairs, found.right, strict=True)}
    for i, region in enumerate(found.true):
        if region.ignore:
            rows.append(f"| {plain(IGNORED)} | | | do not care |")
        elif i in matched:
            j, right = matched[i]
            verdict = "found and read" if right else "found, read wrongly" if region.text else "found"
            rows.append(
                f"| {plain(region.text)} | {plain(found.words[j].text)} | {found.iou[i, j]:.2f} | {verdict} |"
            )
        else:
            best = f"{found.iou[i].max():.2f}" if found.words else ""
            rows.append(f"| {plain(region.text)} | | {best} | **missed** |")
    taken = {j for _, j in found.pairs}
    for j in found.free:
        if j not in taken:
            best = f"{found.iou[:, j].max():.2f}" if found.true else ""
            rows.append(f"| | {plain(found.words[j].text)} | {best} | **false alarm** |")
    if len(rows) > MOST_ROWS:
        rows = [*rows[:MOST_ROWS], f"| | | | and {len(rows) - MOST_ROWS} more |"]
    return "\n".join(rows) + "\n\nThe IoU of a missed word or a false alarm is the best it has with any."
