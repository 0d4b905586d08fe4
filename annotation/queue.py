"""What to correct next, and how far a project is.

The queue is a list of image ids, made from the table of images alone; next and previous are steps in it.
Near-duplicates (frames of one film, a photo saved twice) are moved apart where the order allows it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select

from annotation.review import STATES
from annotation.schema import AnnotationError
from annotation.store import Store
from annotation.tables import ImageRow

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
    also when
    images come or go), "oldest" or "name". `diverse` has no effect on "name". Raises AnnotationError.
    """
    if order not in ORDERS:
        raise AnnotationError(f"There is no order {order!r}; expected one of {', '.join(ORDERS)}.")
    if unknown := [state for state in states if state not in STATES]:
        raise AnnotationError(f"There is no state {unknown[0]!r}; expected one of {', '.join(STATES)}.")
    query = select(ImageRow.id, ImageRow.dhash).where(
        ImageRow.project_id == project_id, ImageRow.state.in_(states)
    )
    by = {
        "uncertainty": (func.coalesce(ImageRow.uncertainty, -1).desc(), ImageRow.id),
        "oldest": (ImageRow.added, ImageRow.id),
        "name": (ImageRow.sort_name, ImageRow.id),
        "random": (ImageRow.id,),
    }[order]
    with store.read() as session:
        rows = session.connection().execute(query.order_by(*by)).fetchall()
    if order == "random" and rows:
        keys = shuffled([row[0] for row in rows], seed)
        rows = [rows[i] for i in np.argsort(keys, kind="stable").tolist()]
    if diverse and order != "name":
        return list(spread([(row[0], row[1]) for row in rows]))
    return [row[0] for row in rows]


def next_image(ids: Sequence[int], current: int | None) -> int | None:
    """The image after `current` in a queue; the first one when it is not in it (it was done); None at the
    end."""
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


def spread(images: Sequence[tuple[int, int]]) -> Iterator[int]:
    """(id, dHash) in the order of importance -> ids; greedy, a near-duplicate of the last images is held
    back.

    What cannot be moved apart comes at the end in the old order.
    """
    waiting: deque[tuple[int, int]] = deque()
    recent: deque[int] = deque(maxlen=APART)

    def is_near(dhash: int) -> bool:
        # & turns Python's endless sign into 64 bits
        return any(((dhash ^ other) & 0xFFFFFFFFFFFFFFFF).bit_count() <= NEAR_BITS for other in recent)

    for image, dhash in images:
        if is_near(dhash) and len(waiting) < PATIENCE:
            waiting.append((image, dhash))
            continue
        recent.append(dhash)
        yield image
        for held in list(waiting):  # the most important one that has become far enough
            if not is_near(held[1]):
                waiting.remove(held)
                recent.append(held[1])
                yield held[0]
                break
    yield from (image for image, _ in waiting)


def _step(ids: Sequence[int], current: int | None, by: int) -> int | None:
    if current not in ids:
        return ids[0] if ids else None
    place = ids.index(current) + by
    return ids[place] if 0 <= place < len(ids) else None
