"""Recognition Conversion on one word: its gates as maps, what they let through, and reading without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from spotter.explain.canvas import SKY, blend_map, colour_bar, outline, tiles, titled
from spotter.explain.charts import bars
from spotter.explain.polygon_text import parse_outlines, show_outline
from spotter.explain.topics.masks import binary_iou
from spotter.explain.topics.proposals import plain
from spotter.explain.word_crop import over_roi, turn_note, word_mask, word_photo, word_size
from spotter.ops.polygons import rasterise

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

WIDTH = 420
TILE = 250  # pixels a map is wide among the others
LEAST_IOU = 0.3  # of a word with a true polygon, to be compared with it
GATE_MAPS = ("m1", "m2", "m3")
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
    """How far a gate tells the word from its surroundings, by a mask that says where the word is."""

    inside: float  # mean of the gate on the word
    outside: float  # and on the background around it: what leaks
    iou: float  # of the gate's strongest cells, as many as the mask has, with the mask


def true_polygon(trace: Trace, word: int, truth: str) -> np.ndarray | None:
    """The outline (P, 2), in pixels of `trace.image`, that the lines of true words give the word.

    None when no true word overlaps it by LEAST_IOU, or when the line is the network's own outline, which
    nobody has corrected.
    """
    from spotter.evaluation.metrics import overlaps

    own = show_outline(np.asarray(trace.words[word].polygon))
    true = [polygon for _, polygon in parse_outlines(truth)]
    if not true:
        return None
    overlap, union, _ = overlaps(true, [trace.words[word].polygon])
    iou = (overlap / np.maximum(union, 1e-9))[:, 0]
    best = int(iou.argmax())
    if iou[best] < LEAST_IOU or show_outline(true[best]) == own:
        return None
    return true[best] / trace.scale


def where_word_is(trace: Trace, word: int, polygon: np.ndarray | None) -> np.ndarray:
    """(s, s) bool over the word's RoI, as fine as maskK: inside a true polygon; without one, by maskK."""
    if polygon is not None:
        points = over_roi(polygon, trace.rois[word])
        return rasterise(points, np.array([0, 0, 1, 1]), trace.mask_k.shape[-1]).astype(bool)
    return word_mask(trace, word) > trace.config.mask_threshold


def leakage(trace: Trace, word: int, gate: str, polygon: np.ndarray | None = None) -> Leakage | None:
    """`gate`: one of GATE_MAPS; `polygon`: of `true_polygon`. None when the word fills its RoI, or has no
    cell.
    """
    mask = where_word_is(trace, word, polygon)
    if mask.all() or not mask.any():
        return None
    cells = Image.fromarray(getattr(trace, gate)[word].astype(np.float32))
    values = np.asarray(cells.resize(mask.shape[::-1], Image.BOX))  # cells stay cells, as with maskK's
    count = int(mask.sum())
    strongest = np.zeros(values.size, bool)
    strongest[np.argsort(-values, axis=None, kind="stable")[:count]] = True
    return Leakage(
        float(values[mask].mean()),
        float(values[~mask].mean()),
        binary_iou(strongest.reshape(mask.shape), mask),
    )


def draw_map(trace: Trace, word: int, name: str) -> Image.Image:
    """One of MAPS over the word's crop. Gates and maskK share the scale 0..1, energies go from 0 to their
    largest.
    """
    photo = word_photo(trace, word, WIDTH)
    if name == "photo":
        return photo
    values = (word_mask(trace, word) if name == "mask_k" else getattr(trace, name)[word]).astype(np.float32)
    high = 1.0 if name in ("mask_k", "m1", "m2", "m3") else float(values.max())
    return blend_map(photo, values, high, 0.8)


