"""How regions from several sources are combined: two people's, a client's with the stored ones, a model's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from annotation.corrections import SAME_WORD_IOU, same_shape
from annotation.region import Region
from spotter.ops.shapes import match_polygons, overlapping_pairs


@dataclass(frozen=True)
class Placement:
    """How a predicted region enters an image.

    `status`: "used" (it becomes a region of the image), "same" (it agrees with a person's region) or
    "suggested" (a person decides); `matched_id`: of the person's region of the same word, if there is one.
    """

    status: str
    matched_id: str | None = None


def merge(base: Sequence[Region], mine: Sequence[Region], theirs: Sequence[Region]) -> list[Region]:
    """Three-way merge; `base`: the common ancestor. If both changed a region, `mine` wins."""
    old = {region.id: region for region in base}
    new = {region.id: region for region in theirs}
    merged = []
    for region in mine:
        if region.id not in old or region.content != old[region.id].content:
            merged.append(region)
        elif region.id in new:
            merged.append(new[region.id])
    my_ids = {region.id for region in mine}
    return merged + [region for region in theirs if region.id not in old and region.id not in my_ids]


def contains_changes(base: Sequence[Region], mine: Sequence[Region], theirs: Sequence[Region]) -> bool:
    """Whether `mine` has all that was changed from `base` to `theirs`: nothing of it would be lost."""
    old, own, new = ({region.id: region for region in regions} for regions in (base, mine, theirs))
    for name in old.keys() | new.keys():
        if name not in old or name not in new:
            if (name in own) != (name in new):
                return False
        elif name in own:
            parts = zip(old[name].content, own[name].content, new[name].content, strict=True)
            if any(after not in (before, kept) for before, kept, after in parts):
                return False
        elif old[name].content != new[name].content:
            return False
    return True


def with_regions(current: Sequence[Region], other: Sequence[Region], ids: Collection[str]) -> list[Region]:
    """`current` with the regions of these ids as they are in `other`: changed, added or removed."""
    wanted = {region.id: region for region in other if region.id in ids}
    kept = [wanted.pop(r.id) if r.id in wanted else r for r in current if r.id in wanted or r.id not in ids]
    return kept + list(wanted.values())


def update_region(old: Region | None, new: Region, source: str) -> Region:
    """A client's region `new` as it will be stored; `old`: the stored region with its id.

    `source`: person, model or import. A client cannot change the score and origin of a stored region, nor
    unlock it.
    """
    if source == "model":
        return new
    if old is None:
        return replace(new, locked=True if source == "person" else new.locked)
    reading = old
    if new.text != old.text:  # a typed text has no probabilities; one that was read again has its own
        is_read = bool(new.characters) and "".join(c.text for c in new.characters) == new.text
        reading = new if is_read else replace(new, reading_score=None, characters=[])
    return replace(
        new,
        score=old.score,
        reading_score=reading.reading_score,
        characters=reading.characters,
        origin=old.origin,
        locked=old.locked or new.locked or old.content != new.content,
    )


def place_predictions(
    predicted: Sequence[Region], current: Sequence[Region], removed: Sequence[Region], is_open: bool
) -> list[Placement]:
    """The placement of each predicted region: no model changes what a person edited or removed.

    `current`: the image's regions; `removed`: those that were deleted from it; `is_open`: whether a person
    still works on the image (see `OPEN_STATES`), otherwise nothing is used without their consent.
    """
    locked = [region for region in current if region.locked]
    polygons = [region.polygon for region in predicted]
    matches = match_polygons(polygons, [region.polygon for region in locked], SAME_WORD_IOU)
    removed_again = {
        i for _, i, _ in overlapping_pairs(polygons, [r.polygon for r in removed], SAME_WORD_IOU)
    }
    placements = []
    for i, region in enumerate(predicted):
        if i in matches:
            other = locked[matches[i]]
            is_same = other.text == region.text and not other.illegible
            is_same = is_same and same_shape(other.polygon, region.polygon)
            placements.append(Placement("same" if is_same else "suggested", other.id))
        else:
            placements.append(Placement("used" if is_open and i not in removed_again else "suggested"))
    return placements


def apply_suggestion(current: Sequence[Region], suggested: Region, replaces: str | None) -> list[Region]:
    """The regions after a suggestion is accepted: it updates the region `replaces`, or is added."""
    if all(region.id != replaces for region in current):
        return [*current, replace(suggested, locked=True)]
    return [
        replace(
            region,
            polygon=suggested.polygon,
            text=suggested.text,
            illegible=False,
            reading_score=suggested.reading_score,
            characters=suggested.characters,
        )
        if region.id == replaces
        else region
        for region in current
    ]
