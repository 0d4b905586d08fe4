"""The spotter of a command, the option with which it is chosen, and reading with it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from annotation.commands.terminal import printable, progress_bar
from annotation.region import AnnotationError
from annotation.rounds.service import Rounds
from annotation.signals import read_with_signals
from annotation.store.predictions import model_version
from annotation.store.records import ImageRecord
from annotation.store.store import Store
from spotter.images import ImageError
from spotter.served import Served, ServedSpotter

if TYPE_CHECKING:
    from spotter.predictor import Spotter


def add_weights_option(parser: argparse.ArgumentParser, purpose: str = "") -> None:
    parser.add_argument(
        "--weights",
        metavar="W",
        help=f"{purpose}nano or a .safetensors file (default: those of the promoted round, else nano)",
    )


def spotter_of(store: Store, weights: str | None) -> Callable[[], Spotter]:
    """Returns the spotter to read with, loaded when it is first needed; without `weights`, the served one.

    It raises AnnotationError.
    """

    def served() -> Served:
        return Rounds(store).served() if weights is None else (None, weights)

    current = ServedSpotter(served)

    def get() -> Spotter:
        from spotter.weights import WeightsError  # late: importing torch takes seconds

        try:
            return current.get()
        except WeightsError as error:
            raise AnnotationError(str(error)) from error

    return get


def read_photos(store: Store, spotter: Spotter, photos: Sequence[ImageRecord]) -> list[str]:
    """Adds a prediction to each photo; the lines to print."""
    version, lines, words = model_version(spotter.card), [], 0
    with progress_bar("read") as progress:
        for number, photo in enumerate(photos):
            progress(number, len(photos), photo.name)
            try:
                found, signals = read_with_signals(spotter, store.image_path(photo))
            except ImageError as error:
                lines.append(printable(f"{photo.name}: {error}"))
                continue
            store.add_prediction(photo.id, version, found, signals)
            words += len(found)
    return [*lines, f"read by {printable(version)}: {len(photos) - len(lines)} photos, {words} words"]


def read_untouched(store: Store, project_id: int) -> list[str]:
    """Reads the photos that nobody has touched with the weights of the promoted round, if there is one."""
    rounds = Rounds(store)
    version, weights = rounds.served()
    if weights == rounds.context.weights:
        return []
    photos = store.images_by_id(store.unpredicted_images(project_id, version, "new"))
    return read_photos(store, spotter_of(store, None)(), photos) if photos else []
