"""Every step of Recognition Conversion on one word, channel by channel; and what it does, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import (
    PAPER,
    QUIET,
    SKY,
    colour_bar,
    colourise,
    linked,
    outline,
    tiles,
    titled,
    write,
)
from spotter.explain.charts import bars, nice_top
from spotter.explain.layers import Drawing
from spotter.explain.topics.conversion import word_region_mask
from spotter.explain.word_crop import turn_note, word_photo
from spotter.language import tr
from spotter.ops.roi_affine import points_in_roi
from spotter.tracing.trace_cache import cached

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

CELL = 5  # pixels of a cell; all levels are drawn at one scale, so that they differ in size
CHANNEL_CELL = 3
COLUMNS = 8  # of the channels
LEAST_GAIN = 0.05  # of the ratio, to count as cleaning
CLEAR = 0.02  # a channel whose gate differs less on and around the word does neither open nor close


@dataclass(frozen=True)
class Steps:
    """What Recognition Conversion computed for a word. Lists go from coarse to fine; C channels."""

    a: list[np.ndarray]  # a3, a2, a1, (C, h, w)
    d: list[np.ndarray]  # d1, d2, d3: what the detector says (f_det), before the sigmoid
    gates: list[np.ndarray]  # M1, M2, M3, 0..1
    r: list[np.ndarray]  # r1, r2, r3: what the reader goes on with
    output: np.ndarray  # (C, H, W) after the last convolution
    masked: np.ndarray  # (C, H, W) after two-level attention and maskK: what the reader gets


@dataclass(frozen=True)
class Contrast:
    """The channels of a gate on and around the word."""

    on: np.ndarray  # (C,) mean on the word
    around: np.ndarray  # (C,) mean around it

    @property
    def difference(self) -> np.ndarray:
        """(C,), above 0: the channel lets through more on the word."""
        return self.on - self.around


def convert_word(spotter: Spotter, trace: Trace, word: int) -> Steps:
    """Runs Recognition Conversion of a word again."""
    return cached(trace, ("conversion steps", word), lambda: compute(spotter, trace, word))


def compute(spotter: Spotter, trace: Trace, word: int) -> Steps:
    import torch

    from spotter.explain.topics.windows import autocast
    from spotter.tracing.interventions import word_region
    from spotter.tracing.recorder import Hook, record_activations, single

    gates = [
        Hook(
            f"gate{i}",
            f"conversion.gate{i}",
            lambda inputs, output: (single(inputs[1][0]), single(output[0][0]), single(output[1][0])),
        )
        for i in (1, 2, 3)
    ]
    outputs = [
        Hook(name, module, lambda inputs, output: single(output[0]))
        for name, module in (
            ("a1", "conversion.stem"),
            ("a2", "conversion.down1"),
            ("a3", "conversion.down2"),
            ("output", "conversion.output_block"),
            ("masked", "mask_gate"),
        )
    ]
    regions, cells = word_region(spotter, trace, word)
    with (
        record_activations(spotter.model, [*gates, *outputs]) as found,
        torch.inference_mode(),
        autocast(spotter),
    ):
        spotter.model.gated_features(cells, regions)
    values = {name: recorded[0] for name, recorded in found.items()}
    logits, gated, opened = zip(*(values[f"gate{i}"] for i in (1, 2, 3)), strict=True)
    return Steps(
        a=[values["a3"], values["a2"], values["a1"]],
        d=list(logits),
        gates=list(opened),
        r=list(gated),
        output=values["output"],
        masked=values["masked"],
    )


def energy(features: np.ndarray) -> np.ndarray:
    """(C, h, w) -> (h, w), root mean square over the channels."""
    return np.sqrt(np.square(features).mean(0))


def on_word(trace: Trace, word: int, polygon: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray | None:
    """(h, w) bool of a shape: the word, by its true polygon or maskK; None if it fills all cells or none."""
    mask = Image.fromarray(word_region_mask(trace, word, polygon).astype(np.float32))
    cells = np.asarray(mask.resize((shape[1], shape[0]), Image.Resampling.BOX)) > 0.5
    return None if cells.all() or not cells.any() else cells


def contrast(trace: Trace, word: int, gate: np.ndarray, polygon: np.ndarray | None = None) -> Contrast | None:
    """Of a gate (C, h, w); None if the word fills its crop."""
    mask = on_word(trace, word, polygon, gate.shape[1:])
    return None if mask is None else Contrast(gate[:, mask].mean(1), gate[:, ~mask].mean(1))


def energy_ratios(
    trace: Trace, word: int, steps: Steps, polygon: np.ndarray | None = None
) -> dict[str, float]:
    """Energy on the word / around it: "before" conversion, "after" it, "masked"; {} if it fills its crop."""
    stages = {"before": steps.a[2], "after": steps.output, "masked": steps.masked}
    mask = on_word(trace, word, polygon, steps.output.shape[1:])
    if mask is None:
        return {}
    maps = {name: energy(features) for name, features in stages.items()}
    return {name: float(m[mask].mean() / max(float(m[~mask].mean()), 1e-6)) for name, m in maps.items()}


def draw_steps(
    trace: Trace, word: int, steps: Steps, polygon: np.ndarray | None = None
) -> tuple[Image.Image, str]:
    """a, d, M and r of each level at their sizes, coarse to fine, after the crop that they come from."""
    size = (steps.a[2].shape[2] * CELL, steps.a[2].shape[1] * CELL)
    photo = word_photo(trace, word, size[0]).resize(size, Image.Resampling.BILINEAR)
    if polygon is not None:
        outline(Drawing(photo, "RGBA"), points_in_roi(polygon, trace.rois[word]) * size, SKY, 2)
    note = "; ".join(
        filter(None, [tr("blue: the true outline") if polygon is not None else "", turn_note(trace, word)])
    )
    rows = [tiles([titled(photo, tr("the word's RoI"), note), legend_text(len(steps.a[0]))], 2)]
    for i, name in enumerate(("a3", "a2", "a1")):
        height, width = steps.a[i].shape[1:]
        pictures = [
            (tr("energy"), name, energy(steps.a[i]), None),
            (tr("from the detector"), f"d{i + 1}", steps.d[i].mean(0), "coolwarm"),
            (tr("mean {mean:.2f}", mean=steps.gates[i].mean()), f"M{i + 1}", steps.gates[i].mean(0), "gate"),
            (tr("energy"), f"r{i + 1}", energy(steps.r[i]), None),
        ]
        maps = [
            titled(level_map(values, scale), f"{title}  {height} × {width}", text)
            for text, title, values, scale in pictures
        ]
        rows.append(tiles(maps, 4))
    rows.append(colour_bar("0", "1", tr("M; a and r: up to their largest"), 360))
    means = ", ".join(f"M{i + 1} {gate.mean():.2f}" for i, gate in enumerate(steps.gates))
    return tiles(rows, 1), tr(
        "Recognition Conversion of word {number}, level by level; gates on average: {means}.",
        number=word + 1,
        means=means,
    )


def legend_text(channels: int) -> Image.Image:
    """How to read the rows below it."""
    lines = (
        tr("{channels} channels each, drawn at their sizes.", channels=channels),
        tr("a: what the reader starts from"),
        tr("d: what the detector knows (f_det); red above 0, blue below"),
        tr("M = sigmoid(d): the gate"),
        tr("r = (r before, enlarged, + a) · M"),
    )
    picture = Image.new("RGB", (420, 20 * len(lines) + 6), PAPER)
    draw = Drawing(picture)
    for i, line in enumerate(lines):
        write(draw, (2, 4 + 20 * i), line, 13, QUIET)
    return picture


def level_map(values: np.ndarray, scale: str | None) -> Image.Image:
    """(h, w) at CELL pixels per cell. `scale`: "gate" (0..1), "coolwarm" (both signs) or None (from 0)."""
    if scale == "coolwarm":
        high = float(np.abs(values).max())
        colours = colourise(values, -high, high, scale)
    else:
        colours = colourise(values, 0, 1.0 if scale == "gate" else float(values.max()))
    height, width = values.shape
    picture = Image.fromarray(colours).resize((width * CELL, height * CELL), Image.Resampling.NEAREST)
    return linked(picture, "roi", (1 / width, 1 / height), values=values)


def draw_channels(gate: np.ndarray, found: Contrast | None, name: str) -> tuple[Image.Image, str]:
    """All channels of a gate (C, h, w), those first that are more open on the word than around it."""
    height, width = gate.shape[1:]
    order = np.arange(len(gate)) if found is None else np.argsort(-found.difference, kind="stable")
    pictures = []
    for channel in order:
        colours = Image.fromarray(colourise(gate[channel], 0, 1))
        size = (width * CHANNEL_CELL, height * CHANNEL_CELL)
        picture = colours.resize(size, Image.Resampling.NEAREST)
        linked(picture, "roi", (1 / width, 1 / height), values=gate[channel])
        text = f"{channel}" if found is None else f"{channel}: {found.difference[channel]:+.2f}"
        pictures.append(titled(picture, "", text))
    title = tr("{name}, channel: on the word − around it", name=name)
    bar = colour_bar(tr("0 closed"), tr("1 open"), title, 420)
    if found is None:
        alt = tr("The {number} channels of {name}.", number=len(gate), name=name)
    else:
        alt = tr(
            "The {number} channels of {name}, from {best:+.2f} to {worst:+.2f} on the word against around "
            "it.",
            number=len(gate),
            name=name,
            best=found.difference.max(),
            worst=found.difference.min(),
        )
    return tiles([tiles(pictures, COLUMNS, 6), bar], 1), alt


def draw_energy(ratios: dict[str, float]) -> tuple[Image.Image, str] | None:
    """Bars of `energy_ratios`; None if there are none."""
    if not ratios:
        return None
    names = {"before": tr("before (a1)"), "after": tr("after conversion"), "masked": tr("after maskK")}
    rows, high = [(names[key], value, f"{value:.2f}") for key, value in ratios.items()], max(ratios.values())
    picture = bars(rows, tr("Energy on the word / around it"), high=nice_top(high), strong=1)
    return picture, "; ".join(f"{name}: {text}" for name, _, text in rows) + "."


def summarise(trace: Trace, word: int, steps: Steps, polygon: np.ndarray | None = None) -> str:
    """What the gates and maskK do to this word, in plain sentences that follow the numbers."""
    found, ratios = contrast(trace, word, steps.gates[2], polygon), energy_ratios(trace, word, steps, polygon)
    if found is None or not ratios:
        return tr("The word fills its crop, so there is no background to dim.")
    energies = tr(
        "Energy on the word is {before:.2f} times that around it before conversion, {after:.2f} times after "
        "it, and {masked:.2f} times after maskK.",
        **ratios,
    )
    return f"{describe_contrast(found)} {energies} {verdict(**ratios)}"


def describe_contrast(found: Contrast) -> str:
    """How many channels are more open on the word than around it, and whether their mean is."""
    on, around = float(found.on.mean()), float(found.around.mean())
    numbers = {
        "channels": len(found.on),
        "more": int((found.difference > CLEAR).sum()),
        "fewer": int((found.difference < -CLEAR).sum()),
        "on": on,
        "around": around,
    }
    if on - around > CLEAR:
        return tr(
            "Of {channels} channels of M3, {more} are more open on the word and {fewer} around it; their "
            "mean is more open on the word ({on:.2f}) than around it ({around:.2f}).",
            **numbers,
        )
    if around - on > CLEAR:
        return tr(
            "Of {channels} channels of M3, {more} are more open on the word and {fewer} around it; their "
            "mean is less open on the word ({on:.2f}) than around it ({around:.2f}).",
            **numbers,
        )
    return tr(
        "Of {channels} channels of M3, {more} are more open on the word and {fewer} around it; their "
        "mean is about as open on the word ({on:.2f}) as around it ({around:.2f}).",
        **numbers,
    )


def verdict(before: float, after: float, masked: float) -> str:
    """Which of the two cleans the features of this word; the ratios of `energy_ratios`."""
    gates, mask = after / max(before, 1e-6) > 1 + LEAST_GAIN, masked / max(after, 1e-6) > 1 + LEAST_GAIN
    if gates and mask:
        return tr("So both the gates and maskK dim what is not the word.")
    if gates:
        return tr("So the gates dim what is not the word, and maskK adds nothing.")
    if mask:
        return tr("So it is maskK that dims what is not the word, not the gates.")
    return tr("So neither the gates nor maskK dim what is not the word.")
