"""Regions of the store <-> regions of the editor.

The editor rounds to a tenth of a pixel and keeps texts on one line; all else that it did not change stays
exactly as stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from annotation.editor.schema import one_line, round_points
from annotation.region import Character, Region
from annotation.store.records import ImageRecord, Suggestion


def to_document(
    image: ImageRecord,
    photo: Path,
    regions: Sequence[Region],
    suggestions: Sequence[dict[str, Any]],
    revision: int,
) -> dict[str, Any]:
    """The editor's value. `suggestions`: dicts as the editor's Proposal; `id` is the region's."""
    by_region = {item["id"]: item for item in suggestions}
    return {
        "image_id": str(image.id),
        "version": image.version,
        "revision": revision,
        "photo": photo,
        "width": image.width,
        "height": image.height,
        "regions": [_to_editor(region, by_region.get(region.id)) for region in regions],
    }


def from_document(values: Sequence[dict[str, Any]], sent: Sequence[Region]) -> list[Region]:
    """The editor's regions -> regions of the store; `sent`: the stored ones that the editor had received."""
    stored = {region.id: region for region in sent}
    return [_from_editor(value, stored.get(value["id"])) for value in values]


def to_proposal(suggestion: Suggestion) -> dict[str, Any]:
    """A newer model's text for an existing region, as the editor's Proposal."""
    region = suggestion.region
    return {
        "id": suggestion.replaces,
        "text": region.text,
        "score": region.reading_score,
        "characters": [{"text": c.text, "score": c.score} for c in region.characters],
        "model": suggestion.model_version,
    }


def _to_editor(region: Region, suggestion: dict[str, Any] | None) -> dict[str, Any]:
    value = region.to_json()
    value["points"] = value.pop("polygon")
    value["suggestion"] = None
    if suggestion is not None and suggestion["text"] != region.text:
        value["suggestion"] = {key: suggestion[key] for key in ("text", "score", "characters", "model")}
    return value


def _from_editor(value: dict[str, Any], stored: Region | None) -> Region:
    fields = {key: value[key] for key in Region.__dataclass_fields__ if key in value}
    fields["characters"] = [Character(**character) for character in value["characters"]]
    fields["polygon"] = value["points"]
    if stored is not None and round_points(stored.polygon) == fields["polygon"]:
        fields["polygon"] = stored.polygon
    if stored is not None and one_line(stored.text) == fields["text"]:
        fields["text"] = stored.text
    return Region(**fields)
