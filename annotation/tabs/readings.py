"""Regions that a person drew or moved: the spotter reads them, and its texts become suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotation.region import Region
from annotation.store.predictions import model_version

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.types import DrawnReading

Polygons = dict[str, list[list[float]]]  # by region id, pixels of the image


@dataclass
class Readings:
    """Of the open image: what has to be read, and which suggestions are open."""

    to_read: Polygons = field(default_factory=dict)
    suggestions: dict[str, dict[str, Any]] = field(default_factory=dict)  # region id -> the editor's Proposal
    sent_suggestions: set[str] = field(default_factory=set)  # ids of regions whose suggestion the page has

    def note_edit(self, before: Sequence[Region], after: Sequence[Region]) -> None:
        """Queues regions with a new outline; drops what no longer fits its region."""
        outlines = {region.id: region.polygon for region in before}
        current = {region.id: region for region in after}
        for region in after:
            if outlines.get(region.id) != region.polygon and not region.illegible:
                self.to_read[region.id] = region.polygon
        self.to_read = {name: points for name, points in self.to_read.items() if name in current}
        self.suggestions = {
            name: item
            for name, item in self.suggestions.items()
            if name in current
            and current[name].polygon == item["points"]
            and current[name].text != item["text"]
        }

    def take_to_read(self) -> Polygons:
        """The regions to read, which are then no longer queued."""
        taken, self.to_read = self.to_read, {}
        return taken

    def add(self, items: Sequence[dict[str, Any]]) -> None:
        """Adds suggestions that are about to be sent."""
        self.suggestions |= {item["id"]: item for item in items}
        self.sent_suggestions |= {item["id"] for item in items}

    def close(self, values: Sequence[dict[str, Any]]) -> set[str]:
        """Closes the suggestions that a person used or dismissed; ids of their regions.

        `values`: the editor's regions.
        """
        answered = {value["id"] for value in values if value["suggestion"] is None} & self.sent_suggestions
        self.suggestions = {name: item for name, item in self.suggestions.items() if name not in answered}
        self.sent_suggestions -= answered
        return answered


def read_regions(spotter: Spotter, path: Path, polygons: Polygons) -> list[dict[str, Any]]:
    """The editor's Proposals for regions of an image; regions without a text have none."""
    return [
        {
            "id": name,
            "points": polygons[name],
            "text": reading.text,
            "score": reading.reading_score,
            "characters": [{"text": c.text, "score": c.score} for c in reading.characters],
            "model": model_version(spotter.card),
        }
        for name, reading in read_polygons(spotter, path, polygons).items()
        if reading.text
    ]


def read_polygons(spotter: Spotter, path: Path, polygons: Polygons) -> dict[str, DrawnReading]:
    """Region id -> reading; a polygon that is too thin to be read has none."""
    try:
        return dict(zip(polygons, spotter.read(path, list(polygons.values())), strict=True))
    except ValueError:  # one of them is too thin: read each by itself
        if len(polygons) == 1:
            return {}
        return {
            name: reading
            for one, points in polygons.items()
            for name, reading in read_polygons(spotter, path, {one: points}).items()
        }
