"""Projects with corrected photos, and rounds whose worker takes a moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from annotation.region import Region
from annotation.rounds.service import Rounds
from annotation.store.store import Store
from spotter.types import Character

HERE = Path(__file__).parent


def word(text: str, x: int = 10, y: int = 10, **values) -> Region:
    box = [[x, y], [x + 60, y], [x + 60, y + 20], [x, y + 20]]
    return Region(box, text, id=f"r{x}-{y}", **values)


def correct(store: Store, image_id: int, texts: Sequence[str]) -> None:
    """The spotter reads the first text, a person makes it the second."""
    characters = [Character(c, 0.9) for c in texts[0]]
    predicted = word(texts[0], score=0.9, reading_score=0.9, characters=characters, origin="model")
    store.add_prediction(image_id, "nano-1", [predicted])
    image = store.open_image(image_id)
    regions = [{**region.to_json(), "text": texts[1]} for region in image.regions]
    store.save_regions(image_id, image.image.version, regions, "ann")
    store.set_state(image_id, "done", "ann")


@pytest.fixture
def project(store) -> int:
    return store.ensure_project("signs")


@pytest.fixture
def corrected(store, project, picture) -> Callable[..., list[int]]:
    """Adds photos that a person has corrected; their ids."""
    seeds = iter(range(1000))

    def add(count: int, *texts: str, project_id: int = project) -> list[int]:
        ids = []
        for seed in (next(seeds) for _ in range(count)):
            ids.append(store.add_image(project_id, picture(seed), f"{seed}.jpg")[0].id)
            correct(store, ids[-1], texts or (f"N0VA{seed}", f"NOVA{seed}"))
        return ids

    return add


@pytest.fixture
def stub_path(tmp_path, monkeypatch) -> Path:
    """Makes `stub_worker` importable for the processes of this test."""
    folder = tmp_path / "annotation.rounds"
    code = f"from pathlib import Path\ndef folder_of(number): return Path({str(folder)!r}, number)\n"
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/annotation_rounds_paths.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", f"{HERE}:{tmp_path / 'modules'}")
    monkeypatch.chdir(tmp_path)  # where the folder is if the database is on a server
    return tmp_path


@pytest.fixture
def rounds(store, stub_path, monkeypatch) -> Rounds:
    monkeypatch.setattr("annotation.rounds.service.POLL_SECONDS", 0.02)
    return Rounds(store, "nano", worker="stub_worker")


@pytest.fixture
def finished(rounds, project, corrected) -> Callable:
    """Corrects ten photos (more) and runs a round on them."""

    def run(count: int = 10, **options):
        corrected(count)
        return rounds.wait(rounds.start(project, **options).id)

    return run
