"""What kind of mistake of the model a person corrected; polygons are in pixels of the upright image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.geometry import match
from annotation.region import Region

KINDS = ("missed", "false", "shape", "text", "illegible")
SAME_PLACE = 0.5  # IoU from which a drawn and a predicted region are the same word
SAME_SHAPE = 0.5  # pixels a point may be away from where it was: rounding, not a correction


@dataclass(frozen=True)
class Correction:
    """One predicted region against what a person made of it."""

    region_id: str
    kinds: tuple[str, ...]  # of KINDS; () for a region that was right
    before: Region | None  # as predicted; None: the model missed it
    after: Region | None  # as it stands; None: it was false


def kinds(before: Region | None, after: Region | None) -> tuple[str, ...]:
    """Kinds of the correction that leads from a predicted region to a person's."""
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
    return len(first) == len(second) and all(
        abs(a[0] - b[0]) <= SAME_SHAPE and abs(a[1] - b[1]) <= SAME_SHAPE
        for a, b in zip(first, second, strict=True)
    )


def compare(predicted: Sequence[Region], current: Sequence[Region]) -> list[Correction]:
    """Every predicted and every current region, paired by id, then by place (IoU of at least 0.5)."""
    by_id = {region.id: region for region in current}
    pairs = {region.id: by_id[region.id] for region in predicted if region.id in by_id}
    alone = [region for region in predicted if region.id not in pairs]
    drawn = [region for region in current if region.id not in pairs]
    placed = match([r.polygon for r in alone], [r.polygon for r in drawn], SAME_PLACE)
    pairs |= {alone[i].id: drawn[j] for i, j in placed.items()}
    found = []
    for region in predicted:
        after = pairs.get(region.id)
        found.append(Correction(after.id if after else region.id, kinds(region, after), region, after))
    taken = {after.id for after in pairs.values()}
    found += [Correction(r.id, kinds(None, r), None, r) for r in current if r.id not in taken]
    return found
