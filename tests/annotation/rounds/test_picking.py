"""What a round would learn from."""

from __future__ import annotations

import pytest

from annotation.rounds import ledger
from annotation.rounds.config import RoundConfig
from annotation.rounds.picking import Examiner, count_words, pick
from annotation.store.bin import delete_images, skip_image
from annotation.store.turning import turn_image

CONFIG = RoundConfig()


def ids(photos) -> set[int]:
    return {photo.id for photo in photos}


def test_an_empty_project(store, project):
    with store.read() as session:
        picked = pick(session, project, None, CONFIG)
        assert (picked.new, picked.train, picked.replay, picked.holdout) == ([], [], [], [])
        assert picked.missing(CONFIG) == CONFIG.min_photos
        assert count_words(session, []) == 0
        assert Examiner().examine(session, [], CONFIG)[0].total == 0


def test_one_photo_is_held_out(store, project, corrected):
    (only,) = corrected(1)
    with store.read() as session:
        picked = pick(session, project, None, CONFIG)
        assert (ids(picked.new), picked.train, ids(picked.holdout)) == ({only}, [], {only})
        assert picked.missing(CONFIG) == 9


def test_only_photos_that_are_done_or_approved(store, project, corrected, picture):
    some = corrected(12)
    store.add_image(project, picture(900), "new.jpg")
    store.set_state(some[0], "approved", "ann")
    store.set_state(some[1], "in work", "ann")
    skip_image(store, some[1], "blurred", "ann")
    delete_images(store, [some[2]], "ann")
    with store.read() as session:
        assert ids(pick(session, project, None, CONFIG).new) == {some[0], *some[3:]}


def test_turned_photos_stay_on_their_side(store, project, corrected):
    corrected(10)
    with store.write() as session:
        picked = pick(session, project, None, CONFIG)
        ledger.freeze_sides(session, project, picked.sides)
        held, trained = ids(picked.holdout), ids(picked.train)
    turned = {
        side: turn_image(store, min(side_ids), 1, "ann").id for side, side_ids in enumerate((held, trained))
    }
    twice = turn_image(store, turn_image(store, max(held), 1, "ann").id, 1, "ann").id
    with store.read() as session:
        again = pick(session, project, None, CONFIG)
        assert ids(again.holdout) == held - {min(held), max(held)} | {turned[0], twice}
        assert ids(again.train) == trained - {min(trained)} | {turned[1]}
        assert again.sides == {}


@pytest.fixture
def learnt(rounds, project, corrected):
    """Twelve photos and the id of a promoted round that learnt from them."""
    some = corrected(12)
    one = rounds.wait(rounds.start(project).id)
    rounds.promote(one.id, "ann")
    return some, one.id


def test_what_was_learnt_is_replayed_and_what_was_corrected_again_is_new(store, project, corrected, learnt):
    some, round_id = learnt
    with store.read() as session:
        picked = pick(session, project, round_id, CONFIG)
        assert (picked.new, picked.train, picked.sides) == ([], [], {})
        assert len(picked.replay) == 7
        assert picked.missing(CONFIG) == 1
        again = picked.replay[0].id
        held = ids(picked.holdout)
    image = store.open_image(again)
    regions = [{**region.to_json(), "text": "OTHER"} for region in image.regions]
    store.save_regions(again, image.image.version, regions, "bob")
    store.set_state(again, "done", "bob")
    added = corrected(3)
    with store.read() as session:
        picked = pick(session, project, round_id, CONFIG)
        assert ids(picked.new) == {again, *added}
        assert (len(picked.replay), ids(picked.holdout)) == (6, held)
        few = RoundConfig(max_replay=2)
        replay = pick(session, project, round_id, few).replay
        assert len(replay) == 2
        assert ids(pick(session, project, round_id, few).replay) == ids(replay)
        assert ids(pick(session, project, None, CONFIG).new) == {*some, *added}  # after a rollback
        assert ledger.lineage(session, round_id) == [round_id]
        assert ledger.lineage(session, None) == []


def test_corrections_are_examined_once(store, project, corrected, monkeypatch):
    corrected(3)
    examiner = Examiner()
    with store.read() as session:
        photos = ledger.confirmed_photos(session, project)
        first, _ = examiner.examine(session, photos, CONFIG)
        monkeypatch.setattr("annotation.rounds.picking.load_regions", None)
        again, suspicions = examiner.examine(session, photos, CONFIG)
        assert first == again
        assert again.kinds == {"text": 3}
        assert suspicions.photos == 3
        assert examiner.examine(session, photos, RoundConfig(max_counted=2))[0].total == 2
