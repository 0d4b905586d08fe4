"""The work of one process."""

from __future__ import annotations

import hashlib

import pytest

from spotter.bulk import reader
from spotter.bulk.parts import Settings
from spotter.bulk.reader import Reader
from spotter.bulk.sources import EncodedImage
from tests.bulk.photos import encode

SETTINGS = Settings("tiny", 0.05, None, True)


def read(spotter, *images: EncodedImage, batch: int = 1) -> list[dict]:
    return Reader(spotter, SETTINGS, batch).read(images)


def test_nothing(tiny_spotter):
    assert read(tiny_spotter) == []


def test_a_row_per_word(tiny_spotter):
    photo = encode(1)
    rows = read(tiny_spotter, EncodedImage("a.jpg", photo))
    words = tiny_spotter.spot(photo, 0.05)
    assert [row["text"] for row in rows] == [word.text for word in words]
    assert [row["word"] for row in rows] == list(range(len(words)))
    assert rows[0]["polygon"] == words[0].polygon
    assert rows[0]["sha256"] == hashlib.sha256(photo).hexdigest()
    assert (rows[0]["width"], rows[0]["height"], rows[0]["error"]) == (240, 180, None)


@pytest.mark.parametrize("batch", [1, 2, 16])
def test_batches_change_nothing(tiny_spotter, batch):
    images = [EncodedImage(str(seed), encode(seed)) for seed in range(3)]
    images.insert(1, EncodedImage("bad", b"no photo"))
    alone = [row for image in images for row in read(tiny_spotter, image)]
    together = read(tiny_spotter, *images, batch=batch)
    assert [(row["image_id"], row.get("text")) for row in together] == [
        (row["image_id"], row.get("text")) for row in alone
    ]


def test_no_words_are_a_row_without_text(tiny_spotter):
    (row,) = Reader(tiny_spotter, Settings("tiny", 1.0, None, True), 1).read([EncodedImage("a", encode(1))])
    assert "text" not in row
    assert (row["image_id"], row["width"], row["error"]) == ("a", 240, None)


def test_what_cannot_be_read_has_its_reason(tiny_spotter):
    rows = read(
        tiny_spotter, EncodedImage("a", b"no"), EncodedImage("b", error="Gone."), EncodedImage("c", b"")
    )
    assert [row["image_id"] for row in rows] == ["a", "b", "c"]
    assert "not an image" in rows[0]["error"]
    assert (rows[1]["error"], rows[1]["sha256"]) == ("Gone.", None)
    assert "empty" in rows[2]["error"]
    assert not any("text" in row for row in rows)


def test_an_image_that_the_spotter_fails_on_does_not_harm_the_others(tiny_spotter, monkeypatch):
    spot_batch = tiny_spotter.spot_batch

    def fail(images, *options):
        if any(image.shape[0] == 90 for image in images):
            raise RuntimeError("out of memory")
        return spot_batch(images, *options)

    class Failing:
        spot_batch = staticmethod(fail)

    wide = encode(1, size=(240, 90))
    images = [EncodedImage("a", encode(1)), EncodedImage("b", wide), EncodedImage("c", encode(2))]
    rows = Reader(Failing(), SETTINGS, 3).read(images)
    errors = {row["image_id"]: row["error"] for row in rows}
    assert errors == {"a": None, "b": "It cannot be read (RuntimeError: out of memory).", "c": None}


def test_pages(tiny_spotter, monkeypatch):
    monkeypatch.setattr(reader, "MAX_PAGES", 2)
    rows = read(tiny_spotter, EncodedImage("a", encode(1, "TIFF", pages=3)), EncodedImage("b", encode(1)))
    pages = {(row["image_id"], row["page"]): (row["pages"], row["error"]) for row in rows}
    assert pages == {
        ("a", 1): (3, None),
        ("a", 2): (3, None),
        ("a", 3): (3, reader.TOO_MANY_PAGES),
        ("b", 1): (1, None),
    }
