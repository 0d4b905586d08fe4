"""What the parts of the rounds share: the database, the weights of the app, the files."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from annotation.rounds.config import RoundConfig
from annotation.rounds.picking import Examiner
from annotation.rounds.records import RoundError
from annotation.rounds.round_folder import RoundFolder, rounds_folder
from annotation.rounds.weights import WeightsFolder, checksum, read_card
from annotation.store.predictions import model_version
from annotation.store.store import Store
from spotter.language import tr
from spotter.resources import ASSETS

BUILT_IN = ASSETS / "weights"


@dataclass(frozen=True)
class Context:
    store: Store
    weights: str  # of the app: a built-in name or a path
    config: RoundConfig
    worker: str  # the module that trains
    examiner: Examiner = field(default_factory=Examiner)

    @property
    def database(self) -> str:
        """Its URL."""
        return self.store.engine.url.render_as_string(hide_password=False)

    @property
    def path(self) -> Path:
        return rounds_folder(self.database)

    @property
    def files(self) -> WeightsFolder:
        return WeightsFolder(self.path / "weights")

    def folder(self, round_id: int) -> RoundFolder:
        return RoundFolder(self.path / str(round_id))


def built_in(weights: str) -> Path | None:
    """The file of built-in weights."""
    path = BUILT_IN / f"{weights}.safetensors"
    return path if path.is_file() else None


def app_version(weights: str) -> str:
    """The model version of weights that no round made. Raises RoundError."""
    path = built_in(weights) or Path(weights)
    if not path.is_file():
        raise RoundError(
            tr("There are no weights {name!r}: give a .safetensors file or a built-in name.", name=weights)
        )
    return _version(path, path.stat().st_mtime_ns)


@lru_cache
def _version(path: Path, changed: int) -> str:
    card = read_card(path)
    return model_version({"name": path.stem, **card, "sha256": card.get("sha256") or checksum(path)})
