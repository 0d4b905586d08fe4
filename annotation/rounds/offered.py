"""The weights that people may look at: those of the app, and those of the rounds of their projects."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from annotation.rounds import ledger
from annotation.rounds.context import Context, built_in
from annotation.rounds.weights import checksum, read_card
from annotation.store.projects import list_projects
from spotter.language import tr
from spotter.served import OfferedWeights


def offered(context: Context) -> list[OfferedWeights]:
    """The app's first, then by project the newest round first; each file once, and none that is missing."""
    app = built_in(context.weights) or Path(context.weights)
    found = {}
    if app.is_file():
        sha256 = sha256_of(app, app.stat().st_mtime_ns)
        found[sha256] = OfferedWeights(sha256, app.stem, context.weights)
    with context.store.read() as session:
        projects = [ledger.project_rounds(session, project_id) for project_id, _ in list_projects(session)]
    made = [
        [(row, row.weights) for row in rows if row.weights and context.files.path(row.weights).is_file()]
        for rows in projects
    ]
    several = sum(map(bool, made)) > 1  # projects
    for row, sha256 in (one for rows in made for one in rows):
        if several:
            name = tr("round {number} of {project}", number=row.number, project=row.project)
        else:
            name = tr("round {number}", number=row.number)
        found.setdefault(sha256, OfferedWeights(sha256, name, context.files.path(sha256)))
    return list(found.values())


@lru_cache
def sha256_of(path: Path, changed: int) -> str:
    """Of a file of weights, by its card if that says it."""
    return read_card(path).get("sha256") or checksum(path)
