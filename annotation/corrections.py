"""Which mistakes of the model a person corrected. Polygons are in pixels of the upright image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.region import Region
from spotter.ops.shapes import match_polygons

KINDS = ("missed", "false", "shape", "text", "illegible")
SAME_WORD_IOU = 0.5  # minimum IoU at which a drawn and a predicted region are the same word
SHAPE_TOLERANCE = 0.5  # pixels a point may move: rounding, not a correction


@dataclass(frozen=True)
class Correction:
    """A predicted region compared with the current one."""

    region_id: str
    kinds: tuple[str, ...]  # of KINDS; () if the prediction was right
    before: Region | None  # as predicted; None if the model missed it
    after: Region | None  # as it is now; None if it was a false positive


def correction_kinds(before: Region | None, after: Region | None) -> tuple[str, ...]:
    """Kinds of the correction from a predicted region to a person's; None: no such region."""
    if before is None:
        return () if after is None else ("missed",)
    if after is None:
        return ("false",)
    found = []
    if not same_shape(before.polygon, after.polygon):
        found.append("shape")
    if after.illegible and not before.illegible:
        found.append("illegible")
    elif before.text != after.text:
        found.append("text")
    return tuple(found)


def same_shape(first: list[list[float]], second: list[list[float]]) -> bool:
    """Whether two polygons have the same points, up to rounding."""
    return len(first) == len(second) and all(
        abs(a[0] - b[0]) <= SHAPE_TOLERANCE and abs(a[1] - b[1]) <= SHAPE_TOLERANCE
        for a, b in zip(first, second, strict=True)
    )


def find_corrections(predicted: Sequence[Region], current: Sequence[Region]) -> list[Correction]:
    """One correction per predicted and per missed region; regions are paired by id, then by IoU."""
    by_id = {region.id: region for region in current}
    pairs = {region.id: by_id[region.id] for region in predicted if region.id in by_id}
    unpaired = [region for region in predicted if region.id not in pairs]
    drawn = [region for region in current if region.id not in pairs]
    matches = match_polygons([r.polygon for r in unpaired], [r.polygon for r in drawn], SAME_WORD_IOU)
    pairs |= {unpaired[i].id: drawn[j] for i, j in matches.items()}
    found = []
    for region in predicted:
        after = pairs.get(region.id)
        found.append(
            Correction(after.id if after else region.id, correction_kinds(region, after), region, after)
        )
    paired = {after.id for after in pairs.values()}
    found += [Correction(r.id, correction_kinds(None, r), None, r) for r in current if r.id not in paired]
    return found
