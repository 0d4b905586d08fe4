"""The three stages of a round: preparing, training, judging."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from annotation.rounds.characters import merge_characters
from annotation.rounds.config import RoundConfig
from annotation.rounds.dataset import HeldOutPhoto, read_holdout, write_folder
from annotation.rounds.finetune import (
    CORRECTED,
    EARLIER,
    RoundTrainer,
    fit_thresholds,
    mixed_model,
    training_config,
)
from annotation.rounds.judging import (
    best_candidate,
    count_all,
    count_kinds,
    cross_chosen,
    figures,
    h_mean,
    judge_rendered,
    paired_difference,
    read_photos,
    region_changes,
)
from annotation.rounds.records import Job, RoundError, Verdict
from annotation.rounds.reporting import Reporter
from annotation.rounds.round_folder import RoundFolder
from annotation.store.store import Store
from spotter.config import own_characters
from spotter.data.icdar import read_folder
from spotter.language import tr
from spotter.model.spotter import SwinTextSpotter
from spotter.predictor import Spotter, load_spotter
from spotter.training.card import make_card
from spotter.training.export import averaged_model
from spotter.types import Word
from spotter.weights import load_weights, save_weights, weights_path

RENDERED = "rendered"  # folder next to the rounds: counts of weights on the rendered scenes


@dataclass
class RoundStages:
    """A round of one worker."""

    folder: RoundFolder
    job: Job
    config: RoundConfig
    device: str
    reporter: Reporter
    photos: list[HeldOutPhoto] = field(default_factory=list)
    before: list[list[Word]] = field(default_factory=list)  # of the hold-out, with the parent's weights
    evaluated: int = 0  # evaluations so far

    def prepare(self, store: Store) -> None:
        """Writes the photos to train on, and reads the hold-out and the scenes with the parent's weights.

        Raises RoundError, ValueError or OSError in one sentence, StopRequested.
        """
        self.photos = read_holdout(store, self.job.holdout or list(chain(*self.job.folds)))
        if not self.photos:
            raise RoundError(
                tr("None of the photos that are held out exists any more; correct some more photos.")
            )
        self.reporter.reads_left = self.reads()
        self.reporter.training_left = 0.0 if self.config.steps else 60 * self.job.minutes
        self.reporter.begin("preparing")
        self.write_folders(store)
        if CORRECTED not in self.folders():
            raise RoundError(tr("None of the corrected photos exists any more; correct some more photos."))
        parent = load_spotter(self.job.parent, self.device)
        self.before = read_photos(parent, self.photos, self.reporter.before_read)
        self.judge_rendered(parent)
        self.reporter.reads_left = self.reads(preparing=False)

    def write_folders(self, store: Store) -> None:
        """The photos to train on."""
        for name, image_ids in ((CORRECTED, self.job.train), (EARLIER, self.job.replay)):
            if not (self.folder.train / name).is_dir():
                write_folder(store, image_ids, self.folder.train / name)

    def folders(self) -> dict[str, Path]:
        """The folders of photographs to train on, by name."""
        found = {name: self.folder.train / name for name in (CORRECTED, EARLIER)}
        return {name: path for name, path in found.items() if path.is_dir()}

    def reads(self, preparing: bool = True, training: bool = True) -> int:
        """Images that are read until the end of the round, from one of its states on."""
        c, photos = self.config, len(self.photos)
        calibration = min(c.calibration_photos, len(self.job.train)) + c.calibration_scenes
        reads = photos * (len(c.shares) + 1) + calibration + c.rendered_scenes
        reads += c.evaluations * min(c.evaluated_photos, photos) if training else 0
        return reads + (photos + c.rendered_scenes if preparing else 0)

    def train(self) -> bool:
        """Trains, or continues; False if a signal stopped it.

        Raises TrainingError, RenderingError, ValueError or OSError, in one sentence.
        """
        parent = load_weights(self.job.parent)[0].config
        model = replace(parent, characters=merge_characters(parent.characters, self.job.characters))
        config = training_config(self.job, self.config, self.folders(), model, self.device)
        trainer = RoundTrainer(config, self.folder.run, self.watch)
        self.reporter.during_training(trainer)
        self.reporter.begin("training")
        if self.before and not self.reporter.progress.holdout:
            shown = self.before[: self.config.evaluated_photos]
            self.reporter.add_evaluation(0.0, float(h_mean(self.counts(shown))))
        finished = trainer.run(progress=False)
        self.reporter.during_training(trainer)  # with the losses of the last steps
        return finished

    def watch(self, trainer: RoundTrainer) -> None:
        """Reports, and evaluates the averaged weights a few times on part of the hold-out."""
        self.reporter.during_training(trainer)
        due = int(trainer.progress * (self.config.evaluations + 1))
        if self.evaluated < due <= self.config.evaluations:
            self.evaluated = due
            model = copy.deepcopy(trainer.average.module)
            spotter = Spotter(model, {}, self.device)  # type: ignore[arg-type]  # a copy of the spotter
            self.reporter.begin("training")
            words = read_photos(
                spotter, self.photos[: self.config.evaluated_photos], self.reporter.before_read
            )
            self.reporter.add_evaluation(trainer.spent / 60, float(h_mean(self.counts(words))))

    def judge(self) -> None:
        """Chooses the share of the trained end, fits thresholds, and writes changes, weights and result."""
        self.reporter.training_left, self.reporter.reads_left = 0.0, self.reads(False, False)
        self.reporter.begin("judging")
        check, job = self.reporter.before_read, self.job
        file = self.folder.run / self.folder.weights.name
        end, run_counts = averaged_model(self.folder.run)
        # Of the hold-out, by share and whether thresholds are fitted.
        words = {(0.0, False): self.before, **self.read_shares(end)}
        share, _ = best_candidate(self.counted(words))
        if not share:  # nothing helps: nothing changes
            shutil.copyfile(weights_path(job.parent), file)
            card = json.dumps(load_weights(job.parent)[1], indent=1, ensure_ascii=False)
            file.with_suffix(".json").write_text(card, encoding="utf-8")
            self.finish(file, share, self.before, self.counts(self.before))
            return
        model = mixed_model(end, job.parent, share)
        spotter = Spotter(copy.deepcopy(model), {}, self.device)
        if not job.folds:
            samples = read_folder(self.folder.train / CORRECTED)[: self.config.calibration_photos]
            spotter.model.config = fit_thresholds(spotter, samples, self.config.calibration_scenes, check)
            words[share, True] = read_photos(spotter, self.photos, check)
        counts = self.counted(words)
        best = best_candidate(counts)
        if best == (share, True):
            model.config = spotter.model.config
        save_weights(model, file, self.card(share, run_counts, model.config.characters), half=True)
        self.finish(file, share, words[best], cross_chosen(counts))

    def read_shares(self, end: SwinTextSpotter) -> dict[tuple[float, bool], list[list[Word]]]:
        """The words of the hold-out with each share of the trained end."""
        found = {}
        for share in self.config.shares:
            spotter = Spotter(mixed_model(end, self.job.parent, share), {}, self.device)
            found[share, False] = read_photos(spotter, self.photos, self.reporter.before_read)
        return found

    def finish(self, file: Path, share: float, after: list[list[Word]], cross: np.ndarray) -> None:
        """Judges on rendered scenes too, and publishes changes, the weights in `file` and, last, the result.

        after: words of the hold-out; cross: counts from which the difference is taken, see `cross_chosen`.
        """
        c, before = self.config, self.counts(self.before)
        rendered = [self.judge_rendered(load_spotter(each, self.device)) for each in (self.job.parent, file)]
        changes = [
            change
            for photo, old, new in zip(self.photos, self.before, after, strict=True)
            for change in region_changes(photo, old, new)
        ]
        verdict = Verdict(
            before=figures(before, c.bootstrap),
            after=figures(self.counts(after), c.bootstrap),
            rendered_before=figures(rendered[0], c.bootstrap),
            rendered_after=figures(rendered[1], c.bootstrap),
            difference=paired_difference(before, cross, c.bootstrap),
            counts=count_kinds(changes),
            share=share,
            cross_validated=bool(self.job.folds),
        )
        self.folder.write_changes(changes)
        for each in (file.with_suffix(".json"), file):
            with each.open("rb+") as opened:
                os.fsync(opened.fileno())
            each.replace(self.folder.path / each.name)
        self.folder.write_verdict(verdict)

    def card(self, share: float, counts: dict[str, Any], characters: str) -> dict:
        """The model card of the round's weights, which can read these characters. `counts`: of the run."""
        name = f"{self.job.project}, round with id {self.job.round_id}"
        parent = load_weights(self.job.parent)[1]
        card = make_card(name, counts, counts["settings"], self.folder.run)
        return card | {
            "started_from": parent["name"],
            "parent_sha256": parent["sha256"],
            "share_of_training": share,  # the rest is the parent's weights
            "own_characters": own_characters(characters),
            "photos": len(self.job.train),
            "data_sha256": folder_hash(self.folder.train),
            "command": "python -m annotation.rounds run",
        }

    def counts(self, words: list[list[Word]]) -> np.ndarray:
        """Counts (images, 6) of words of the first photos of the hold-out."""
        return count_all((photo.truth for photo in self.photos[: len(words)]), words)

    def counted(
        self, words: dict[tuple[float, bool], list[list[Word]]]
    ) -> dict[tuple[float, bool], np.ndarray]:
        return {candidate: self.counts(each) for candidate, each in words.items()}

    def judge_rendered(self, spotter: Spotter) -> np.ndarray:
        cache = self.folder.path.parent / RENDERED
        return judge_rendered(spotter, self.config.rendered_scenes, cache, self.reporter.before_read)


def folder_hash(folder: Path) -> str:
    """sha256 of the names and contents of all files of a folder."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()
