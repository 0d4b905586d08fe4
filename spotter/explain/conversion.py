"""Recognition Conversion on one word: its gates as maps, what they let through, and reading without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import blend_map, colour_bar, crop, tiles, titled
from spotter.explain.charts import bars
from spotter.explain.masks import binary_iou
from spotter.explain.proposals import plain

if TYPE_CHECKING:
    from spotter.explain.trace import Trace
    from spotter.predictor import Spotter

WIDTH = 420
MAPS = {
    "photo": "the photo",
    "mask_k": "maskK",
    "m1": "M1",
    "m2": "M2",
    "m3": "M3",
    "converted": "features after conversion",
    "masked": "features the reader gets",
}
PARTS = ("M1", "M2", "M3", "maskK")


@dataclass(frozen=True)
class Leakage:
    """How far a gate tells the word from its surroundings."""

    inside: float  # mean of the gate where maskK says word
    outside: float  # and where it does not
    iou: float  # of the gate's strongest cells, as many as maskK has, with maskK


def resize(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(h, w) -> (height, width) `size`, bilinear."""
    picture = Image.fromarray(values.astype(np.float32))
    return np.asarray(picture.resize((size[1], size[0]), Image.BILINEAR))


def leakage(trace: Trace, word: int, gate: str) -> Leakage | None:
    """`gate`: "m1", "m2" or "m3"; None when maskK fills the box or is empty."""
    values = getattr(trace, gate)[word].astype(np.float32)
    mask = resize(trace.mask_k[word], values.shape) > trace.config.mask_threshold
    if mask.all() or not mask.any():
        return None
    count = int(mask.sum())
    strongest = np.zeros(values.size, bool)
    strongest[np.argsort(-values, axis=None, kind="stable")[:count]] = True
    return Leakage(
        float(values[mask].mean()),
        float(values[~mask].mean()),
        binary_iou(strongest.reshape(mask.shape), mask),
    )


def word_size(trace: Trace, word: int, width: int = WIDTH) -> tuple[int, int]:
    """Width and height the word is drawn with: its own shape within limits."""
    x1, y1, x2, y2 = trace.box(word)
    return width, int(np.clip(width * (y2 - y1) / max(x2 - x1, 1), width * 0.22, width * 0.9))


def draw_map(trace: Trace, word: int, name: str) -> Image.Image:
    """One of MAPS over the word's crop. Gates and maskK share the scale 0..1, energies go from 0 to their
    largest.
    """
    photo = crop(trace.image, trace.box(word), *word_size(trace, word))
    if name == "photo":
        return photo
    values = getattr(trace, name)[word].astype(np.float32)
    high = 1.0 if name in ("mask_k", "m1", "m2", "m3") else float(values.max())
    return blend_map(photo, values, high, 0.8)


def draw_gates(trace: Trace, word: int) -> tuple[Image.Image, str]:
    """All maps side by side with their shapes."""
    channels = trace.roi_features.shape[1]
    pictures, numbers = [], []
    for name, title in MAPS.items():
        shape = trace.roi_features.shape[2:] if name == "photo" else getattr(trace, name).shape[1:]
        note = "cut out by RoIAlign" if name == "photo" else f"{shape[0]} × {shape[1]}"
        if name not in ("photo", "mask_k"):
            note += f" × {channels} channels, " + (
                "mean" if name.startswith("m") and len(name) == 2 else "energy"
            )
        if (leak := leakage(trace, word, name) if name in ("m1", "m2", "m3") else None) is not None:
            note = f"{shape[0]} × {shape[1]}: in {leak.inside:.2f}, out {leak.outside:.2f}"
            numbers.append(f"{title} {leak.inside:.2f} inside, {leak.outside:.2f} outside the word")
        size = word_size(trace, word, 290)
        pictures.append(titled(draw_map(trace, word, name).resize(size, Image.BILINEAR), title, note))
    pictures.append(colour_bar("0", "1 (energy: largest)", "", 290))
    return tiles(pictures, 3), "The gates of Recognition Conversion over the word: " + "; ".join(
        numbers
    ) + "."


