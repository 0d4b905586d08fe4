"""Weights of the rounds, each file named by its sha256: `weights/<sha256>.safetensors` with its card (.json).

A file gets its name when it is complete, after its card: what has a name can be loaded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from pathlib import Path

from safetensors import SafetensorError, safe_open

from annotation.region import SHA256
from annotation.rounds.records import RoundError
from annotation.store.images import write_file
from spotter.language import tr


class WeightsFolder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise RoundError(f"{sha256[:80]!r} is not the sha256 of weights.")
        return self.folder / f"{sha256}.safetensors"

    def card(self, sha256: str) -> dict:
        """{} if there is none."""
        return read_card(self.path(sha256))

    def add(self, file: Path) -> str:
        """Copies weights with their card; their sha256. Raises RoundError, OSError."""
        sha256 = check_weights(file)
        path = self.path(sha256)
        card = {**read_card(file), "sha256": sha256}
        if not path.is_file():
            text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
            write_file(path.with_suffix(".json"), text.encode())
            write_file(path, file.read_bytes())
        return sha256

    def remove_unused(self, needed: Collection[str]) -> None:
        """Also what a process that was killed has left; no other process may add weights meanwhile."""
        for path in self.folder.glob("*") if self.folder.is_dir() else ():
            if path.stem not in needed:
                path.unlink(missing_ok=True)


def check_weights(file: Path) -> str:
    """The sha256 of a file of weights. Raises RoundError unless it is complete and fits its card."""
    sha256 = checksum(file)
    try:
        with safe_open(file, "np") as opened:
            config = (opened.metadata() or {})["config"]
    except (SafetensorError, KeyError) as error:
        message = tr("{name} is not a file of weights of this project.", name=file.name)
        raise RoundError(message) from error
    if not isinstance(config, str) or read_card(file).get("sha256", sha256) != sha256:
        raise RoundError(
            tr("{name} is not the file that its card describes (sha256 differs).", name=file.name)
        )
    return sha256


def read_card(file: Path) -> dict:
    """Raises RoundError if the card is damaged."""
    try:
        card = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise RoundError(tr("The card of {name} is not valid JSON.", name=file.name)) from error
    if not isinstance(card, dict):
        raise RoundError(tr("The card of {name} is not a JSON object.", name=file.name))
    return card


def checksum(file: Path) -> str:
    """Raises RoundError if there is no such file."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise RoundError(tr("The weights {name} are missing.", name=file.name)) from error
