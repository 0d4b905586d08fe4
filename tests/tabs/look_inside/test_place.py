"""The place that the address names."""

from __future__ import annotations

import pytest

from spotter.tabs.look_inside.place import Place, photo_name
from spotter.tabs.shared.samples import SAMPLES


def test_an_address_names_photo_word_and_view():
    found = Place.of({"photo": "wall", "word": "3", "view": "matching"})
    assert (found.source.name, found.word, found.view) == ("wall.jpg", 2, "matching")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"photo": "../../etc/passwd", "word": "-1", "view": "nowhere"},
        {"photo": "", "word": "", "view": ""},
        {"photo": "launch.jpg", "word": "٣", "view": "<b>"},
        {"photo": "x" * 9999, "word": "9" * 9999},
        {"word": "0"},
    ],
)
def test_what_an_address_names_wrongly_is_the_first(query):
    assert Place.of(query) == Place()


def test_samples_have_names_and_other_photos_none(tmp_path):
    assert photo_name(SAMPLES[1].path) == "street"
    assert photo_name(tmp_path / "wall.jpg") == ""
    assert photo_name("launch.jpg") == ""
