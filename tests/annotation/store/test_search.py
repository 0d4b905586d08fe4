"""Photos by name and words by text."""

from __future__ import annotations

import pytest

from annotation.region import Region
from annotation.store import search as module
from annotation.store.bin import delete_images
from annotation.store.search import Hit, SearchResult, search

HOUSE = [[10, 10], [60, 10], [60, 30], [10, 30]]
DECOMPOSED = "CAFE\u0301"


@pytest.fixture
def put(store, picture):
    """Adds an image to the project "p" with a region per text."""

    def add(seed: int, name: str, *texts: str, project: str = "p") -> int:
        image, _ = store.add_image(store.ensure_project(project), picture(seed), name)
        store.save_regions(image.id, 0, [Region(HOUSE, text, f"r{i}") for i, text in enumerate(texts)], "ann")
        return image.id

    return add


def find(store, query: str, limit: int = 100) -> SearchResult:
    return search(store, store.ensure_project("p"), query, limit)


def test_an_empty_project_has_no_hits(store):
    assert find(store, "NOVA") == SearchResult()


@pytest.mark.parametrize("query", ["", "  "])
def test_an_empty_query_finds_nothing(store, put, query):
    put(1, "a.jpg", "NOVA")
    assert find(store, query) == SearchResult()


def test_photos_come_before_words(store, put):
    word, photo = put(1, "street.jpg", "MAIN", "NOVA"), put(2, "nova bar.jpg")
    hits = [Hit(photo, "nova bar.jpg"), Hit(word, "street.jpg", "r1", "NOVA")]
    assert find(store, "nova") == SearchResult(hits, photos=1, words=1)


@pytest.mark.parametrize("text", ["100%", "a_b", "a/b", "'; DROP TABLE regions; --"])
def test_signs_of_sql_stand_for_themselves(store, put, text):
    put(1, "a.jpg", text, "1000", "axb")
    assert [hit.text for hit in find(store, text).hits] == [text]


@pytest.mark.parametrize("query", ["café", "CAFÉ", "Café", DECOMPOSED])
def test_case_and_unicode_form_make_no_difference(store, put, query):
    put(1, "a.jpg", "CAFÉ", DECOMPOSED, "café", "cafe")
    assert [hit.text for hit in find(store, query).hits] == ["CAFÉ", DECOMPOSED, "café"]


def test_other_projects_and_the_bin_are_not_searched(store, put):
    put(1, "nova.jpg", "NOVA", project="other")
    deleted = put(2, "nova.jpg", "NOVA")
    delete_images(store, [deleted], "ann")
    assert find(store, "nova") == SearchResult()


def test_of_many_hits_the_first_come_and_all_are_counted(store, put, monkeypatch):
    put(1, "img10.jpg", *["NOVA"] * 5)
    put(2, "img2.jpg", *["NOVA"] * 5)
    found = find(store, "nova", limit=6)
    assert [hit.image_name for hit in found.hits] == ["img2.jpg"] * 5 + ["img10.jpg"]
    assert (found.photos, found.words) == (0, 10)
    monkeypatch.setattr(module, "MAX_COUNT", 8)
    assert find(store, "nova", limit=6).words == 8
