"""A round without a hold-out: its parts judge it in turn."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
import torch

from annotation.rounds import cross_validation, stages, worker
from annotation.rounds.records import Job
from annotation.rounds.round_folder import RoundFolder, rounds_folder
from annotation.store.store import Store
from spotter.types import Word
from spotter.weights import load_weights
from tests.annotation.rounds.training_round import add_photos, small_round


@pytest.fixture
def database(tmp_path) -> str:
    return f"sqlite:///{tmp_path}/annotation.db"


@pytest.fixture
def folder(database, tmp_path, tiny_file) -> RoundFolder:
    """Of a round of three photos in two parts."""
    config = small_round(tmp_path, steps=1, shares=(1.0,), rendered_scenes=1)
    with Store(database) as store:
        ids = add_photos(store, 3)
    folds = [ids[:2], ids[2:]]
    job = Job(1, "p", database, str(tiny_file), ids, [], [], "all", 1.0, 0, asdict(config), "é", folds)
    made = RoundFolder(rounds_folder(database) / "1")
    made.path.mkdir(parents=True)
    made.write_job(job)
    return made


@pytest.fixture
def run(database, monkeypatch):
    """Runs the round in this process."""
    monkeypatch.setattr(worker, "limit_memory", lambda gigabytes: None)
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    return lambda: worker.main(["--database", database, "--round", "1"])


def test_every_photo_is_read_by_weights_that_were_trained_without_it(folder, run, monkeypatch):
    reads = []

    def read(spotter, photos, check):
        """All that was trained reads correctly, the parent, which reads first, nothing."""
        check()
        reads.append([photo.image_id for photo in photos])
        text = "x" if len(reads) == 1 else None
        return [
            [Word("w", t.polygon.tolist(), [0, 0, 1, 1], text or t.text, 0.9, 0.9, []) for t in photo.truth]
            for photo in photos
        ]

    monkeypatch.setattr(stages, "read_photos", read)
    monkeypatch.setattr(cross_validation, "read_photos", read)
    assert run() == 0
    verdict, job = folder.verdict(), folder.job()
    assert reads == [job.train, *job.folds]
    for number, fold in enumerate(job.folds):
        trained = (folder.train / f"without-{number}" / "corrected" / "images").iterdir()
        assert {int(path.stem) for path in trained} == set(job.train) - set(fold)
    assert verdict.cross_validated
    assert (verdict.share, verdict.before.end_to_end.value, verdict.after.end_to_end.value) == (1.0, 0.0, 1.0)
    assert [change.kind for change in folder.changes()] == ["fixed"] * 3
    model, card = load_weights(folder.weights)
    assert model.config.characters.endswith("é")
    assert (card["own_characters"], card["photos"]) == ("é", 3)


def test_stopped_and_resumed(folder, run, monkeypatch):
    """After the first of three trainings."""
    train, trained = cross_validation.RoundTrainer.run, []

    def stop(trainer, progress):
        trained.append(trainer.folder.name)
        return train(trainer, progress) and len(trained) > 1

    monkeypatch.setattr(cross_validation.RoundTrainer, "run", stop)
    assert run() == 0
    assert folder.progress().state == "stopped"
    folder.write_job(replace(folder.job(), minutes=1.0))
    assert run() == 0
    assert trained == ["without-0", "without-0", "without-1", "run"]
    assert folder.progress().state == "done"
    assert folder.verdict().cross_validated
