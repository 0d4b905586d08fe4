"""Two sets of weights on one photo: their pictures of the same word side by side, and what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import LABEL_SIZE, PAPER, linked, paste, tiles, titled, write
from spotter.explain.layers import Drawing
from spotter.explain.topics import conversion, reading, stages, two_level
from spotter.explain.topics.conversion import draw_map, map_title
from spotter.explain.topics.conversion_steps import on_word
from spotter.explain.topics.proposals import proposal_of
from spotter.explain.word_crop import turn_note
from spotter.language import tr
from spotter.ops.boxes import box_iou
from spotter.ops.shapes import overlaps

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

SAME_WORD = 0.5  # least IoU of two outlines of one word
SETTLED = 0.9  # IoU of a box with its final one, from which it counts as found
WIDTH = 420  # pixels of one of the two pictures
NAME_HEIGHT = 32  # pixels
MAPS = ("photo", *conversion.GATE_MAPS, "mask_k", "masked_energy")
ALIKE = 0.1  # ratios that differ by less, relative to the first, count as equal


@dataclass(frozen=True)
class Pair:
    """Two traces of a photo and the word that is followed; None: not found, or no word on the photo."""

    first: Trace
    second: Trace
    names: tuple[str, str]  # of the weights
    word: int | None
    second_word: int | None

    @classmethod
    def of(cls, first: Trace, second: Trace, names: tuple[str, str], word: int | None) -> Pair:
        return cls(first, second, names, word, None if word is None else same_word(first, word, second))

    @property
    def sides(self) -> list[tuple[Trace, int]]:
        """Each trace that has the word, with its index."""
        both = ((self.first, self.word), (self.second, self.second_word))
        return [(trace, word) for trace, word in both if word is not None]


def same_word(first: Trace, word: int, second: Trace) -> int | None:
    """The word of the second trace whose outline overlaps that of a word of the first most."""
    if not second.words:
        return None
    outlines = [other.polygon for other in second.words]
    iou = overlaps([first.words[word].polygon], outlines).iou[0]
    return int(iou.argmax()) if iou.max() >= SAME_WORD else None


def side_by_side(names: Sequence[str], drawn: Sequence[tuple[Image.Image, str]]) -> tuple[Image.Image, str]:
    """Pictures with their alternative texts, each under its name."""
    pictures = []
    for name, (picture, _) in zip(names, drawn, strict=False):
        named = Image.new("RGB", (max(picture.width, WIDTH), picture.height + NAME_HEIGHT), PAPER)
        write(Drawing(named), (2, 2), name, LABEL_SIZE)
        paste(named, picture, 0, NAME_HEIGHT)
        pictures.append(named)
    alt = " ".join(f"{name}: {text}" for name, (_, text) in zip(names, drawn, strict=False))
    return tiles(pictures, len(pictures)), alt


def not_found(pair: Pair) -> str:
    return tr("{name} finds no word here.", name=pair.names[1])


# The stages


def second_proposal(pair: Pair, proposal: int) -> int | None:
    """That of the same word, if the proposal is the word's; otherwise the one that starts where it does."""
    if pair.word is not None and proposal == proposal_of(pair.first, pair.word):
        return None if pair.second_word is None else proposal_of(pair.second, pair.second_word)
    return proposal if pair.first.boxes.shape[1] == pair.second.boxes.shape[1] else None


def settled_at(trace: Trace, proposal: int) -> int:
    """The first stage whose box overlaps the final one with an IoU of at least SETTLED."""
    iou = stages.iou_with_final(trace, np.array([proposal]))[:, 0]
    return int((iou >= SETTLED).argmax())


def draw_stages(pair: Pair, proposal: int, stage: int, show: frozenset[str]) -> tuple[Image.Image, str]:
    drawn = [stages.draw_stage(pair.first, proposal, stage, show, WIDTH)]
    other = second_proposal(pair, proposal)
    if other is not None:
        last = min(stage, len(pair.second.scores))
        drawn.append(stages.draw_stage(pair.second, other, last, show, WIDTH))
    return side_by_side(pair.names, drawn)


def compare_stages(pair: Pair, proposal: int) -> str:
    other = second_proposal(pair, proposal)
    if other is None:
        return not_found(pair)
    final = pair.first.boxes[-1, proposal], pair.second.boxes[-1, other]
    boxes = [
        box.astype(float) * np.tile(trace.scale, 2)
        for box, trace in zip(final, (pair.first, pair.second), strict=True)
    ]
    numbers = {
        "first": pair.names[0],
        "second": pair.names[1],
        "stage": settled_at(pair.first, proposal),
        "second_stage": settled_at(pair.second, other),
        "score": pair.first.scores[-1, proposal],
        "second_score": pair.second.scores[-1, other],
        "iou": float(box_iou(boxes[0][None], boxes[1][None])[0]),
    }
    return tr(
        "{first} has found this box (IoU with its final one at least 0.9) at stage {stage} and gives it the "
        "score {score:.2f}, {second} at stage {second_stage} and {second_score:.2f}; their final boxes have "
        "an IoU of {iou:.2f}.",
        **numbers,
    )


# Recognition Conversion


