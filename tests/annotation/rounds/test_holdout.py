"""The hold-out: frozen by hash, near-duplicates on the same side."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from annotation.rounds.config import RoundConfig
from annotation.rounds.holdout import (
    HOLDOUT,
    LEFT_OUT,
    TRAIN,
    Hashes,
    assign_folds,
    assign_sides,
    near_duplicate_groups,
)
from annotation.store.images import dhash, turned_dhashes

CONFIG = RoundConfig()


def photos(count: int, start: int = 0) -> list[Hashes]:
    """With dHashes that are far apart."""
    numbers = np.random.default_rng(1).integers(-(2**63), 2**63, 2000)
    names = [hashlib.sha256(bytes([i % 256, i // 256])).hexdigest() for i in range(start, start + count)]
    return [Hashes(name, int(numbers[start + i])) for i, name in enumerate(names)]


def count(sides, side=HOLDOUT) -> int:
    return list(sides.values()).count(side)


def test_none_and_one():
    assert assign_sides({}, [], CONFIG) == ({}, False)
    (one,) = photos(1)
    assert assign_sides({}, [one], CONFIG) == ({one: HOLDOUT}, False)


def test_a_fifth_and_at_least_five():
    for total, held in ((10, 5), (25, 5), (40, 8), (200, 40)):
        sides, alike = assign_sides({}, photos(total), CONFIG)
        assert (len(sides), count(sides), alike) == (total, held, False)


def test_it_does_not_depend_on_the_order():
    assert assign_sides({}, photos(30)[::-1], CONFIG) == assign_sides({}, photos(30), CONFIG)


def test_nothing_moves_and_the_share_holds():
    known, _ = assign_sides({}, photos(30), CONFIG)
    for total in (31, 60, 300):
        new, _ = assign_sides(known, photos(total), CONFIG)
        assert not {one.sha256 for one in new} & {one.sha256 for one in known}
        known |= new
        assert count(known) == max(6, round(0.2 * total))


def test_near_duplicates_are_on_the_same_side():
    originals = photos(40)
    copies = [Hashes(hashlib.sha256(o.sha256.encode()).hexdigest(), o.dhash ^ 0b101) for o in originals]
    sides, _ = assign_sides({}, [*originals, *copies], CONFIG)
    assert all(sides[a] == sides[b] for a, b in zip(originals, copies, strict=True))
    assert count(sides) == 16
    known, _ = assign_sides({}, originals, CONFIG)
    later, _ = assign_sides(known, copies, CONFIG)
    assert all(known[a] == later[b] for a, b in zip(originals, copies, strict=True))


def test_a_near_duplicate_of_both_sides_is_left_out():
    trained, held = Hashes("a" * 64, 0), Hashes("b" * 64, 0b1111_1111)
    between = Hashes("c" * 64, 0b1111)
    assert assign_sides({trained: TRAIN, held: HOLDOUT}, [between], CONFIG)[0] == {between: LEFT_OUT}


def test_photos_that_all_look_alike_are_separated_with_a_warning():
    alike = [Hashes(one.sha256, i % 2) for i, one in enumerate(photos(20))]
    sides, warning = assign_sides({}, alike, CONFIG)
    assert (count(sides), count(sides, TRAIN), warning) == (5, 15, True)


def hashed(*dhashes: int) -> list[Hashes]:
    return [Hashes(f"{i:064}", one) for i, one in enumerate(dhashes)]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", range(4))
def test_turned_and_mirrored_photos_are_on_the_side_of_the_original(turns, mirrored):
    known, _ = assign_sides({}, photos(30), CONFIG)
    for number, side in enumerate((HOLDOUT, TRAIN)):
        small = np.random.default_rng(number).integers(0, 256, (8, 9, 3), np.uint8)
        pixels = small.repeat(40, 0).repeat(50, 1)
        original = Hashes(f"{number}" * 64, dhash(pixels))  # as the ledger has it, without its turns
        other = np.ascontiguousarray(np.rot90(pixels[:, ::-1] if mirrored else pixels, turns))
        copy = Hashes("c" * 64, dhash(other), turned_dhashes(other))
        assert assign_sides(known | {original: side}, [copy], CONFIG) == ({copy: side}, False)
        assert near_duplicate_groups([original, *photos(3), copy], 6).tolist() == [0, 1, 2, 3, 0]


def test_groups():
    assert near_duplicate_groups([], 6).tolist() == []
    assert near_duplicate_groups(hashed(0, -1, 0b111111, 0b111111 << 6 | 0b111111), 6).tolist() == [
        0,
        1,
        0,
        0,
    ]


def test_folds_hold_near_duplicates_together():
    config = RoundConfig(folds=3)
    assert assign_folds([], config) == []
    assert assign_folds(hashed(5), config) == [0]
    far = [0, 2**20 - 1, (2**20 - 1) << 20, (2**20 - 1) << 40]
    assert sorted(assign_folds(hashed(*far), config)) == [0, 0, 1, 2]
    assert assign_folds(hashed(*far[:2], far[0] + 1, far[2]), config) == [0, 1, 0, 2]
    assert set(assign_folds(hashed(7, 7, 7, 7), config)) == {0}
