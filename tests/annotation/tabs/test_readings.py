"""Regions that are read because a person drew or moved them."""

from __future__ import annotations

from annotation.region import Region
from annotation.store.predictions import model_version
from annotation.tabs.readings import Readings, read_polygons, read_regions

BOX = [[10.0, 10.0], [160.0, 10.0], [160.0, 60.0], [10.0, 60.0]]
THIN = [[10.0, 10.0], [10.2, 10.0], [10.2, 60.0]]
MOVED = [[x + 5, y] for x, y in BOX]


def proposal(name: str = "a", text: str = "wine") -> dict:
    return {"id": name, "points": BOX, "text": text, "score": 0.5, "characters": [], "model": "nano"}


def test_new_and_moved_regions_are_queued_and_retyped_or_illegible_ones_are_not():
    readings = Readings()
    before = [Region(BOX, "moved", "a"), Region(BOX, "retyped", "b"), Region(BOX, "gone", "c")]
    after = [Region(MOVED, "moved", "a"), Region(BOX, "RETYPED", "b"), Region(BOX, "", "d", illegible=True)]
    readings.note_edit(before, [*after, Region(BOX, "drawn", "e")])
    assert readings.take_to_read() == {"a": MOVED, "e": BOX}
    assert readings.take_to_read() == {}


def test_a_removed_region_is_no_longer_queued():
    readings = Readings({"a": BOX, "b": BOX})
    readings.note_edit([Region(BOX, "", "a"), Region(BOX, "", "b")], [Region(BOX, "", "b")])
    assert readings.to_read == {"b": BOX}


def test_a_suggestion_lasts_as_long_as_it_fits_its_region():
    for after, is_open in (
        (Region(BOX, "mine", "a"), True),
        (Region(MOVED, "mine", "a"), False),
        (Region(BOX, "wine", "a"), False),
        (Region(BOX, "mine", "b"), False),
    ):
        readings = Readings()
        readings.add([proposal()])
        readings.note_edit([after], [after])
        assert bool(readings.suggestions) is is_open


def test_only_suggestions_that_were_sent_are_closed():
    readings = Readings()
    readings.add([proposal("a"), proposal("b")])
    values = [
        {"id": "a", "suggestion": None},
        {"id": "b", "suggestion": proposal()},
        {"id": "c", "suggestion": None},
    ]
    assert readings.close(values) == {"a"}
    assert set(readings.suggestions) == {"b"}
    assert readings.close(values) == set()


def test_a_polygon_that_is_too_thin_has_no_reading(store, session, tiny_spotter):
    path = store.image_path(session.image)
    readings = read_polygons(tiny_spotter, path, {"thin": THIN, "box": BOX})
    assert list(readings) == ["box"]
    assert read_polygons(tiny_spotter, path, {"thin": THIN}) == {}


def test_readings_become_proposals(store, session, tiny_spotter):
    path = store.image_path(session.image)
    reading = read_polygons(tiny_spotter, path, {"box": BOX})["box"]
    (item,) = read_regions(tiny_spotter, path, {"box": BOX, "thin": THIN})
    assert (item["id"], item["points"], item["text"]) == ("box", BOX, reading.text)
    assert 0 <= item["score"] <= 1
    assert item["model"] == model_version(tiny_spotter.card)
