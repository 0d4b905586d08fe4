"""Recognition Conversion on one word: its gates as maps, what they let through, and their gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import blend_map
from spotter.explain.charts import bars
from spotter.explain.polygon_text import parse_outlines, show_outline
from spotter.explain.word_crop import word_mask, word_photo
from spotter.language import tr
from spotter.ops.polygons import mask_iou, rasterise
from spotter.ops.roi_affine import points_in_roi

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

WIDTH = 420  # pixels of a map
MIN_IOU = 0.3  # of a word with the true polygon that is taken for its own
GATE_MAPS = ("m1", "m2", "m3")
MAPS = ("photo", "mask_k", *GATE_MAPS, "conversion_energy", "masked_energy")
PARTS = ("M1", "M2", "M3", "maskK")


@dataclass(frozen=True)
class Leakage:
    """How well a gate separates the word from its surroundings, given a mask of the word."""

    inside: float  # mean of the gate on the word
    outside: float  # mean on the background around it: what leaks
    iou: float  # of the mask with as many of the gate's strongest cells


def map_title(name: str) -> str:
    """Of one of MAPS, in the current language."""
    titles = {
        "photo": tr("the photo"),
        "mask_k": "maskK",
        "conversion_energy": tr("features after conversion"),
        "masked_energy": tr("features the reader gets"),
    }
    return titles.get(name) or name.upper()


def true_polygon(trace: Trace, word: int, truth: str) -> np.ndarray | None:
    """The true outline (P, 2) of a word in pixels of `trace.image`; `truth`: lines of true words.

    None if no true word overlaps it by MIN_IOU, or if its line is the network's own, uncorrected outline.
    """
    from spotter.ops.shapes import overlaps

    own = show_outline(np.asarray(trace.words[word].polygon))
    true = [polygon for _, polygon in parse_outlines(truth)]
    if not true:
        return None
    iou = overlaps(true, [trace.words[word].polygon]).iou[:, 0]
    best = int(iou.argmax())
    if iou[best] < MIN_IOU or show_outline(true[best]) == own:
        return None
    return true[best] / trace.scale


def word_region_mask(trace: Trace, word: int, polygon: np.ndarray | None) -> np.ndarray:
    """(s, s) bool over the word's RoI at the resolution of maskK: inside the true polygon, or by maskK."""
    if polygon is not None:
        points = points_in_roi(polygon, trace.rois[word])
        return rasterise(points, np.array([0, 0, 1, 1]), trace.mask_k.shape[-1]).astype(bool)
    return word_mask(trace, word) > trace.config.mask_threshold


def leakage(trace: Trace, word: int, gate: str, polygon: np.ndarray | None = None) -> Leakage | None:
    """`gate`: one of GATE_MAPS; `polygon`: as of `true_polygon`. None if the word fills its RoI or covers no
    cell.
    """
    mask = word_region_mask(trace, word, polygon)
    if mask.all() or not mask.any():
        return None
    cells = Image.fromarray(getattr(trace, gate)[word].astype(np.float32))
    values = np.asarray(cells.resize(mask.shape[::-1], Image.Resampling.BOX))  # no interpolation
    count = int(mask.sum())
    strongest = np.zeros(values.size, bool)
    strongest[np.argsort(-values, axis=None, kind="stable")[:count]] = True
    return Leakage(
        float(values[mask].mean()),
        float(values[~mask].mean()),
        float(mask_iou(strongest.reshape(mask.shape), mask)),
    )


def draw_map(trace: Trace, word: int, name: str) -> Image.Image:
    """One of MAPS over the word's crop. Gates and maskK share the scale 0..1, energies are scaled by their
    maximum.
    """
    photo = word_photo(trace, word, WIDTH)
    if name == "photo":
        return photo
    values = (word_mask(trace, word) if name == "mask_k" else getattr(trace, name)[word]).astype(np.float32)
    high = 1.0 if name in ("mask_k", "m1", "m2", "m3") else float(values.max())
    return blend_map(photo, values, high, 0.8)


def gradients(spotter: Spotter, trace: Trace, word: int) -> dict[str, tuple[float, float]]:
    """Norm of the recognition loss's gradient at the proposal feature and at the RoI features.

    Key "none": no gate is detached; "all": M1..M3 are. The loss is −log p of the word's own text and end
    sign.
    """
    import torch

    from spotter.tracing.interventions import GATES, gate_detached, read_with, word_region

    regions, cells = word_region(spotter, trace, word)
    count = len(trace.words[word].text)
    ids = torch.from_numpy(trace.ids[word].astype(np.int64))[None, : count + 1].to(spotter.device)
    norms = {}
    for name, parts in {"none": (), "all": GATES}.items():
        with torch.inference_mode(False), torch.enable_grad():
            related = regions.attended_features.clone().requires_grad_()
            features = cells.clone().requires_grad_()
            inner = type(regions)(**{**vars(regions), "attended_features": related})
            reading = read_with(spotter.model, inner, features, map(gate_detached, parts), given=ids)
            best = reading.probabilities[0].gather(1, ids[0][:, None])
            loss = -best.clamp(min=1e-8).log().sum()
            wanted = torch.autograd.grad(loss, [related, features], allow_unused=True)
        proposal, roi = (0.0 if g is None else float(g.norm()) for g in wanted)
        norms[name] = proposal, roi
    return norms


def draw_gradients(norms: dict[str, tuple[float, float]]) -> tuple[Image.Image, str]:
    """Bars of the gradient at the proposal feature, from `gradients`."""
    names = {"none": tr("with RC"), "all": tr("gates detached")}
    high = max(max(proposal for proposal, _ in norms.values()), 1e-12)
    rows = [(names[key], proposal, f"{proposal:.3g}") for key, (proposal, _) in norms.items()]
    picture = bars(rows, tr("Gradient at the proposal feature"), strong=0, high=high)
    return picture, "; ".join(f"{name}: {text}" for name, _, text in rows)
