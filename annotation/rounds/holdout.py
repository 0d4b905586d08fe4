"""Which photos are held out: frozen by the hash of the image, near-duplicates on the same side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from annotation.rounds.config import RoundConfig

TRAIN, HOLDOUT = "train", "holdout"
LEFT_OUT = "left out"  # a near-duplicate of photos on both sides
LOOKS = 8  # of a photo: its quarter turns, as it is and mirrored
CHUNK = 1000  # rows of the matrix of distances at a time


@dataclass(frozen=True)
class Hashes:
    """Of an image: exact and perceptual."""

    sha256: str
    dhash: int  # signed 64-bit integer
    turned: bytes | None = None  # see annotation.store.images.turned_dhashes; None: not known

    @property
    def looks(self) -> list[int]:
        """The dHashes of its LOOKS: as it is, then turned and mirrored."""
        turned = np.frombuffer(self.turned, dtype=">i8").tolist() if self.turned else []
        return [self.dhash, *turned] if len(turned) == LOOKS - 1 else [self.dhash] * LOOKS


def assign_sides(
    known: Mapping[Hashes, str], photos: Iterable[Hashes], config: RoundConfig
) -> tuple[dict[Hashes, str], bool]:
    """The side of each new photo; what is `known` stays.

    Groups of near-duplicates are held out in the order of their hashes until the hold-out has its share of
    all photos. True: they look so alike that near-duplicates had to be separated.
    """
    assigned = {photo.sha256 for photo in known}
    new = sorted({p for p in photos if p.sha256 not in assigned}, key=lambda photo: photo.sha256)
    bits = config.near_duplicate
    groups: list[list[Hashes]] = [[] for _ in new]
    for photo, label in zip(new, near_duplicate_groups(new, bits), strict=True):
        groups[label].append(photo)
    sides: dict[Hashes, str] = {}
    free = []
    for group in filter(None, groups):
        closest = _distances(group, [*known]).min(0)
        near = {side for side, bit in zip(known.values(), closest, strict=True) if bit <= bits}
        near -= {LEFT_OUT}
        if near:
            sides |= dict.fromkeys(group, near.pop() if len(near) == 1 else LEFT_OUT)
        else:
            free.append(group)
    everyone = [*known.values(), *sides.values()]
    total = sum(side != LEFT_OUT for side in everyone) + sum(map(len, free))
    wanted = max(config.min_holdout, round(config.holdout_share * total)) - everyone.count(HOLDOUT)
    chosen = _fill(free, wanted)
    alike = False
    if len(chosen) < min(wanted, config.min_holdout) and HOLDOUT not in everyone:
        single = _fill([[photo] for group in free for photo in group], wanted)
        alike, chosen = len(single) > len(chosen), single
    sides |= {photo: HOLDOUT if photo in chosen else TRAIN for group in free for photo in group}
    return sides, alike


def assign_folds(photos: Sequence[Hashes], config: RoundConfig) -> list[int]:
    """The part of a cross-validation in which each photo is; near-duplicates are in the same one."""
    groups = near_duplicate_groups(photos, config.near_duplicate)
    _, first, sizes = np.unique(groups, return_index=True, return_counts=True)
    filled, fold_of = [0] * config.folds, {}
    for group in sorted(range(len(sizes)), key=lambda group: (-sizes[group], first[group])):
        fold_of[group] = filled.index(min(filled))
        filled[fold_of[group]] += int(sizes[group])
    return [fold_of[group] for group in groups.tolist()]


def near_duplicate_groups(photos: Sequence[Hashes], max_bits: int) -> np.ndarray:
    """The number of the group of each photo; groups are connected by chains of near-duplicates."""
    count = len(photos)
    pairs: list[np.ndarray] = [np.zeros((2, 0), dtype=np.int64)]
    for start in range(0, count, CHUNK):
        rows, columns = np.nonzero(_distances(photos[start : start + CHUNK], photos) <= max_bits)
        pairs.append(np.stack([rows + start, columns]))
    rows, columns = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(count, count))
    return connected_components(graph, directed=False)[1] if count else np.zeros(0, dtype=int)


def _distances(first: Sequence[Hashes], second: Sequence[Hashes]) -> np.ndarray:
    """(F, S): number of differing bits, of the first ones in the look that is most like the second one."""
    looks = np.array([photo.looks for photo in first], dtype=np.int64).reshape(-1, LOOKS)
    columns = np.array([photo.dhash for photo in second], dtype=np.int64)
    bits = (np.bitwise_count((look[:, None] ^ columns).view(np.uint64)) for look in looks.T)
    return reduce(np.minimum, bits)


def _fill(groups: Sequence[Sequence[Hashes]], wanted: int) -> set[Hashes]:
    """The photos of the first groups that fit into this number."""
    chosen: set[Hashes] = set()
    for group in groups:
        if len(chosen) + len(group) <= wanted:
            chosen.update(group)
    return chosen
