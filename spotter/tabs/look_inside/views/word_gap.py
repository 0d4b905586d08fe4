"""Texts on the gap between two words of a line: whether a receptive field bridges it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spotter.explain import gap_between_words, picked_points
from spotter.explain.gradient_field import Cell, Field, Variant
from spotter.explain.picked_points import Gap
from spotter.explain.topics.receptive_field import SHARES, variant_name
from spotter.language import tr
from spotter.tabs.look_inside.markdown import escape

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

MAX_NAMES = 8  # of words with a gap, in the text


def ask_for_gap(trace: Trace, gap: Gap | None) -> str:
    """The question about the gap between two words of a line, while the cell is elsewhere."""
    if gap is not None:
        return tr(
            "**Does the field bridge the gap?** Choose *gap next to the word* as the cell's point to find "
            "out: the gap to word {other}, on the same line, is {width:.0f} pixels wide.",
            other=gap.other + 1,
            width=gap.width,
        )
    others = [i for i in range(len(trace.words)) if picked_points.nearest_gap(trace, i) is not None]
    if not others:
        return tr("There is no gap to ask about: no two words of this photo stand on one line.")
    names = ", ".join(f"{i + 1} **{escape(trace.words[i].text)}**" for i in others[:MAX_NAMES])
    return tr(
        "There is no gap to ask about: no other word stands on the line of this one. "
        "Words with a neighbour on their line: {names}.",
        names=names,
    )


def describe_gap(
    trace: Trace,
    level: int,
    cell: Cell,
    fields: Sequence[Field],
    variants: Sequence[Variant],
    word: int,
    gap: Gap,
) -> str:
    """Whether the field of a cell in the gap reaches both words. Markdown."""
    words = (word, gap.other)
    names = [escape(trace.words[w].text) for w in words]
    needed = gap_between_words.needed_side(trace, level, cell, words)
    question = tr(
        "**Does the field bridge the gap?** The gap between **{one}** (word {number}) and "
        "**{other}** (word {other_number}) is {width:.0f} pixels wide; a square of {needed} pixels "
        "around the cell touches both words.",
        one=names[0],
        number=word + 1,
        other=names[1],
        other_number=gap.other + 1,
        width=gap.width,
        needed=needed,
    )
    lines = []
    for field, variant in zip(fields, variants, strict=True):
        inner, outer = (field.side(share) for share in SHARES)
        if inner >= needed:
            answer = tr("yes, its 50 % square touches both")
        elif outer >= needed:
            answer = tr("only faintly: its 50 % square does not touch both, its 99 % square does")
        else:
            answer = tr("no, not even its 99 % square touches both")
        first, second = (field.share_in(gap_between_words.word_mask(trace, w)) for w in words)
        found = tr(
            "{variant}: {answer} ({inner} and {outer} pixels); {first:.1%} of the gradient "
            "lies on the first word, {second:.1%} on the second.",
            variant=variant_name(variant),
            answer=answer,
            inner=inner,
            outer=outer,
            first=first,
            second=second,
        )
        lines.append(f"- {found}")
    return question + "\n\n" + "\n".join(lines)
