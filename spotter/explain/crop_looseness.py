"""How much both systems lose when crops get looser, so that they include neighbouring words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from spotter.evaluation.metrics import same_text
from spotter.evaluation.two_stage import Strip, installed, read_quads
from spotter.explain.polygon_text import parse_outlines
from spotter.ops.shapes import overlaps

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

FACTORS = np.array([0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0])  # sides of the crop relative to the true rectangle
MIN_IOU = 0.3  # of a predicted word with a true one, to be compared
MAX_WORDS = 16


@dataclass(frozen=True)
class LooseCrop:
    """One crop of a word: the inputs of both recognisers."""

    strip: Strip | None  # None if the crop lies outside the photo, or the pipeline is not installed
    roi: np.ndarray  # (5,) see ops.rois, pixels of `trace.image`
    masked: np.ndarray  # (H, W) float16, energy of the features that our recogniser gets


@dataclass(frozen=True)
class Looseness:
    """Texts of both systems for K words at F factors."""

    texts: list[str]  # (K,) true
    ours: list[list[str]]  # (F, K) of our spotter
    theirs: list[list[str]] | None  # (F, K) of the two-stage pipeline; None if it is not installed
    words: list[int]  # (K,) index into `trace.words`
    crops: list[list[LooseCrop]]  # (F, K)

    def similarity(self, read: list[list[str]]) -> np.ndarray:
        """(F,) mean over the words of 1 − edits / length, ignoring case."""
        pairs = [[(t.casefold(), r.casefold()) for t, r in zip(self.texts, row, strict=True)] for row in read]
        return np.array([np.mean([Levenshtein.normalized_similarity(*p) for p in row]) for row in pairs])

    def exact(self, read: list[list[str]]) -> np.ndarray:
        """(F,) share of words read correctly, as in the evaluation."""
        return np.array([np.mean([same_text(*p) for p in zip(self.texts, row, strict=True)]) for row in read])


def rectangle(polygon: np.ndarray) -> np.ndarray:
    """Minimum-area rectangle of points (P, 2): (4, 2), starting at the corner where the text begins."""
    corners = cv2.boxPoints(cv2.minAreaRect(polygon.astype(np.float32))).astype(np.float64)
    along = polygon[len(polygon) // 2 - 1] - polygon[0]  # from the first point of the upper side to its last
    turns = [np.roll(corners, -k, 0) for k in range(4)]  # boxPoints goes clockwise, y points down
    return max(turns, key=lambda quad: float((quad[1] - quad[0]) @ along))


def loosen(quad: np.ndarray, factor: float) -> np.ndarray:
    """Scales a quadrilateral (4, 2) about its centre."""
    centre = quad.mean(0)
    return centre + (quad - centre) * factor


def roi_around(quad: np.ndarray, angle: float) -> np.ndarray:
    """The smallest RoI (5,) with an angle, in radians, around points (4, 2); see `ops.rois`."""
    import torch

    from spotter.ops.rois import rois_around

    points = torch.from_numpy(np.asarray(quad, np.float64))
    return rois_around(points[None], torch.tensor([angle], dtype=points.dtype))[0, 0].numpy()


def read_crops(
    spotter: Spotter, trace: Trace, words: list[int], rois: np.ndarray
) -> tuple[list[str], np.ndarray]:
    """Our texts of words in other RoIs (K, 5), in pixels of `trace.image`, each with its own maskK.

    Returns the texts and the energy of the recogniser's input, (K, H, W) float16.
    """
    import torch

    from spotter.tracing.recorder import TRACE_HOOKS, record_activations
    from spotter.types import Regions

    if not words:
        return [], trace.masked_energy[:0]
    device = spotter.device
    regions = Regions.from_boxes(
        torch.from_numpy(np.stack([trace.box(w) for w in words])).to(device),
        torch.from_numpy(trace.mask_k[words].astype(np.float32)).to(device),
        torch.from_numpy(trace.attended_features[words]).to(device),
        proposal_index=torch.from_numpy(trace.proposal_index[words]).to(device),
        scores=torch.tensor([trace.words[w].score for w in words], device=device),
        rois=torch.from_numpy(np.asarray(rois, np.float32)).to(device),
    )
    levels = [torch.from_numpy(level[None].astype(np.float32)).to(device) for level in trace.levels]
    with (
        torch.inference_mode(),
        torch.autocast(device.type, torch.bfloat16, enabled=spotter.bfloat16),
        record_activations(
            spotter.model, [hook for hook in TRACE_HOOKS if hook.name == "masked_energy"]
        ) as activations,
    ):
        _, reading = spotter.model.read(levels, regions)
    texts = spotter.decode_texts(reading, torch.arange(len(words), device=device))
    masked = activations["masked_energy"][0]
    return ["".join(character.text for character in characters) for characters in texts], masked


def pair_words(trace: Trace, lines: str) -> list[tuple[str, np.ndarray, int]]:
    """Text and polygon, in pixels of `trace.image`, of each true word that was found, and the index of our
    word.
    """
    true = [(text, polygon) for text, polygon in parse_outlines(lines) if text and text != "###"]
    if not true or not trace.words:
        return []
    iou = overlaps([polygon for _, polygon in true], [word.polygon for word in trace.words]).iou
    found = [
        (text, p / trace.scale, int(row.argmax()), row.max())
        for (text, p), row in zip(true, iou, strict=True)
    ]
    return [(text, polygon, word) for text, polygon, word, best in found if best >= MIN_IOU][:MAX_WORDS]


def measure_looseness(
    spotter: Spotter, trace: Trace, lines: str, progress=lambda _: None
) -> Looseness | None:
    """Texts of both systems, or of ours alone, at all FACTORS; None if none of the true words was found."""
    pairs = pair_words(trace, lines)
    if not pairs:
        return None
    words, both = [word for _, _, word in pairs], installed()
    ours, theirs, crops = [], [], []
    for step, factor in enumerate(FACTORS):
        progress(step / len(FACTORS))
        quads = [loosen(rectangle(polygon), float(factor)) for _, polygon, _ in pairs]
        rois = np.stack([roi_around(q, trace.rois[w, 4]) for q, w in zip(quads, words, strict=True)])
        texts, masked = read_crops(spotter, trace, words, rois)
        strips = read_quads(trace.image, quads) if both else [None] * len(quads)
        ours.append(texts)
        theirs.append([strip.text if strip else "" for strip in strips])
        crops.append([LooseCrop(*parts) for parts in zip(strips, rois, masked, strict=True)])
    return Looseness([text for text, _, _ in pairs], ours, theirs if both else None, words, crops)
