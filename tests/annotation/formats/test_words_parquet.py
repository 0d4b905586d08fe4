"""The parquet files of `spotter bulk`."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pytest
from pyarrow import parquet

from annotation.formats import FormatError, import_from, read, words_parquet
from spotter.bulk.parts import SCHEMA

WORD = {
    "polygon": [[1, 1], [50, 1], [50, 20]],
    "text": "a",
    "score": 0.5,
    "reading_score": 0.25,
    "characters": [{"text": "a", "score": 0.25}],
}


def row(image_id: str = "in/photo.jpg", word: int | None = 0, **more) -> dict:
    values = {"image_id": image_id, "page": 1, "pages": 1, "width": 200, "height": 100, "word": word}
    return values | (WORD if word is not None else {}) | {"model_version": "nano-1"} | more


@pytest.fixture
def write(tmp_path):
    def make(*rows: dict, name: str = "words.parquet"):
        parquet.write_table(pa.Table.from_pylist(list(rows), SCHEMA), tmp_path / name)
        return tmp_path / name

    return make


def texts(store, image_id: int) -> list[str]:
    return [region.text for region in store.predictions(image_id)[-1].regions]


def test_words_become_predictions(store, image_id, write):
    report = import_from(store, "p", write(row(word=1, text="b"), row()))
    assert (report.predictions_added, report.images_existing, report.faults) == (1, 1, [])
    (prediction,) = store.predictions(image_id)
    assert prediction.model_version == "nano-1"
    assert [region.text for region in prediction.regions] == ["a", "b"]
    first = prediction.regions[0]
    assert (first.origin, first.locked, first.score, first.characters[0].score) == ("model", False, 0.5, 0.25)
    again = import_from(store, "p", write(row(word=1, text="b"), row()))
    assert (again.predictions_added, again.predictions_existing) == (0, 1)


def test_a_folder_of_parts(store, image_id, write, tmp_path):
    write(row(), name="part-1.parquet")
    write(row("gone.jpg"), name="part-2.parquet")
    report = import_from(store, "p", tmp_path)
    assert (report.predictions_added, len(report.faults)) == (1, 1)
    assert "gone.jpg is neither in the project" in report.faults[0]


def test_photos_are_found_by_their_hash_or_added(store, image_id, write, picture, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "new.jpg").write_bytes(picture(1))
    known, new = (hashlib.sha256(picture(seed)).hexdigest() for seed in (0, 1))
    path = write(row("renamed.jpg", sha256=known), row("new.jpg", sha256=new))
    report = import_from(store, "p", path, images=tmp_path / "photos")
    assert (report.images_existing, report.images_added, report.faults) == (1, 1, [])


def test_another_photo_of_the_name_is_refused(store, image_id, write):
    with pytest.raises(FormatError, match="is not the image that was annotated"):
        import_from(store, "p", write(row(sha256="0" * 64)))


def test_nobody_s_work_is_touched(store, image_id, write):
    region = {"polygon": [[1, 1], [50, 1], [50, 20]], "text": "mine"}
    store.save_regions(image_id, 0, [region], "ann")
    store.set_state(image_id, "done", "ann")
    before = store.open_image(image_id)
    import_from(store, "p", write(row()))
    after = store.open_image(image_id)
    assert (after.image.version, after.image.state, after.regions) == (
        before.image.version,
        "done",
        before.regions,
    )
    assert texts(store, image_id) == ["a"]


def test_an_image_without_words(store, image_id, write):
    report = import_from(store, "p", write(row(word=None)))
    assert report.predictions_added == 1
    assert texts(store, image_id) == []


def test_what_was_not_read_is_named(store, image_id, write):
    report = import_from(store, "p", write(row(), row("bad.jpg", None, error="It is empty.")))
    assert report.faults == ["words.parquet (bad.jpg): it was not read: It is empty."]


def test_pages_have_names_of_their_own(write):
    pages = [row("scan.pdf", page=page, pages=2, sha256="0" * 64) for page in (1, 2)]
    entries = read(write(*pages))
    assert [(entry.name, entry.sha256) for entry in entries] == [
        ("scan-page-1.pdf", None),
        ("scan-page-2.pdf", None),
    ]


def test_an_invalid_word_leaves_the_others(store, image_id, write):
    words = [row(word=1, score=7.0), row(word=2, polygon=[[1, 1]]), row(word=3, polygon=None)]
    report = import_from(store, "p", write(row(), *words))
    assert texts(store, image_id) == ["a"]
    assert [f"word {n}" in " ".join(report.faults) for n in (2, 3, 4)] == [True] * 3


def test_a_row_without_its_keys(store, image_id, write):
    report = import_from(store, "p", write(row(), row(None), row("b.jpg", model_version=None)))
    assert len(report.faults) == 2
    assert report.predictions_added == 1


@pytest.mark.parametrize("content", [b"", b"PAR1 half"])
def test_damaged_files(store, tmp_path, content):
    (tmp_path / "words.parquet").write_bytes(content)
    with pytest.raises(FormatError, match="no words of `spotter bulk`"):
        import_from(store, "p", tmp_path / "words.parquet", "words-parquet")


def test_no_rows(store, write):
    with pytest.raises(FormatError, match="no words of `spotter bulk`"):
        import_from(store, "p", write())


def test_columns_of_other_types(store, image_id, tmp_path):
    values = {name: ["a"] for name in words_parquet.REQUIRED}
    parquet.write_table(pa.table(values), tmp_path / "words.parquet")
    with pytest.raises(FormatError, match="columns have other types"):
        import_from(store, "p", tmp_path / "words.parquet")


def test_other_parquet_files_are_not_meant(store, tmp_path):
    parquet.write_table(pa.table({"text": ["a"]}), tmp_path / "words.parquet")
    with pytest.raises(FormatError, match="no known form"):
        import_from(store, "p", tmp_path / "words.parquet")


def test_too_many_words(store, write, monkeypatch):
    monkeypatch.setattr(words_parquet, "MAX_BYTES", 10)
    with pytest.raises(FormatError, match="too many words at once"):
        import_from(store, "p", write(row()))