def draw_gates(trace: Trace, word: int) -> tuple[Image.Image, str]:
    """The crop of a word under each gate's mean, maskK, and the energy that the reader gets."""
    pictures = []
    for name in MAPS:
        picture = draw_map(trace, word, name).resize((WIDTH, round(WIDTH * 0.25)))
        if name not in ("photo", "mask_k"):
            values = getattr(trace, name)[word].astype(np.float32)
            linked(picture, "roi", (1 / values.shape[1], 1 / values.shape[0]), values=values)
        else:
            linked(picture, "roi")
        pictures.append(titled(picture, "", map_title(name)))
    means = ", ".join(
        f"{name.upper()} {getattr(trace, name)[word].mean():.2f}" for name in conversion.GATE_MAPS
    )
    picture = tiles(pictures, 1, 4)
    return titled(picture, "", turn_note(trace, word)), means


def draw_conversion(pair: Pair) -> tuple[Image.Image, str]:
    return side_by_side(pair.names, [draw_gates(trace, word) for trace, word in pair.sides])


def cleaning(trace: Trace, word: int, polygon: np.ndarray | None) -> float | None:
    """How many times as strong the features that the reader gets are on the word as around it."""
    energy = trace.masked_energy[word].astype(np.float32)
    mask = on_word(trace, word, polygon, energy.shape)
    return None if mask is None else float(energy[mask].mean() / max(float(energy[~mask].mean()), 1e-6))


def compare_conversion(pair: Pair, truth: str) -> str:
    """truth: the true words, one per line; a word that is not among them is outlined by its maskK instead."""
    if pair.word is None or pair.second_word is None:
        return not_found(pair)
    sides = [(trace, word, conversion.true_polygon(trace, word, truth)) for trace, word in pair.sides]
    leaks = [conversion.leakage(trace, word, "m3", polygon) for trace, word, polygon in sides]
    ratios = [cleaning(trace, word, polygon) for trace, word, polygon in sides]
    if leaks[0] is None or leaks[1] is None or ratios[0] is None or ratios[1] is None:
        return tr("The word fills its crop with one of them: nothing around it to compare.")
    first, second = pair.names
    gates = tr(
        "M3 lets through {on:.2f} on the word and {around:.2f} around it with {first}, {second_on:.2f} and "
        "{second_around:.2f} with {second}; what the reader gets is {ratio:.1f} times as strong on the word "
        "as around it with {first}, {second_ratio:.1f} times with {second}.",
        first=first,
        second=second,
        on=leaks[0].inside,
        around=leaks[0].outside,
        second_on=leaks[1].inside,
        second_around=leaks[1].outside,
        ratio=ratios[0],
        second_ratio=ratios[1],
    )
    if abs(ratios[1] / ratios[0] - 1) <= ALIKE:
        return f"{gates} " + tr("Both clean this word about as well.")
    name = first if ratios[0] > ratios[1] else second
    return f"{gates} " + tr("{name} cleans this word better.", name=name)


# Two-level attention


def draw_attention(pair: Pair, block: int, cell: int) -> tuple[Image.Image, str]:
    drawn = []
    for trace, word in pair.sides:
        picture, query = two_level.draw_density(trace, word, block_of(trace, block), cell, WIDTH)
        drawn.append((picture, f"{query.coarse.sum():.2f}"))
    return side_by_side(pair.names, drawn)


def block_of(trace: Trace, block: int) -> int:
    return min(block, trace.two_level_attention.shape[1] - 1)


def compare_attention(pair: Pair, block: int, cell: int) -> str:
    if pair.word is None or pair.second_word is None:
        return not_found(pair)
    one, other = (two_level.query_at(trace, word, block_of(trace, block), cell) for trace, word in pair.sides)
    return tr(
        "Of the attention of this cell, {first} gives {coarse:.0%} to the coarse keys and {second} "
        "{second_coarse:.0%}; it is spread over as many keys as {keys:.1f} and {second_keys:.1f} equal ones.",
        first=pair.names[0],
        second=pair.names[1],
        coarse=one.coarse.sum(),
        second_coarse=other.coarse.sum(),
        keys=one.effective_keys,
        second_keys=other.effective_keys,
    )


# Letter by letter


def draw_reading(pair: Pair, step: int) -> tuple[Image.Image, str]:
    drawn = [
        reading.draw_attention(trace, word, min(step, reading.step_count(trace, word) - 1), WIDTH)
        for trace, word in pair.sides
    ]
    return side_by_side(pair.names, drawn)


def compare_reading(pair: Pair) -> str:
    """What both read. Plain text."""
    if pair.word is None or pair.second_word is None:
        return not_found(pair)
    one, other = pair.first.words[pair.word], pair.second.words[pair.second_word]
    values = {
        "first": pair.names[0],
        "second": pair.names[1],
        "text": one.text or tr("(no text)"),
        "second_text": other.text or tr("(no text)"),
        "score": one.reading_score,
        "second_score": other.reading_score,
    }
    if one.text == other.text:
        return tr(
            "Both read {text}: {first} with a reading score of {score:.2f}, {second} with "
            "{second_score:.2f}.",
            **values,
        )
    letters = zip(f"{one.text}\0", f"{other.text}\0", strict=False)
    values["position"] = next(i for i, (a, b) in enumerate(letters, start=1) if a != b)
    return tr(
        "{first} reads {text} ({score:.2f}), {second} {second_text} ({second_score:.2f}); they part at "
        "character {position}.",
        **values,
    )
