"""The words of a photo compared with the true ones: matches, precision, recall and their harmonic mean.

Matching and counting are the functions evaluation uses (`spotter.evaluation.metrics`), not copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from spotter.evaluation.metrics import DetectionMetric, EndToEndMetric, Scores, match_detections, same_text
from spotter.explain.canvas import (
    GREEN,
    ORANGE,
    PINK,
    SKY,
    VERMILION,
    Box,
    label,
    label_box,
    outline,
    photo_canvas,
    titled,
)
from spotter.explain.charts import curve
from spotter.explain.layers import Drawing
from spotter.explain.polygon_text import parse_outlines
from spotter.language import tr
from spotter.ops.shapes import overlaps
from spotter.types import GroundTruth, Word

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

IGNORED = "###"  # text of a do-not-care region, as in ICDAR's files
THRESHOLDS = np.arange(1, 20) / 20
MOST_ROWS = 40
WIDTH = 720  # pixels of the picture
TEXT_SIZE, LINE = 17, 25  # pixels, of a label's letters and of its height


@dataclass(frozen=True)
class Evaluation:
    """F words compared with T true ones; indices refer to these two lists."""

    true: list[GroundTruth]
    words: list[Word]
    pairs: list[tuple[int, int]]  # (true, word), one to one
    text_correct: list[bool]  # of each pair: whether its text was read correctly
    iou: np.ndarray  # (T, F)
    counted: list[int]  # words that count as found: those not covered by a do-not-care region
    detection: Scores
    end_to_end: Scores


def true_words(lines: str) -> list[GroundTruth]:
    """Lines -> true words, polygons in pixels of the photo; the text `###` means do not care."""
    return [
        GroundTruth(polygon.astype(np.float32), "" if text == IGNORED else text, ignore=text == IGNORED)
        for text, polygon in parse_outlines(lines)
    ]


def evaluate_photo(trace: Trace, lines: str, min_iou: float, min_score: float) -> Evaluation:
    """Matches the words scored at least `min_score` with the true ones, above an IoU of `min_iou`."""
    true, words = true_words(lines), [word for word in trace.words if word.score >= min_score]
    polygons = [word.polygon for word in words]
    ignore = [region.ignore for region in true]
    pairs, _ = match_detections(true, ignore, polygons, min_iou)
    counted = [j for j in range(len(words)) if match_detections(true, ignore, [polygons[j]], min_iou)[1]]
    detection, end_to_end = DetectionMetric(min_iou), EndToEndMetric(min_iou=min_iou)
    detection.update(true, polygons)
    end_to_end.update(true, words)
    return Evaluation(
        true=true,
        words=words,
        pairs=pairs,
        text_correct=[bool(true[i].text) and same_text(true[i].text, words[j].text) for i, j in pairs],
        iou=overlaps([region.polygon for region in true], polygons).iou,
        counted=counted,
        detection=detection.summary(),
        end_to_end=end_to_end.summary(),
    )


def draw_evaluation(trace: Trace, evaluation: Evaluation, reading: bool) -> tuple[Image.Image, str]:
    """Matches over the photo; `reading`: a pair counts only if its text was read correctly."""
    picture, scale = photo_canvas(trace.image, WIDTH, dim=0.3)
    draw = Drawing(picture, "RGBA")

    def to_picture(polygon: np.ndarray) -> np.ndarray:
        return polygon / trace.scale * scale

    matched = dict(evaluation.pairs)
    texts = []  # drawn last, over all outlines
    for i, region in enumerate(evaluation.true):
        polygon = to_picture(region.polygon)
        if region.ignore:
            outline(draw, polygon, PINK, 1)
            continue
        dashes(draw, polygon, SKY if i in matched else VERMILION, 3)
        if i not in matched:
            texts.append((polygon, tr("missed {text}", text=region.text)))
    for j, word in enumerate(evaluation.words):
        if j not in evaluation.counted or j in matched.values():
            continue
        outline(draw, to_picture(np.asarray(word.polygon)), ORANGE, 1)
    for (i, j), correct in zip(evaluation.pairs, evaluation.text_correct, strict=True):
        polygon = to_picture(np.asarray(evaluation.words[j].polygon))
        good = correct or not reading
        outline(draw, polygon, GREEN if good else ORANGE, 4)
        text = evaluation.words[j].text
        verdict = f"✓ {text}" if good else tr("✗ read {text}", text=text)
        texts.append((polygon, f"{verdict}  IoU {evaluation.iou[i, j]:.2f}"))
    taken: list[Box] = []
    for polygon, text in texts:
        place = free_place(draw, polygon, text, taken)
        taken.append(label_box(draw, place, text, TEXT_SIZE))
        label(draw, place, text, TEXT_SIZE)
    scores = evaluation.end_to_end if reading else evaluation.detection
    return titled(picture, "", legend(reading)), tr(
        "The photo with {true} true and {found} found words: {matched} count as "
        "correct, {missed} are missed, {false} are false alarms.",
        true=scores.true,
        found=scores.found,
        matched=scores.matched,
        missed=scores.true - len(evaluation.pairs),
        false=scores.found - len(evaluation.pairs),
    )


def free_place(
    draw: ImageDraw.ImageDraw, polygon: np.ndarray, text: str, taken: list[Box]
) -> tuple[float, float]:
    """For a label: above an outline, or below it where other labels are in the way."""
    x, top, bottom = polygon[:, 0].min(), polygon[:, 1].min(), polygon[:, 1].max()
    places = [(x, top - LINE), (x, bottom), (x, top - 2 * LINE), (x, bottom + LINE)]
    for place in places:
        x1, y1, x2, y2 = label_box(draw, place, text, TEXT_SIZE)
        if not any(x1 < right and left < x2 and y1 < low and high < y2 for left, high, right, low in taken):
            return place
    return places[0]


def legend(reading: bool) -> str:
    if reading:
        return tr(
            "dashed: true words, missed ones red. Green: correct, thick orange: read wrongly, "
            "thin orange: false alarm"
        )
    return tr("dashed: true words, missed ones red. Green: correct, thin orange: false alarm")


def dashes(draw: ImageDraw.ImageDraw, points: np.ndarray, colour: tuple, width: int) -> None:
    """A closed dashed line through (P, 2) points."""
    for start, end in zip(points, np.roll(points, -1, 0), strict=True):
        length = float(np.hypot(*(end - start)))
        count = max(1, round(length / 14))
        for k in range(count):
            a, b = start + (end - start) * k / count, start + (end - start) * (k + 0.6) / count
            draw.line([tuple(a), tuple(b)], fill=(*colour, 255), width=width)


def over_thresholds(trace: Trace, lines: str, min_score: float, reading: bool) -> np.ndarray:
    """(len(THRESHOLDS), 3) precision, recall and H-mean at each IoU threshold."""
    true, words = true_words(lines), [word for word in trace.words if word.score >= min_score]
    rows = []
    for threshold in THRESHOLDS:
        if reading:
            end_to_end = EndToEndMetric(min_iou=float(threshold))
            end_to_end.update(true, words)
            scores = end_to_end.summary()
        else:
            detection = DetectionMetric(float(threshold))
            detection.update(true, [word.polygon for word in words])
            scores = detection.summary()
        rows.append((scores.precision, scores.recall, scores.hmean))
    return np.array(rows)


def draw_thresholds(values: np.ndarray, min_iou: float) -> tuple[Image.Image, str]:
    """Curves of `over_thresholds`, the current threshold marked."""
    nearest = int(np.abs(THRESHOLDS - min_iou).argmin())
    picture = curve(
        [(values[:, 0], SKY, 2), (values[:, 1], GREEN, 2), (values[:, 2], ORANGE, 4)],
        THRESHOLDS,
        tr("precision (blue), recall (green), H-mean (orange)"),
        tr("IoU threshold"),
        marker=min_iou,
        marker_text=f"H {values[nearest, 2]:.2f}",
    )
    best = float(values[:, 2].max())
    return picture, tr(
        "H-mean over the IoU threshold: {hmean:.2f} at {threshold:.2f}, at most {best:.2f}.",
        hmean=values[nearest, 2],
        threshold=min_iou,
        best=best,
    )
