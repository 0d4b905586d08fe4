"""Which mistakes of the model a person corrected. Polygons are in pixels of the upright image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from annotation.region import Region
from spotter.ops.polygons import Polygon, signed_area
from spotter.ops.shapes import match_polygons, overlapping_pairs

KINDS = ("missed", "false", "shape", "text", "illegible")
MISTAKES = ("text", "missed", "false", "shape", "split", "merged", "illegible")  # see count_mistakes
SAME_WORD_IOU = 0.5  # minimum IoU at which a drawn and a predicted region are the same word
SHAPE_TOLERANCE = 0.5  # pixels a point may move: rounding, not a correction
TOUCHING = 1e-9  # minimum IoU of polygons that overlap at all
MIN_INSIDE = 0.5  # share of a piece's area that lies inside the region that it is a piece of
MAX_PIECES_AREA = 1.5  # times the whole: more are duplicates of it, not pieces


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
    matches: dict[int, int] = {}
    if unpaired and drawn:
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


def count_mistakes(corrections: Sequence[Correction]) -> Counter[str]:
    """Number of mistakes of each kind of MISTAKES in an image.

    A region that a person split into several ("split"), or several that they merged into one ("merged"),
    count once, and not as missed, false or with another shape too.
    """
    before = [c for c in corrections if c.before is not None and {"shape", "false"} & {*c.kinds}]
    after = [c for c in corrections if c.after is not None and {"shape", "missed"} & {*c.kinds}]
    old = [c.before.polygon for c in before if c.before is not None]
    new = [c.after.polygon for c in after if c.after is not None]
    splits = _pieces(old, new)
    merges = _pieces(new, old)
    counts = Counter({"split": len(splits), "merged": len(merges)})
    explained = {before[i].region_id for i in splits} | {after[j].region_id for j in merges}
    explained |= {after[j].region_id for pieces in splits.values() for j in pieces}
    explained |= {before[i].region_id for pieces in merges.values() for i in pieces}
    for correction in corrections:
        if correction.region_id not in explained:
            counts.update(correction.kinds)
    return +counts


def _pieces(wholes: Sequence[Polygon], others: Sequence[Polygon]) -> dict[int, list[int]]:
    """Index of each polygon that consists of several others -> their indices."""
    if len(others) < 2:
        return {}
    areas, other_areas = ([abs(signed_area(polygon)) for polygon in some] for some in (wholes, others))
    inside: dict[int, list[int]] = {}
    for iou, i, j in overlapping_pairs(wholes, others, TOUCHING):
        intersection = iou / (1 + iou) * (areas[i] + other_areas[j])
        if intersection >= MIN_INSIDE * other_areas[j]:
            inside.setdefault(i, []).append(j)
    return {
        i: pieces
        for i, pieces in inside.items()
        if len(pieces) > 1 and sum(other_areas[j] for j in pieces) <= MAX_PIECES_AREA * areas[i]
    }
