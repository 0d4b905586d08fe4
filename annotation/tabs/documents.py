"""Regions of the store <-> regions of the editor.

The editor rounds to a tenth of a pixel and keeps texts on one line; what it did not change otherwise stays
exactly as it was stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from annotation.editor.editor import RegionData
from annotation.region import Character, Region
from annotation.store.records import ImageRecord, Suggestion


def to_document(
    image: ImageRecord,
    photo: Path,
    regions: Sequence[Region],
    suggestions: Sequence[dict],
    revision: int,
) -> dict:
    """The editor's value. `suggestions`: dicts as the editor's Proposal, by the region's `id`."""
    beside = {item["id"]: item for item in suggestions}
    return {
        "image_id": str(image.id),
        "version": image.version,
        "revision": revision,
        "photo": photo,
        "width": image.width,
        "height": image.height,
        "regions": [_to_page(region, beside.get(region.id)) for region in regions],
    }


def from_document(values: Sequence[dict], known: Sequence[Region]) -> list[Region]:
    """What the editor sends -> regions; `known`: the stored ones it was sent."""
    stored = {region.id: region for region in known}
    return [_from_page(value, stored.get(value["id"])) for value in values]


def proposal(suggestion: Suggestion) -> dict:
    """A newer model's text for the region it stands beside, as the editor's Proposal."""
    region = suggestion.region
    return {
        "id": suggestion.beside,
        "text": region.text,
        "score": region.reading_score,
        "characters": [{"text": c.text, "score": c.score} for c in region.characters],
        "model": suggestion.model_version,
    }


def _to_page(region: Region, suggestion: dict | None) -> dict:
    value = region.to_json()
    value["points"] = value.pop("polygon")
    value["suggestion"] = None
    if suggestion is not None and suggestion["text"] != region.text:
        value["suggestion"] = {key: suggestion[key] for key in ("text", "score", "characters", "model")}
    return value


def _from_page(value: dict, stored: Region | None) -> Region:
    fields = {key: value[key] for key in Region.__dataclass_fields__ if key in value}
    fields["characters"] = [Character(**character) for character in value["characters"]]
    region = Region(polygon=value["points"], **fields)
    if stored is None:
        return region
    size = 10**7  # no limit: a stored region lies inside of its image
    sent = RegionData(**_to_page(stored, None)).within(size, size)
    kept = {}
    if sent.points == region.polygon:
        kept["polygon"] = stored.polygon
    if sent.text == region.text:
        kept["text"] = stored.text
    return Region(**(vars(region) | kept))
