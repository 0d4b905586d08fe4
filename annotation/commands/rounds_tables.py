"""What the commands show of a round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from annotation.commands.terminal import aligned, printable, tab_separated
from annotation.rounds.records import CHANGE_KINDS, Interval, RegionChange, Round

FIGURES = (  # name, attribute of Verdict, attribute of Figures
    ("hold-out, end-to-end H", "", "end_to_end"),
    ("hold-out, detection H", "", "detection"),
    ("rendered, end-to-end H", "rendered_", "end_to_end"),
    ("rendered, detection H", "rendered_", "detection"),
)


def round_lines(one: Round) -> Iterator[str]:
    """The round, what it learnt from, and its figures."""
    yield printable(f"{one.name} of {one.project}: {one.state}{', served' if one.served else ''}")
    yield printable(f"{one.photos} photos, {one.words} words, {one.minutes:g} minutes. {one.reason}")
    if one.message:
        yield printable(one.message)
    if one.promoted:
        reason = f": {one.promoted_reason}" if one.promoted_reason else ""
        yield printable(f"promoted by {one.promoted_by}{reason}")
    if one.weights is not None:
        yield f"weights: {one.weights}, from {one.parent}"
    if one.verdict is None:
        return
    yield ""
    rows = [
        (
            name,
            _interval(getattr(getattr(one.verdict, f"{where}before"), kind)),
            _interval(getattr(getattr(one.verdict, f"{where}after"), kind)),
        )
        for name, where, kind in FIGURES
    ]
    yield from aligned(("", "before", "after"), rows, names=1)
    yield ""
    yield ", ".join(f"{kind}: {one.verdict.counts.get(kind, 0)}" for kind in CHANGE_KINDS)


def change_lines(changes: Sequence[RegionChange], names: Mapping[int, str]) -> Iterator[str]:
    """Kind, photo, true text, text before and after; `names`: of photos by their ids."""
    if changes:
        yield ""
        yield tab_separated("change", "photo", "true", "before", "after")
    for change in sorted(changes, key=lambda change: CHANGE_KINDS.index(change.kind)):
        photo = names.get(change.image_id, "(deleted)")
        yield tab_separated(change.kind, photo, change.truth, change.before or "", change.after or "")


def figure_table(rounds: Sequence[Round]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows: what the rounds were before, and each after."""
    rows = [
        [name, *(_interval(getattr(getattr(one.verdict, f"{where}after"), kind)) for one in rounds)]
        for name, where, kind in FIGURES
    ]
    rows.append(
        ["difference from its parent", *(_interval(one.verdict.difference) for one in rounds if one.verdict)]
    )
    for kind in CHANGE_KINDS:
        rows.append([kind, *(str(one.verdict.counts.get(kind, 0)) for one in rounds if one.verdict)])
    return ["", *(one.name for one in rounds)], rows


def _interval(interval: Interval) -> str:
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})"
