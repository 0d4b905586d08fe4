"""Where the rounds of a database lie, and the files of one round."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from annotation.rounds.records import Job, Progress, RegionChange, RoundError, Verdict
from annotation.store.database import parse_url, sqlite_file
from annotation.store.images import write_file
from spotter.language import tr


def rounds_folder(database: str) -> Path:
    """`annotation.rounds` next to an SQLite file annotation.db; in the working directory if the database is
    on a server.
    """
    file = sqlite_file(parse_url(database))
    return (Path("annotation.rounds") if file is None else file.with_suffix(".rounds")).absolute()


class RoundFolder:
    """The files of one round. All are written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.train = path / "train"  # a folder for each kind of photographs; deleted when the round ends
        self.run = path / "run"  # of the trainer
        self.weights = path / "weights.safetensors"

    def write_job(self, job: Job) -> None:
        self._write("job.json", asdict(job))

    def job(self) -> Job:
        """Raises RoundError if it is missing or damaged."""
        try:
            return Job(**json.loads((self.path / "job.json").read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            message = tr("The job of the round in {folder} is missing or damaged.", folder=self.path)
            raise RoundError(message) from error

    def write_progress(self, progress: Progress) -> None:
        self._write("progress.json", asdict(progress))

    def progress(self) -> Progress | None:
        """None before the worker has written it."""
        try:
            values = json.loads((self.path / "progress.json").read_bytes())
        except (OSError, ValueError):
            return None
        curves = {name: [(x, y) for x, y in values[name]] for name in ("losses", "holdout")}
        return Progress(**values | curves)

    def write_changes(self, changes: list[RegionChange]) -> None:
        self._write("changes.json", [asdict(change) for change in changes])

    def changes(self) -> list[RegionChange]:
        """Raises RoundError if the round has none: it did not end, or its folder was deleted."""
        try:
            values = json.loads((self.path / "changes.json").read_bytes())
            return [RegionChange(**change) for change in values]
        except (OSError, ValueError, TypeError) as error:
            raise RoundError(tr("The changes of this round are not known: it did not end.")) from error

    def write_verdict(self, verdict: Verdict) -> None:
        self._write("result.json", verdict.to_dict())

    def verdict(self) -> Verdict | None:
        """None if the round did not end. Raises RoundError if the file is damaged."""
        path = self.path / "result.json"
        if not path.is_file():
            return None
        try:
            values = json.loads(path.read_bytes())
        except ValueError as error:
            raise RoundError(tr("The round's result is damaged; run the round again.")) from error
        return Verdict.from_dict(values)

    def _write(self, name: str, values: Any) -> None:
        write_file(self.path / name, json.dumps(values, ensure_ascii=False, allow_nan=False).encode())
