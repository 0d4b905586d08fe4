"""A simulation of the whole loop, on photographs whose words are known.

Somebody who makes no mistakes corrects photos, round by round; each round is a real one, promoted by the
rule. After each, the served weights read test photos, which nobody corrects: so orders can be compared.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sqlalchemy import select

from annotation.region import Region
from annotation.rounds.config import RoundConfig
from annotation.rounds.holdout import HOLDOUT, assign_sides
from annotation.rounds.judging import count_all, h_mean
from annotation.rounds.photo_orders import Signals, ordered_photos
from annotation.rounds.picking import hashes_of
from annotation.rounds.records import RoundError
from annotation.rounds.service import WORKER, Rounds
from annotation.signals import read_with_signals
from annotation.store.store import Store
from annotation.store.tables import ImageRow
from spotter.data.icdar import AnnotatedImage

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.types import GroundTruth

PERSON, FILE = "simulation", "simulation.db"
Load = Callable[[str | Path], "Spotter"]


@dataclass(frozen=True)
class Plan:
    """What is simulated; every order begins with the same weights and test photos."""

    orders: Sequence[str]  # of PHOTO_ORDERS
    rounds: int
    photos: int  # corrected per round
    seeds: int  # repetitions, which differ in the training and in the random order
    minutes: float  # of training per round
    weights: str
    test_share: float = 0.25  # of the photographs


@dataclass(frozen=True)
class Step:
    """The served weights after a round."""

    order: str
    seed: int
    round: int  # 0: before the first one
    photos: int  # corrected so far
    h: float  # end-to-end H on the test photos
    promoted: bool

    @classmethod
    def from_text(cls, row: Mapping[str, str]) -> Step:
        """From a row of a CSV file. Raises KeyError, ValueError."""
        numbers = {name: int(row[name]) for name in ("seed", "round", "photos")}
        promoted = {"True": True, "False": False}[row["promoted"]]
        return cls(row["order"], **numbers, h=float(row["h"]), promoted=promoted)


@dataclass
class Simulation:
    """One order with one seed, in a database of its own."""

    store: Store
    rounds: Rounds
    plan: Plan
    load: Load
    order: str
    seed: int
    truths: dict[int, list[GroundTruth]] = field(default_factory=dict)  # by the id of the photo
    test: list[int] = field(default_factory=list)
    signals: dict[int, list[Signals]] = field(default_factory=dict)

    def run(self, photographs: Sequence[AnnotatedImage]) -> Iterator[Step]:
        """The steps, as they are done. Raises AnnotationError."""
        project = self.store.ensure_project(PERSON)
        self._add(project, photographs)
        spotter = self.load(self.rounds.served()[1])
        h, corrected = self._measure(spotter), 0
        yield Step(self.order, self.seed, 0, 0, h, False)
        for number in range(1, self.plan.rounds + 1):
            chosen = self._choose(project, spotter)
            if not chosen:
                return  # all photos are corrected
            for image_id in chosen:
                self._correct(image_id)
            corrected += len(chosen)
            one = self.rounds.start(project, self.plan.minutes, who=PERSON)
            try:
                one = self.rounds.wait(one.id)
            except KeyboardInterrupt:  # its process would go on
                self.rounds.stop(one.id, PERSON)
                self.rounds.wait(one.id)
                raise
            if one.state != "done":
                raise RoundError(f"{one.name.capitalize()} {one.state}: {one.message}")
            if promoted := self.rounds.may_promote(one.id)[0]:
                self.rounds.promote(one.id, PERSON)
                spotter = self.load(self.rounds.served()[1])
                h = self._measure(spotter)
            yield Step(self.order, self.seed, number, corrected, h, promoted)

    def _add(self, project: int, photographs: Sequence[AnnotatedImage]) -> None:
        """Test photos are chosen by their hashes, near-duplicates with them; they never enter the queue."""
        for photograph in photographs:
            image, is_new = self.store.add_image(project, photograph.image)
            if is_new:
                self.truths[image.id] = list(photograph.regions)
        with self.store.read() as session:
            hashes = {photo.id: hashes_of(photo) for photo in session.scalars(select(ImageRow))}
        config = replace(self.rounds.config, holdout_share=self.plan.test_share)
        sides, _ = assign_sides({}, hashes.values(), config)
        self.test = [image_id for image_id, one in hashes.items() if sides[one] == HOLDOUT]
        left, needed = len(hashes) - len(self.test), config.min_photos
        if left < needed:
            raise RoundError(
                f"There are {left} photos to correct besides {len(self.test)} test photos; "
                f"a round needs {needed}."
            )
        for image_id in self.test:
            self.store.set_state(image_id, "skipped", PERSON, reason="test photo")

    def _choose(self, project: int, spotter: Spotter) -> list[int]:
        """The photos of the next round, read by the served weights."""
        if self.order != "random":
            self._read(self.store.unpredicted_images(project, self.rounds.served()[0], "new"), spotter)
        chosen = ordered_photos(self.store, project, self.order, self.seed, self.signals)[: self.plan.photos]
        self._read(chosen, spotter)
        return chosen

    def _read(self, image_ids: Sequence[int], spotter: Spotter) -> None:
        version = self.rounds.served()[0]
        for image in self.store.images_by_id(image_ids):
            words, signals = read_with_signals(spotter, self.store.image_path(image))
            if self.store.add_prediction(image.id, version, words, signals):
                self.signals[image.id] = [(w.score, s) for w, s in zip(words, signals, strict=True)]

    def _correct(self, image_id: int) -> None:
        regions = [
            Region(truth.polygon.tolist(), truth.text, illegible=truth.ignore or not truth.text)
            for truth in self.truths[image_id]
        ]
        self.store.save_regions(image_id, self.store.image(image_id).version, regions, PERSON)
        self.store.set_state(image_id, "done", PERSON)

    def _measure(self, spotter: Spotter) -> float:
        paths = [self.store.image_path(image) for image in self.store.images_by_id(self.test)]
        words = [spotter.spot(path) for path in paths]
        return float(h_mean(count_all([self.truths[i] for i in self.test], words)))


def simulate(
    photographs: Sequence[AnnotatedImage],
    plan: Plan,
    load: Load,
    config: RoundConfig = RoundConfig(),  # noqa: B008  # frozen
    worker: str = WORKER,
    done: Collection[tuple[str, int]] = (),
) -> Iterator[Step]:
    """The steps of all orders and seeds, without those `done`, as they are made. Raises AnnotationError."""
    for seed in range(plan.seeds):
        for order in plan.orders:
            if (order, seed) in done:
                continue
            with (
                TemporaryDirectory(prefix="simulation-") as folder,
                Store(f"sqlite:///{folder}/{FILE}") as store,
            ):
                rounds = Rounds(store, plan.weights, replace(config, seed=1000 * seed), worker)
                yield from Simulation(store, rounds, plan, load, order, seed).run(photographs)


@dataclass(frozen=True)
class Point:
    """An order after so many corrected photos, over all seeds."""

    photos: int
    mean: float  # of end-to-end H
    spread: float  # its standard deviation; 0 with one seed


def curves(steps: Sequence[Step]) -> dict[str, list[Point]]:
    """The points of each order, by the number of photos."""
    found: dict[str, dict[int, list[float]]] = {}
    for step in steps:
        found.setdefault(step.order, {}).setdefault(step.photos, []).append(step.h)
    return {
        order: [Point(n, statistics.fmean(hs), statistics.pstdev(hs)) for n, hs in sorted(by_photos.items())]
        for order, by_photos in found.items()
    }


def photos_to_reach(curve: Sequence[Point], h: float) -> int | None:
    """The least number of corrected photos with which the mean is as high; None: it never is."""
    return next((point.photos for point in curve if point.mean >= h), None)


def baseline(curves_: Mapping[str, Sequence[Point]]) -> Point | None:
    """The end of the random order, with which the others are compared."""
    return curves_["random"][-1] if "random" in curves_ else None
