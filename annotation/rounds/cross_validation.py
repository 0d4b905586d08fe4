"""A round with too few photos to hold some out: it trains once without each part of them, which then judges
it, and once with all, which makes its weights. Thresholds and calibration stay those of the parent.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from annotation.rounds.characters import merge_characters
from annotation.rounds.dataset import write_folder
from annotation.rounds.finetune import CORRECTED, RoundTrainer, mixed_model, training_config
from annotation.rounds.judging import read_photos
from annotation.rounds.stages import RoundStages
from annotation.store.store import Store
from spotter.model.spotter import SwinTextSpotter
from spotter.predictor import Spotter
from spotter.training.distributed import get_rank
from spotter.training.export import averaged_model
from spotter.types import Word
from spotter.weights import load_weights


@dataclass
class CrossValidation(RoundStages):
    """`job.folds`: ids of the photos of each part."""

    held_out_words: dict[float, dict[int, list[Word]]] = field(default_factory=dict)  # by share and photo

    def write_folders(self, store: Store) -> None:
        super().write_folders(store)
        for number, fold in enumerate(self.job.folds):
            folder = self.training_folder(number)
            if not folder.is_dir():
                folder.parent.mkdir(parents=True, exist_ok=True)
                write_folder(store, [i for i in self.job.train if i not in fold], folder)

    def training_folder(self, number: int) -> Path:
        """The photos without a part."""
        return self.folder.train / f"without-{number}" / CORRECTED

    def train(self) -> bool:
        parent = load_weights(self.job.parent)[0].config
        model = replace(parent, characters=merge_characters(parent.characters, self.job.characters))
        runs = len(self.job.folds) + 1
        job = replace(self.job, minutes=self.job.minutes / runs)
        for number in range(runs):
            is_last = number == runs - 1
            photos = self.folders() if is_last else {CORRECTED: self.training_folder(number)}
            config = training_config(job, self.config, photos, model, self.device)
            self.reporter.training_after = 60 * job.minutes * (runs - 1 - number)
            run = self.folder.run if is_last else self.folder.run / f"without-{number}"
            trainer = RoundTrainer(config, run, self.reporter.during_training)
            self.reporter.begin("training")
            if not trainer.run(progress=False):
                return False
            if not is_last and get_rank() == 0:
                self.read_held_out(run, self.job.folds[number])
        return True

    def read_held_out(self, run: Path, fold: list[int]) -> None:
        photos = [photo for photo in self.photos if photo.image_id in fold]
        end = averaged_model(run)[0]
        for share in self.config.shares:
            spotter = Spotter(mixed_model(end, self.job.parent, share), {}, self.device)
            words = read_photos(spotter, photos, self.reporter.before_read)
            found = zip(photos, words, strict=True)
            self.held_out_words.setdefault(share, {}).update({photo.image_id: each for photo, each in found})

    def read_shares(self, end: SwinTextSpotter) -> dict[tuple[float, bool], list[list[Word]]]:
        return {
            (share, False): [words[photo.image_id] for photo in self.photos]
            for share, words in self.held_out_words.items()
        }
