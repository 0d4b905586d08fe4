"""Reads what a person drew or moved; the texts are suggestions, never more."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from annotation.store.predictions import model_version
from annotation.tabs.session import Desk
from spotter.tabs.shared.loading import Loader

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.types import DrawnReading


def reread(desk: Desk, loader: Loader, model: Lock) -> tuple[str, list[dict]] | None:
    """The open image's id and all its readings (the editor's Proposals); None when nothing was to be read."""
    image, shapes = desk.take_unread()
    if image is None or not shapes:
        return None
    spotter = loader.spotter()
    with model:
        readings = read_shapes(spotter, desk.store.image_path(image), shapes)
    items = [
        {
            "id": name,
            "points": shapes[name],
            "text": reading.text,
            "score": reading.reading_score,
            "characters": [{"text": c.text, "score": c.score} for c in reading.characters],
            "model": model_version(spotter.card),
        }
        for name, reading in readings.items()
        if reading.text
    ]
    return str(image.id), desk.suggest(image.id, items)


def read_shapes(spotter: Spotter, path: Path, shapes: dict[str, list]) -> dict[str, DrawnReading]:
    """Id -> reading; a shape that is too thin to be read has none."""
    try:
        return dict(zip(shapes, spotter.read(path, list(shapes.values())), strict=True))
    except ValueError:  # one of them: the others are read by themselves
        if len(shapes) == 1:
            return {}
        return {
            name: reading
            for one, points in shapes.items()
            for name, reading in read_shapes(spotter, path, {one: points}).items()
        }
