"""What a round would learn from: photos to train on, to replay and to hold out."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from annotation.corrections import find_corrections
from annotation.rounds import ledger
from annotation.rounds.config import RoundConfig
from annotation.rounds.holdout import HOLDOUT, TRAIN, Hashes, assign_folds, assign_sides
from annotation.rounds.mistakes import Mistakes
from annotation.rounds.records import RoundError
from annotation.rounds.suspicions import Suspicions
from annotation.store.region_rows import batches, load_predicted, load_regions
from annotation.store.tables import ImageRow, PredictionRow, RegionRow
from spotter.language import tr


@dataclass(frozen=True)
class Pick:
    """Photos of a project that are done or approved."""

    new: list[ImageRow]  # corrected since the weights that are served, the latest first
    train: list[ImageRow]  # of the new ones
    replay: list[ImageRow]  # on which the served weights were trained
    holdout: list[ImageRow]
    sides: dict[Hashes, str]  # of photos that had none yet
    total: int
    alike: bool
    photos: list[ImageRow]  # all
    is_frozen: bool  # some are held out already

    def can_cross_validate(self, config: RoundConfig) -> bool:
        """Whether a round without a hold-out can start instead."""
        return bool(self.missing(config) and self.new) and not self.is_frozen and self.total >= config.folds

    def for_cross_validation(self) -> Pick:
        """All photos are trained on, so that none of them can be held out later."""
        sides = dict.fromkeys(self.sides, TRAIN)
        return replace(self, train=self.photos, replay=[], holdout=[], sides=sides, alike=False)

    def folds(self, config: RoundConfig) -> list[list[int]]:
        """Ids of the photos of each part of a cross-validation; [] if there is a hold-out.

        Raises RoundError.
        """
        if self.holdout:
            return []
        numbers = assign_folds([hashes_of(photo) for photo in self.train], config)
        if len(set(numbers)) < 2:
            raise RoundError(
                tr("The photos look so alike that none can judge the others; correct different ones.")
            )
        pairs = list(zip(self.train, numbers, strict=True))
        return [[photo.id for photo, n in pairs if n == number] for number in sorted(set(numbers))]

    def missing(self, config: RoundConfig) -> int:
        """Corrected photos without which no round can start."""
        few = max(config.min_photos - self.total, config.min_holdout - len(self.holdout), 0)
        return few or int(not self.train)


def pick(session: Session, project_id: int, served: int | None, config: RoundConfig) -> Pick:
    """`served`: id of the round whose weights are served."""
    used = ledger.used_photos(session, ledger.lineage(session, served))
    photos = ledger.confirmed_photos(session, project_id)
    known = ledger.known_sides(session, project_id)
    sides, alike = assign_sides(known, map(hashes_of, photos), config)
    side_of = {one.sha256: side for one, side in (known | sides).items()}
    new = [photo for photo in photos if (photo.id, photo.version) not in used]
    ids = {photo.id for photo in new}
    trained = [photo for photo in photos if side_of[photo.sha256] == TRAIN]
    learnt = [photo for photo in trained if photo.id not in ids]
    rng = random.Random(f"{config.seed}/{served}")
    return Pick(
        new,
        [photo for photo in trained if photo.id in ids],
        rng.sample(learnt, min(len(learnt), config.max_replay)),
        [photo for photo in photos if side_of[photo.sha256] == HOLDOUT],
        sides,
        len(photos),
        alike,
        photos,
        HOLDOUT in known.values(),
    )


def hashes_of(photo: ImageRow) -> Hashes:
    return Hashes(photo.sha256, photo.dhash, photo.turned_dhashes)


def alike_warning() -> str:
    return tr("The photos look so alike that near-duplicates of the hold-out are trained on.")


class Examiner:
    """Looks through corrections; remembers the photos that have not changed since."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int | None], tuple[Mistakes, Suspicions]] = {}

    def examine(
        self, session: Session, photos: Sequence[ImageRow], config: RoundConfig
    ) -> tuple[Mistakes, Suspicions]:
        """The corrections of the latest `max_counted` photos."""
        photos = photos[: config.max_counted]
        newest = _newest_predictions(session, [photo.id for photo in photos])
        examined = {}
        mistakes, suspicions = Mistakes(), Suspicions(config)
        for photo in photos:
            key = photo.id, photo.version, newest.get(photo.id)
            examined[key] = self._known.get(key) or _examine(session, photo, key[2], config)
            mistakes.update(examined[key][0])
            suspicions.update(examined[key][1])
        self._known = examined
        return mistakes, suspicions


def _newest_predictions(session: Session, image_ids: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for some in batches(image_ids):
        query = select(PredictionRow.image_id, func.max(PredictionRow.id)).group_by(PredictionRow.image_id)
        found |= dict(session.execute(query.where(PredictionRow.image_id.in_(some))).fetchall())
    return found


def _examine(
    session: Session, photo: ImageRow, prediction: int | None, config: RoundConfig
) -> tuple[Mistakes, Suspicions]:
    mistakes, suspicions = Mistakes(), Suspicions(config)
    predicted = [] if prediction is None else load_predicted(session, prediction)
    regions = load_regions(session, photo.id)
    if prediction is not None:
        mistakes.add(find_corrections(predicted, regions))
    suspicions.add(photo.name, (photo.width, photo.height), regions, predicted)
    return mistakes, suspicions


def count_words(session: Session, photos: Sequence[ImageRow]) -> int:
    """Words that can be read."""
    legible = select(func.count()).where(RegionRow.text != "", ~RegionRow.illegible)
    return sum(
        session.scalar(legible.where(RegionRow.image_id.in_(some))) or 0
        for some in batches([photo.id for photo in photos])
    )
