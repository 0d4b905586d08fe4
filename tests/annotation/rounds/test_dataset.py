"""Photos of a round as folders to train on, and the hold-out."""

from __future__ import annotations

import numpy as np
import pytest

from annotation.region import Region
from annotation.rounds import dataset
from annotation.rounds.dataset import ground_truth, orient, read_holdout, write_folder
from spotter.data.icdar import read_folder
from spotter.images import read_image
from tests.annotation.rounds.training_round import WORD, add_photos

RISING = [[0, 40], [40, 0], [50, 10], [10, 50]]  # its upper edge first


def test_no_photo_no_folder(store, tmp_path):
    assert write_folder(store, [], tmp_path / "train" / "corrected") == 0
    assert write_folder(store, [17], tmp_path / "train" / "corrected") == 0
    assert list((tmp_path / "train").iterdir()) == []


def test_one_photo(store, tmp_path):
    (image_id,) = add_photos(store, 1)
    assert write_folder(store, [image_id], tmp_path / "corrected") == 1
    (sample,) = read_folder(tmp_path / "corrected")
    (truth,) = sample.regions
    assert (truth.text, truth.ignore, truth.polygon.tolist()) == ("word0", False, WORD)
    stored = store.image_path(store.image(image_id))
    assert np.array_equal(read_image(sample.image), read_image(stored))


def test_what_cannot_be_read_is_do_not_care(store, tmp_path):
    """Left out, it would be taught as a place without text."""
    regions = [
        {"polygon": WORD, "text": "two\nlines"},
        {"polygon": WORD, "text": "seen", "illegible": True},
        {"polygon": WORD, "text": "###"},
        {"polygon": WORD, "text": ""},
        {"polygon": [[20, 20], [35, 20], [35, 90], [20, 90]], "text": "which way?"},
    ]
    write_folder(store, add_photos(store, 1, regions), tmp_path / "corrected")
    (sample,) = read_folder(tmp_path / "corrected")
    assert [(r.text, r.ignore) for r in sample.regions] == [("", True)] * 3 + [("", False)] * 2


def test_a_photo_with_many_points(store, tmp_path):
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    circle = np.stack([60 + 40 * np.cos(angles), 60 + 40 * np.sin(angles)], 1).tolist()
    write_folder(store, add_photos(store, 1, [{"polygon": circle, "text": "O"}]), tmp_path / "corrected")
    (sample,) = read_folder(tmp_path / "corrected")
    assert 3 <= len(sample.regions[0].polygon) <= 16


def test_a_killed_write_leaves_no_folder(store, tmp_path, monkeypatch):
    ids = add_photos(store, 2)
    with monkeypatch.context() as patch:
        patch.setattr(dataset, "write_ground_truth", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_folder(store, ids, tmp_path / "corrected")
    assert not (tmp_path / "corrected").exists()
    assert write_folder(store, ids, tmp_path / "corrected") == 2
    assert len(read_folder(tmp_path / "corrected")) == 2


def test_holdout(store):
    assert read_holdout(store, []) == []
    first, second, deleted = add_photos(store, 3)
    store.image_path(store.image(deleted)).unlink()
    photos = read_holdout(store, [second, deleted, first])
    assert [photo.image_id for photo in photos] == [second, first]
    assert [truth.text for truth in photos[0].truth] == ["word1"]
    assert photos[0].region_ids == [region.id for region in store.regions(second)]


def test_truth_of_an_illegible_region():
    truth = ground_truth(Region(WORD, "text", illegible=True))
    assert (truth.text, truth.ignore) == ("", True)


@pytest.mark.parametrize(
    ("polygon", "first", "known"),
    [
        (WORD, WORD[0], True),
        (np.roll(WORD, -1, axis=0).tolist(), WORD[0], True),
        (RISING, RISING[0], True),
        (np.roll(RISING, -1, axis=0).tolist(), RISING[0], True),
        ([[0, 0], [20, 0], [20, 100], [0, 100]], None, False),  # down or up?
        ([[0, 100], [0, 0], [20, 0], [20, 100]], [0, 100], True),  # a person began at its lower left: up
        ([[0, 0], [30, 0], [60, 10], [60, 30], [0, 30]], [0, 0], True),
        ([[0, 0], [30, 0], [30, 90], [15, 95], [0, 90]], None, False),
    ],
)
def test_where_a_word_begins(polygon, first, known):
    turned, is_known = orient(np.array(polygon, np.float32), "text")
    assert is_known == known
    if known:
        assert turned[0].tolist() == first
    assert sorted(turned.tolist()) == sorted(polygon)


def test_a_single_character_begins_anywhere():
    tall = np.array([[0, 0], [20, 0], [20, 100], [0, 100]], np.float32)
    assert orient(tall, "I")[1]
