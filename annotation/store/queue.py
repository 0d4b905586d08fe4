"""What to correct next, and how far a project is.

The queue is a list of image ids, made from the table of images alone; next and previous are steps in it.
Near-duplicates (frames of one film, a photo saved twice) are moved apart where the order allows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select

from annotation.region import AnnotationError
from annotation.store.review import STATES
from annotation.store.store import Store
from annotation.store.tables import ImageRow

ORDERS = ("uncertainty", "random", "oldest", "name")
OPEN = ("new", "in work")  # states of images that wait for a person
NEAR_BITS = 10  # of the 64 of the dHash: photos of the same scene differ in fewer
APART = 3  # images after which a near-duplicate may follow
PATIENCE = 32  # images that may be held back at a time, so that one endless film stays cheap


@dataclass(frozen=True)
class Progress:
    """Number of images of a project in each state."""

    new: int
    in_work: int
    done: int
    approved: int

    @property
    def total(self) -> int:
        return self.new + self.in_work + self.done + self.approved

    @property
    def finished(self) -> float:
        """0..1, part of the images that nobody has to touch any more; 0 without images."""
        return (self.done + self.approved) / self.total if self.total else 0.0


def queue(
    store: Store,
    project_id: int,
    order: str = "uncertainty",
    states: Sequence[str] = OPEN,
    seed: int = 0,
    diverse: bool = True,
) -> list[int]:
    """Ids of a project's images in the given states, the next one to be corrected first.

    `order`: "uncertainty" (images that no model has seen come last), "random" (the same for the same seed,
    even when images come or go), "oldest" or "name", on which `diverse` has no effect.

    Raises AnnotationError.
    """
    if order not in ORDERS:
        raise AnnotationError(f"There is no order {order!r}; expected one of {', '.join(ORDERS)}.")
    if unknown := [state for state in states if state not in STATES]:
        raise AnnotationError(f"There is no state {unknown[0]!r}; expected one of {', '.join(STATES)}.")
    key = ImageRow.uncertainty if order == "uncertainty" else ImageRow.id
    query = select(ImageRow.id, ImageRow.dhash, key).where(
        ImageRow.project_id == project_id, ImageRow.state.in_(states)
    )
    if order in ("oldest", "name"):
        query = query.order_by(ImageRow.added if order == "oldest" else ImageRow.sort_name, ImageRow.id)
    with store.read() as session:
        rows = session.connection().execute(query).all()
    if not rows:
        return []
    ids, hashes, keys = zip(*rows, strict=True)
    if order in ("uncertainty", "random"):
        if order == "random":
            places = np.argsort(shuffled(ids, seed), kind="stable")
        else:
            doubts = np.array([-1.0 if key is None else key for key in keys])
            places = np.lexsort((ids, -doubts))
        ids, hashes = np.array(ids)[places].tolist(), np.array(hashes)[places].tolist()
    return spread(ids, hashes) if diverse and order != "name" else list(ids)


def next_image(ids: Sequence[int], current: int | None) -> int | None:
    """The image after `current` in a queue; the first when it is not in it (it was done); None at the end."""
    return _step(ids, current, 1)


def previous_image(ids: Sequence[int], current: int | None) -> int | None:
    """The image before `current` in a queue; the first one when it is not in it; None at the beginning."""
    return _step(ids, current, -1)


def progress(store: Store, project_id: int) -> Progress:
    query = (
        select(ImageRow.state, func.count()).where(ImageRow.project_id == project_id).group_by(ImageRow.state)
    )
    with store.read() as session:
        counts = dict(session.execute(query).fetchall())
    return Progress(*(counts.get(state, 0) for state in STATES))


def shuffled(ids: Sequence[int], seed: int) -> np.ndarray:
    """(N,) uint64: a random number for every id, the same for the same seed (SplitMix64)."""
    with np.errstate(over="ignore"):
        z = np.asarray(ids, dtype=np.uint64) + np.uint64(seed % 2**64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def spread(ids: Sequence[int], hashes: Sequence[int]) -> list[int]:
    """Ids and dHashes by importance -> ids; greedy, a near-duplicate of the last images is held back.

    What cannot be moved apart comes at the end in the old order.
    """
    found: list[int] = []
    waiting: list[tuple[int, int]] = []
    recent: list[int] = []
    # Where nothing is held back, images far from the ones before them can be taken without looking again.
    near = [*np.flatnonzero(near_previous(np.asarray(hashes, dtype=np.int64))).tolist(), len(ids)]
    step = stop = 0  # number of the image; that of the next near one
    while step < len(ids):
        if not waiting and len(found) >= APART and found[-APART:] == list(ids[step - APART : step]):
            while near[stop] < step:
                stop += 1
            found += ids[step : near[stop]]
            recent = list(hashes[near[stop] - APART : near[stop]])
            step = near[stop]
            if step == len(ids):
                break
        if _is_near(hashes[step], recent) and len(waiting) < PATIENCE:
            waiting.append((ids[step], hashes[step]))
        else:
            found.append(ids[step])
            recent = [*recent[1 - APART :], hashes[step]]
            for held in waiting:  # the most important one that has become far enough
                if not _is_near(held[1], recent):
                    waiting.remove(held)
                    found.append(held[0])
                    recent = [*recent[1 - APART :], held[1]]
                    break
        step += 1
    return found + [image for image, _ in waiting]


def near_previous(hashes: np.ndarray) -> np.ndarray:
    """(N,) bool: whether a dHash of (N,) int64 is near one of the few before it."""
    near = np.zeros(len(hashes), dtype=bool)
    for back in range(1, min(APART, len(hashes) - 1) + 1):
        near[back:] |= np.bitwise_count((hashes[back:] ^ hashes[:-back]).view(np.uint64)) <= NEAR_BITS
    return near


def _is_near(dhash: int, recent: Sequence[int]) -> bool:
    # & turns Python's endless sign into 64 bits
    return any(((dhash ^ other) & 0xFFFFFFFFFFFFFFFF).bit_count() <= NEAR_BITS for other in recent)


def _step(ids: Sequence[int], current: int | None, by: int) -> int | None:
    if current not in ids:
        return ids[0] if ids else None
    place = ids.index(current) + by
    return ids[place] if 0 <= place < len(ids) else None