def describe_leakage(trace: Trace, word: int) -> str:
    """The formula of each gate with its numbers, Markdown with LaTeX."""
    rows = [
        "| gate | mean inside maskK | mean outside (leaks) | out / in | IoU with maskK |",
        "|---|--:|--:|--:|--:|",
    ]
    for name in ("m1", "m2", "m3"):
        leak = leakage(trace, word, name)
        rows.append(
            f"| {MAPS[name]} | {leak.inside:.3f} | {leak.outside:.3f} | "
            f"{leak.outside / max(leak.inside, 1e-6):.2f} | "
            f"{leak.iou:.2f} |"
            if leak
            else f"| {MAPS[name]} | {getattr(trace, name)[word].mean():.3f} | maskK fills the box | | |"
        )
    formulas = (
        "$$r_1 = a_3 \\odot M_1, \\qquad r_2 = (E_u(r_1) + a_2) \\odot M_2$$\n\n"
        "$$r_3 = (E_u(r_2) + a_1) \\odot M_3, \\qquad M_i = \\sigma(d_i)$$\n\n"
    )
    return formulas + "\n".join(rows)


def read_without(spotter: Spotter, trace: Trace, word: int, kept: set[str]) -> str:
    """Reads the word with some of PARTS left on (`kept`), beside the reading with all; Markdown."""
    from spotter.explain.rereading import GATES, off, reread

    whole = reread(spotter, trace, word)
    other = reread(spotter, trace, word, {gate: off for gate in GATES if gate not in kept}, "maskK" in kept)
    missing = [part for part in PARTS if part not in kept]
    if not missing:
        return (
            f"All on: it reads **{plain(whole.text)}** (−log p = {whole.surprise:.2f}). Switch something off."
        )
    verdict = "the text **changes**" if other.text != whole.text else "the text **stays**"
    return (
        f"Without {', '.join(missing)} {verdict}: **{plain(other.text)}** (−log p = {other.surprise:.2f}); "
        f"with everything: **{plain(whole.text)}** (−log p = {whole.surprise:.2f})."
    )


def gradients(spotter: Spotter, trace: Trace, word: int) -> dict[str, tuple[float, float]]:
    """Length of the recognition loss's gradient at the proposal feature and at the RoI features.

    Key "none": no gate is cut; "all": M1..M3 are, they work but are detached. The loss is −log p of the
    word's own text with its end sign.
    """
    import torch

    from spotter.explain.rereading import GATES, cut, read_changed, word_region

    regions, cells = word_region(spotter, trace, word)
    count = len(trace.words[word].text)
    ids = torch.from_numpy(trace.ids[word].astype(np.int64))[None, : count + 1].to(spotter.device)
    found = {}
    for name, parts in {"none": (), "all": GATES}.items():
        with torch.inference_mode(False), torch.enable_grad():
            related = regions.related.clone().requires_grad_()
            features = cells.clone().requires_grad_()
            inner = type(regions)(**{**vars(regions), "related": related})
            _, reading = read_changed(
                spotter.model, inner, features, {gate: cut for gate in parts}, given=ids
            )
            best = reading.probabilities[0].gather(1, ids[0][:, None])
            loss = -best.clamp(min=1e-8).log().sum()
            wanted = torch.autograd.grad(loss, [related, features], allow_unused=True)
        found[name] = tuple(0.0 if g is None else float(g.norm()) for g in wanted)
    return found


def draw_gradients(found: dict[str, tuple[float, float]]) -> tuple[Image.Image, str]:
    """Bars of the gradient at the proposal feature."""
    names = {"none": "with RC", "all": "gates cut"}
    high = max(max(proposal for proposal, _ in found.values()), 1e-12)
    rows = [(names[key], proposal, f"{proposal:.3g}") for key, (proposal, _) in found.items()]
    picture = bars(rows, "Gradient at the proposal feature", strong=0, high=high)
    return picture, "; ".join(f"{name}: {text}" for name, _, text in rows)


def describe_gradients(found: dict[str, tuple[float, float]]) -> str:
    (proposal, features), (cut_proposal, cut_features) = found["none"], found["all"]
    norm = "\\Big\\lVert \\tfrac{\\partial L_{rec}}{\\partial f} \\Big\\rVert"
    return (
        f"$${norm} = {proposal:.3g}\\ \\text{{with RC}}, "
        f"\\quad {cut_proposal:.3g}\\ \\text{{gates cut}}$$\n\n"
        "The loss of reading reaches the detector's proposal feature $f$ only through the gates. Cut them "
        "(detach) and reading can no longer teach detecting. At the RoI features, which go straight to the "
        f"reader, the gradient is {features:.3g} and {cut_features:.3g}. Its size depends on how "
        "sure the word is: one read with certainty has little left to teach."
    )