def draw_gates(trace: Trace, word: int, truth: str = "", columns: int = 2) -> tuple[Image.Image, str]:
    """All maps side by side with their shapes; `truth`: lines of true words, the word's is outlined."""
    channels = trace.roi_features.shape[1]
    polygon = true_polygon(trace, word, truth)
    pictures, numbers = [], []
    for name, title in MAPS.items():
        shape = trace.roi_features.shape[2:] if name == "photo" else getattr(trace, name).shape[1:]
        cut = "cut out by RoIAlign" + (", turned (see below)" if turn_note(trace, word) else "")
        note = cut if name == "photo" else f"{shape[0]} × {shape[1]}"
        if name not in ("photo", "mask_k"):
            note += f" × {channels} channels, " + (
                "mean" if name.startswith("m") and len(name) == 2 else "energy"
            )
        if name in GATE_MAPS:
            leak = leakage(trace, word, name, polygon)
            mean = f"{getattr(trace, name)[word].mean(dtype=np.float32):.2f}"
            numbers.append(
                f"{title} {mean} on average"
                if leak is None
                else f"{title} {leak.inside:.2f} on the word, {leak.outside:.2f} beside it"
            )
            means = f"mean {mean}" if leak is None else f"word {leak.inside:.2f}, beside {leak.outside:.2f}"
            note = f"{shape[0]} × {shape[1]}: {means}"
        size = word_size(trace, word, TILE)
        picture = draw_map(trace, word, name).resize(size, Image.BILINEAR)
        if name == "photo" and polygon is not None:
            draw = ImageDraw.Draw(picture, "RGBA")
            outline(draw, over_roi(polygon, trace.rois[word]) * size, SKY, 2)
            note = "blue: the true outline"
        pictures.append(titled(picture, title, note))
    pictures.append(colour_bar("0", "1 (energy: largest)", "", TILE))
    return tiles(
        pictures, columns
    ), f"The gates of Recognition Conversion over the word: {'; '.join(numbers)}."


def describe_leakage(trace: Trace, word: int, truth: str = "") -> str:
    """The formula of each gate and how far it leaks, Markdown with LaTeX; `truth`: lines of true words."""
    polygon = true_polygon(trace, word, truth)
    leaks = {name: leakage(trace, word, name, polygon) for name in GATE_MAPS}
    by = "its true outline" if polygon is not None else "maskK"
    if None in leaks.values():
        where = (
            f"**No background to leak onto:** by {by} the word fills what is cut out. Pick a curved word, "
            "or write the word's true outline under the photo."
        )
    else:
        rows = [
            f"| gate | mean on the word | mean beside it (leaks) | beside / on | IoU with {by} |",
            "|---|--:|--:|--:|--:|",
        ]
        rows += [
            f"| {MAPS[name]} | {leak.inside:.3f} | {leak.outside:.3f} | "
            f"{leak.outside / max(leak.inside, 1e-6):.2f} | {leak.iou:.2f} |"
            for name, leak in leaks.items()
        ]
        chance = float(where_word_is(trace, word, polygon).mean())
        more = " (its true outline can be written under the photo)" if polygon is None else ""
        where = "\n".join(rows) + (
            f"\n\nBy {by}{more} the word is {chance:.0%} of what is cut out. The IoU is that of the gate's "
            "strongest cells, as many as the word has; cells picked blindly have "
            f"{chance / (2 - chance):.2f}."
        )
    formulas = (
        "$$r_1 = a_3 \\odot M_1, \\qquad r_2 = (E_u(r_1) + a_2) \\odot M_2$$\n\n"
        "$$r_3 = (E_u(r_2) + a_1) \\odot M_3, \\qquad M_i = \\sigma(d_i)$$\n\n"
    )
    note = turn_note(trace, word)
    return formulas + where + (f"\n\nAll maps are {note}." if note else "")


def read_without(spotter: Spotter, trace: Trace, word: int, kept: set[str]) -> str:
    """Reads the word with some of PARTS left on (`kept`), beside the reading with all; Markdown."""
    from spotter.explain.interventions import GATES, off, reread

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

    from spotter.explain.interventions import GATES, cut, read_changed, word_region

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
