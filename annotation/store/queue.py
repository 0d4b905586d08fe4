"""The queue of images to be corrected, and the progress of a project.

A queue is a list of image ids, read from the table of images alone. Near-duplicates (frames of one film, a
photo saved twice) are moved apart where possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select

from annotation.region import AnnotationError
from annotation.review import OPEN_STATES, STATES
from annotation.store.projects import in_project
from annotation.store.store import Store
from annotation.store.tables import ImageRow
from spotter.language import tr

ORDERS = ("uncertainty", "random", "oldest", "name")
MAX_NEAR_BITS = 10  # maximum number of differing bits, of the 64 of the dHash, between near-duplicates
MIN_DISTANCE = 3  # images between near-duplicates
MAX_POSTPONED = 32  # images postponed at a time: bounds the cost of a long film


@dataclass(frozen=True)
class Progress:
    """Number of images of a project in each state."""

    new: int
    in_work: int
    done: int
    approved: int
    skipped: int = 0

    @property
    def total(self) -> int:
        return self.wanted + self.skipped

    @property
    def wanted(self) -> int:
        """Number of images to be annotated: all but the skipped ones."""
        return self.new + self.in_work + self.done + self.approved

    @property
    def finished(self) -> float:
        """Share of the wanted images that are done or approved, 0..1; 0 without any."""
        return (self.done + self.approved) / self.wanted if self.wanted else 0.0


def queue(
    store: Store,
    project_id: int,
    order: str = "uncertainty",
    states: Sequence[str] = OPEN_STATES,
    seed: int = 0,
    diverse: bool = True,
) -> list[int]:
    """Ids of a project's images in the given states, in the order in which to correct them.

    `order`: "uncertainty" (highest first, images without a prediction last), "random" (the same for the same
    seed, even if images are added or removed), "oldest" or "name"; `diverse`: moves near-duplicates apart,
    except in the order by name.

    Raises AnnotationError.
    """
    if order not in ORDERS:
        raise AnnotationError(
            tr("There is no order {order!r}; expected one of {known}.", order=order, known=", ".join(ORDERS))
        )
    if unknown := [state for state in states if state not in STATES]:
        raise AnnotationError(
            tr(
                "There is no state {unknown!r}; expected one of {known}.",
                unknown=unknown[0],
                known=", ".join(STATES),
            )
        )
    key = ImageRow.uncertainty if order == "uncertainty" else ImageRow.id
    query = select(ImageRow.id, ImageRow.dhash, key)
    query = query.where(in_project(project_id), ImageRow.state.in_(states))
    if order in ("oldest", "name"):
        query = query.order_by(ImageRow.added if order == "oldest" else ImageRow.sort_name, ImageRow.id)
    with store.read() as session:
        rows = session.connection().execute(query).all()
    if not rows:
        return []
    ids, hashes, keys = zip(*rows, strict=True)
    if order in ("uncertainty", "random"):
        if order == "random":
            indices = np.argsort(random_keys(ids, seed), kind="stable")
        else:
            uncertainties = np.array([-1.0 if key is None else key for key in keys])
            indices = np.lexsort((ids, -uncertainties))
        ids, hashes = np.array(ids)[indices].tolist(), np.array(hashes)[indices].tolist()
    return spread(ids, hashes) if diverse and order != "name" else list(ids)


def next_image(ids: Sequence[int], current: int | None) -> int | None:
    """The image after `current`; the first one if `current` is not in the queue; None at the end."""
    return _step(ids, current, 1)


def previous_image(ids: Sequence[int], current: int | None) -> int | None:
    """The image before `current`; the first one if `current` is not in the queue; None at the beginning."""
    return _step(ids, current, -1)


def progress(store: Store, project_id: int) -> Progress:
    query = select(ImageRow.state, func.count()).where(in_project(project_id)).group_by(ImageRow.state)
    with store.read() as session:
        counts = dict(session.execute(query).fetchall())
    return Progress(*(counts.get(state, 0) for state in STATES))


def random_keys(ids: Sequence[int], seed: int) -> np.ndarray:
    """(N,) uint64: a pseudo-random number per id, determined by id and seed (SplitMix64)."""
    with np.errstate(over="ignore"):
        z = np.asarray(ids, dtype=np.uint64) + np.uint64(seed % 2**64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def spread(ids: Sequence[int], hashes: Sequence[int]) -> list[int]:
    """Reorders ids so that near-duplicates (by dHash) are apart; greedy, keeps the order otherwise.

    A near-duplicate of the last images is postponed; what cannot be moved apart comes at the end.
    """
    found: list[int] = []
    postponed: list[tuple[int, int]] = []  # (id, dHash)
    recent: list[int] = []  # the last dHashes
    # While nothing is postponed, runs without near-duplicates are copied as a whole.
    near = [*np.flatnonzero(near_previous(np.asarray(hashes, dtype=np.int64))).tolist(), len(ids)]
    i = stop = 0  # index of the image; of the next near-duplicate in `near`
    while i < len(ids):
        last = list(ids[i - MIN_DISTANCE : i])
        if not postponed and len(found) >= MIN_DISTANCE and found[-MIN_DISTANCE:] == last:
            while near[stop] < i:
                stop += 1
            found += ids[i : near[stop]]
            recent = list(hashes[near[stop] - MIN_DISTANCE : near[stop]])
            i = near[stop]
            if i == len(ids):
                break
        if _is_near(hashes[i], recent) and len(postponed) < MAX_POSTPONED:
            postponed.append((ids[i], hashes[i]))
        else:
            found.append(ids[i])
            recent = [*recent[1 - MIN_DISTANCE :], hashes[i]]
            for image in postponed:  # the first one that is far enough now
                if not _is_near(image[1], recent):
                    postponed.remove(image)
                    found.append(image[0])
                    recent = [*recent[1 - MIN_DISTANCE :], image[1]]
                    break
        i += 1
    return found + [image_id for image_id, _ in postponed]


def near_previous(hashes: np.ndarray) -> np.ndarray:
    """(N,) bool: whether each dHash of (N,) int64 is near one of the MIN_DISTANCE before it."""
    near = np.zeros(len(hashes), dtype=bool)
    for back in range(1, min(MIN_DISTANCE, len(hashes) - 1) + 1):
        near[back:] |= np.bitwise_count((hashes[back:] ^ hashes[:-back]).view(np.uint64)) <= MAX_NEAR_BITS
    return near


def _is_near(dhash: int, recent: Sequence[int]) -> bool:
    # The mask limits Python's unbounded two's complement to 64 bits.
    return any(((dhash ^ other) & 0xFFFFFFFFFFFFFFFF).bit_count() <= MAX_NEAR_BITS for other in recent)


def _step(ids: Sequence[int], current: int | None, by: int) -> int | None:
    if current not in ids:
        return ids[0] if ids else None
    index = ids.index(current) + by
    return ids[index] if 0 <= index < len(ids) else None
