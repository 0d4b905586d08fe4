"""Orders in which photos are corrected."""

from __future__ import annotations

import pytest

from annotation.rounds.photo_orders import ONE_SIGNAL, PHOTO_ORDERS, ordered_photos
from annotation.rounds.records import RoundError
from annotation.signals import RegionSignals
from tests.annotation.rounds.conftest import word


@pytest.fixture
def photos(store, project, picture) -> list[int]:
    """Read, the first one with the highest scores of its characters; the last one is done."""
    ids = [store.add_image(project, picture(seed), f"{seed}.jpg")[0].id for seed in range(5)]
    for number, image_id in enumerate(ids):
        signals = [RegionSignals(weakest_character=0.9 - 0.1 * number)]
        store.add_prediction(image_id, "nano-1", [word("NOVA", score=0.9, origin="model")], signals)
    store.set_state(ids[-1], "done", "ann")
    return ids[:-1]


@pytest.mark.parametrize("order", PHOTO_ORDERS)
def test_every_order_has_all_new_photos_once(store, project, photos, order):
    assert sorted(ordered_photos(store, project, order, 0, {})) == photos


@pytest.mark.parametrize("order", PHOTO_ORDERS)
def test_no_photos(store, project, order):
    assert ordered_photos(store, project, order, 0, {}) == []


def test_the_least_certain_photo_comes_first(store, project, photos):
    assert ordered_photos(store, project, "uncertainty", 0, {})[0] == photos[-1]
    assert ordered_photos(store, project, "mixed", 0, {})[0] == photos[-1]


@pytest.mark.parametrize("order", ONE_SIGNAL)
def test_one_signal_alone_decides(store, project, photos, order):
    certain = RegionSignals(0.9, 0.1, 0.1, threshold=0.4)
    doubtful = {
        "character": (0.9, RegionSignals(0.1, 0.1, 0.1)),
        "box": (0.9, RegionSignals(0.9, 0.9, 0.1)),
        "mask": (0.9, RegionSignals(0.9, 0.1, 0.9)),
        "threshold": (0.45, certain),
    }
    signals = {photo: [(0.9, certain)] for photo in photos}
    signals |= {photo: [doubtful[name]] for photo, name in zip(photos, doubtful, strict=True)}
    assert ordered_photos(store, project, order, 0, signals)[0] == photos[list(doubtful).index(order)]


def test_an_unknown_order_is_one_sentence(store, project):
    with pytest.raises(RoundError, match="There is no order 'best'; expected one of random"):
        ordered_photos(store, project, "best", 0, {})
