"""Statistics of a project: work per person and day, agreement between people, mistakes per model version.

Hours are estimated from the times of saving, see MAX_PAUSE. Days are those of UTC.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import combinations

import numpy as np

from annotation.corrections import count_mistakes, find_corrections
from annotation.region import Region
from spotter.evaluation.metrics import EndToEndMetric, Scores
from spotter.types import GroundTruth, Word

MAX_COMPARED = 200  # photos, the latest, that the agreement of two people is measured on
MAX_PAUSE = 300  # seconds between two saves of a person; a longer gap is a break, not work
MIN_HOURS = 0.1  # of work, below which words per hour say nothing
DAY = 86400  # seconds

Changed = tuple[list[Region], list[Region]]  # of an image: as predicted, and as they are now
PersonDay = tuple[str, int]  # name, and the day as days since 1970


@dataclass(frozen=True)
class Work:
    """What a person did, on one day or in total."""

    who: str
    day: date | None  # UTC; None: in total
    done: int  # photos they marked as done
    approved: int  # photos they approved
    words: int  # all words of the photos they finished, and those they edited on others
    hours: float  # sum of the gaps between their saves, without those longer than MAX_PAUSE

    @property
    def words_per_hour(self) -> float | None:
        """None if there was too little time."""
        return self.words / self.hours if self.hours >= MIN_HOURS else None


@dataclass(frozen=True)
class Agreement:
    """How far two people agree on the photos that both did."""

    first: str
    second: str
    photos: int
    end_to_end: Scores  # of one person's words, as if the other's were true


@dataclass(frozen=True)
class Mistakes:
    """What people corrected in the words of a model version."""

    model_version: str
    photos: int
    words: int  # predicted words that a person checked
    wrong: int  # those that were corrected or removed
    kinds: Mapping[str, int]  # number of mistakes per kind of annotation.corrections.MISTAKES


@dataclass(frozen=True)
class Statistics:
    """Of one project."""

    days: Sequence[Work] = ()  # ordered by day, then by name
    people: Sequence[Work] = ()  # in total, most words first
    agreement: Sequence[Agreement] = ()  # most photos first
    shared_photos: int = 0  # that two or more people did; the agreement is that of the latest MAX_COMPARED
    models: Sequence[Mistakes] = ()  # newest first


@dataclass
class Saves:
    """What the store knows about people's work, aggregated."""

    seconds: dict[PersonDay, int] = field(default_factory=dict)
    edited: dict[tuple[str, int, int], int] = field(default_factory=dict)  # who, day, image -> words
    finished: set[tuple[str, int, int, str]] = field(default_factory=set)  # who, day, image, new state
    words: dict[int, int] = field(default_factory=dict)  # of every finished image


def work_per_day(saves: Saves) -> list[Work]:
    photos: dict[PersonDay, Counter[str]] = defaultdict(Counter)
    words: Counter[PersonDay] = Counter()
    whole = set()
    for who, day, image, state in saves.finished:
        photos[who, day][state] += 1
        if (who, day, image) not in whole:
            words[who, day] += saves.words.get(image, 0)
            whole.add((who, day, image))
    for (who, day, image), count in saves.edited.items():
        if (who, day, image) not in whole:
            words[who, day] += count
    keys = saves.seconds.keys() | photos.keys() | words.keys()
    return [
        Work(
            who,
            datetime.fromtimestamp(day * DAY, UTC).date(),
            photos[who, day]["done"],
            photos[who, day]["approved"],
            words[who, day],
            saves.seconds.get((who, day), 0) / 3600,
        )
        for who, day in sorted(keys, key=lambda key: (key[1], key[0]))
    ]


def work_per_person(days: Iterable[Work]) -> list[Work]:
    """The sums over the days, most words first."""
    by_person = defaultdict(list)
    for work in days:
        by_person[work.who].append(work)
    totals = [
        Work(
            who,
            None,
            sum(work.done for work in some),
            sum(work.approved for work in some),
            sum(work.words for work in some),
            sum(work.hours for work in some),
        )
        for who, some in by_person.items()
    ]
    return sorted(totals, key=lambda work: (-work.words, work.who))


class PairMetrics:
    """Compares people's versions of the same photos."""

    def __init__(self) -> None:
        self._metrics: dict[tuple[str, str], EndToEndMetric] = defaultdict(EndToEndMetric)
        self._photos: Counter[tuple[str, str]] = Counter()

    def add(self, versions: Sequence[tuple[str, Sequence[Region]]]) -> None:
        """The versions of one photo by different people, oldest first: the older one counts as true."""
        for (who, regions), (other, others) in combinations(versions, 2):
            pair = (who, other) if who < other else (other, who)
            words = [_word(region) for region in others if not region.illegible]
            self._metrics[pair].update([_ground_truth(region) for region in regions], words)
            self._photos[pair] += 1

    def summary(self) -> list[Agreement]:
        """Most photos first."""
        found = [
            Agreement(*pair, self._photos[pair], metric.summary()) for pair, metric in self._metrics.items()
        ]
        return sorted(found, key=lambda one: (-one.photos, one.first, one.second))


def _ground_truth(region: Region) -> GroundTruth:
    return GroundTruth(np.array(region.polygon, np.float32), region.text, ignore=region.illegible)


def _word(region: Region) -> Word:
    points = np.array(region.polygon)
    box = [*points.min(0).tolist(), *points.max(0).tolist()]
    return Word(region.id, region.polygon, box, region.text, 1.0, 1.0)


def mistakes_of(
    version: str,
    kept: Mapping[int, int],
    simple: Mapping[str, int],
    changed: Mapping[int, Changed],
) -> Mistakes:
    """`kept`: number of checked words by image, without those that were removed; `simple`: number of words by
    kind of which only the text is wrong; `changed`: by image, the predicted regions that were removed or got
    another shape, with the missed ones.
    """
    kinds, wrong, removed = Counter(simple), sum(simple.values()), 0
    for predicted, current in changed.values():
        corrections = find_corrections(predicted, current)
        kinds += count_mistakes(corrections)
        wrong += sum(bool(c.kinds) for c in corrections if c.before is not None)
        removed += len({region.id for region in predicted} - {region.id for region in current})
    photos = len(kept.keys() | changed.keys())
    return Mistakes(version, photos, sum(kept.values()) + removed, wrong, kinds)
