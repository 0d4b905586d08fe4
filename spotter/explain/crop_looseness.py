"""How much both ways lose when the words are cut out ever more loosely, so that neighbours are in the cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from spotter.evaluation.metrics import overlaps, same_text
from spotter.evaluation.two_stage import Strip, read_quads
from spotter.explain.polygon_text import parse_outlines

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

FACTORS = np.array([0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0])  # sides of the cut, parts of the true rectangle's
LEAST_IOU = 0.3  # of a word of ours with a true one, to be asked what it reads there
MOST_WORDS = 16


@dataclass(frozen=True)
class Cut:
    """One word cut out one way: what either reader gets."""

    strip: Strip | None  # None where the cut lies outside the photo
    roi: np.ndarray  # (5,) see model.rotated_roi, pixels of `trace.image`
    masked: np.ndarray  # (H, W) float16, energy of the features our reader gets


@dataclass(frozen=True)
class Looseness:
    """What both read when the K words are cut out ever more loosely, F factors."""

    texts: list[str]  # (K,) true
    ours: list[list[str]]  # (F, K)
    theirs: list[list[str]]  # (F, K)
    words: list[int]  # (K,) ours there, index into `trace.words`
    cuts: list[list[Cut]]  # (F, K)

    def similarity(self, read: list[list[str]]) -> np.ndarray:
        """(F,) mean over the words of 1 − edits / length, case left out of account."""
        pairs = [[(t.casefold(), r.casefold()) for t, r in zip(self.texts, row, strict=True)] for row in read]
        return np.array([np.mean([Levenshtein.normalized_similarity(*p) for p in row]) for row in pairs])

    def exact(self, read: list[list[str]]) -> np.ndarray:
        """(F,) part of the words read rightly, as evaluation counts them."""
        return np.array([np.mean([same_text(*p) for p in zip(self.texts, row, strict=True)]) for row in read])


def rectangle(polygon: np.ndarray) -> np.ndarray:
    """The smallest rectangle around (P, 2) points: (4, 2) from the corner where the text begins."""
    corners = cv2.boxPoints(cv2.minAreaRect(polygon.astype(np.float32))).astype(np.float64)
    along = polygon[len(polygon) // 2 - 1] - polygon[0]  # from the first point of the upper side to its last
    turns = [np.roll(corners, -k, 0) for k in range(4)]  # boxPoints goes clockwise, y points down
    return max(turns, key=lambda quad: float((quad[1] - quad[0]) @ along))


def loosen(quad: np.ndarray, factor: float) -> np.ndarray:
    """(4, 2) enlarged about its centre."""
    centre = quad.mean(0)
    return centre + (quad - centre) * factor


def roi_around(quad: np.ndarray, angle: float) -> np.ndarray:
    """The smallest RoI (5,) of an angle around (4, 2) points; see `model.rotated_roi`."""
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])  # rows: along, across
    low, high = (quad @ axes.T).min(0), (quad @ axes.T).max(0)
    return np.concatenate([(low + high) / 2 @ axes, high - low, [angle]])


def read_cuts(
    spotter: Spotter, trace: Trace, words: list[int], rois: np.ndarray
) -> tuple[list[str], np.ndarray]:
    """Ours reads each word in another RoI, (K, 5) in pixels of `trace.image`, with its own maskK.

    Returns the texts, and the energy of the features that the reader got, (K, H, W) float16.
    """
    import torch

    from spotter.tracing.trace import TAPS, tapped
    from spotter.types import Regions

    if not words:
        return [], trace.masked[:0]
    device = spotter.device
    regions = Regions(
        image_index=torch.zeros(len(words), dtype=torch.long, device=device),
        proposal_index=torch.from_numpy(trace.proposal[words]).to(device),
        scores=torch.tensor([trace.words[w].score for w in words], device=device),
        boxes=torch.from_numpy(np.stack([trace.box(w) for w in words])).to(device),
        mask_k=torch.from_numpy(trace.mask_k[words].astype(np.float32)).to(device),
        related=torch.from_numpy(trace.related[words]).to(device),
        rois=torch.from_numpy(np.asarray(rois, np.float32)).to(device),
    )
    levels = [torch.from_numpy(level[None].astype(np.float32)).to(device) for level in trace.levels]
    with (
        torch.inference_mode(),
        torch.autocast(device.type, torch.bfloat16, enabled=spotter.bfloat16),
        tapped(spotter.model, [tap for tap in TAPS if tap.name == "masked"]) as seen,
    ):
        _, reading = spotter.model.read(levels, regions)
    texts = spotter.texts(reading, torch.arange(len(words), device=device))
    return ["".join(character.text for character in characters) for characters in texts], seen["masked"][0]


def pair_words(trace: Trace, lines: str) -> list[tuple[str, np.ndarray, int]]:
    """True text, true polygon in pixels of `trace.image`, and our word there, for words we have found."""
    true = [(text, polygon) for text, polygon in parse_outlines(lines) if text and text != "###"]
    if not true or not trace.words:
        return []
    overlap, union, _ = overlaps([polygon for _, polygon in true], [word.polygon for word in trace.words])
    iou = overlap / np.maximum(union, 1e-9)
    found = [
        (text, p / trace.scale, int(row.argmax()), row.max())
        for (text, p), row in zip(true, iou, strict=True)
    ]
    return [(text, polygon, word) for text, polygon, word, best in found if best >= LEAST_IOU][:MOST_WORDS]


def measure_looseness(
    spotter: Spotter, trace: Trace, lines: str, progress=lambda _: None
) -> Looseness | None:
    """Reads the words both ways at all FACTORS; None when none of the true words was found by ours."""
    pairs = pair_words(trace, lines)
    if not pairs:
        return None
    words = [word for _, _, word in pairs]
    ours, theirs, cuts = [], [], []
    for step, factor in enumerate(FACTORS):
        progress(step / len(FACTORS))
        quads = [loosen(rectangle(polygon), float(factor)) for _, polygon, _ in pairs]
        rois = np.stack([roi_around(q, trace.rois[w, 4]) for q, w in zip(quads, words, strict=True)])
        texts, masked = read_cuts(spotter, trace, words, rois)
        strips = read_quads(trace.image, quads)
        ours.append(texts)
        theirs.append([strip.text if strip else "" for strip in strips])
        cuts.append([Cut(*parts) for parts in zip(strips, rois, masked, strict=True)])
    return Looseness([text for text, _, _ in pairs], ours, theirs, words, cuts)
