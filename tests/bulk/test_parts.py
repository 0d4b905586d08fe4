"""The folder of results."""

from __future__ import annotations

import json
from dataclasses import replace

import pyarrow.parquet
import pytest

from spotter.bulk import parts
from spotter.bulk.errors import BulkError
from spotter.bulk.parts import SCHEMA, Settings

SETTINGS = Settings("nano-12345678", None, None, True)
WORD = {
    "polygon": [[1.5, 2], [3, 4], [5, 6]],
    "text": "é",
    "score": 0.5,
    "reading_score": 0.25,
    "characters": [{"text": "é", "score": 0.25}],
}


def row(image_id: str, **more) -> dict:
    return {"image_id": image_id, "page": 1, "pages": 1, "model_version": "nano", **more}


@pytest.fixture
def out(tmp_path) -> str:
    folder = str(tmp_path / "out")
    parts.begin(folder, SETTINGS, resume=False)
    return folder


def write(out: str, *rows: dict) -> str:
    name = parts.part_name(each["image_id"] for each in rows)
    parts.write_part(out, name, rows)
    return name


def test_any_reader_of_parquet_folders_reads_it(out):
    write(out, row("a", word=0, **WORD), row("b"))
    write(out, row("c", error="No."))
    table = pyarrow.parquet.read_table(out)
    assert table.schema.equals(SCHEMA)
    rows = {each["image_id"]: each for each in table.to_pylist()}
    assert rows.keys() == {"a", "b", "c"}
    assert {key: rows["a"][key] for key in WORD} == WORD
    assert (rows["b"]["text"], rows["c"]["error"]) == (None, "No.")


def test_what_is_written_twice_is_there_once(out):
    assert write(out, row("a"), row("b")) == write(out, row("a"), row("b"))
    assert len(pyarrow.parquet.read_table(out)) == 2
    assert parts.done_ids(out) == {"a", "b"}


def test_nothing_is_done_at_first(out):
    assert parts.done_ids(out) == set()


def test_what_a_crash_has_left_is_no_part(out, tmp_path):
    (tmp_path / "out" / ".partial-part-1.parquet").write_bytes(b"half")
    assert parts.done_ids(out) == set()


def test_a_folder_with_results_is_not_begun_again(out):
    with pytest.raises(BulkError, match="--resume"):
        parts.begin(out, SETTINGS, resume=False)
    parts.begin(out, SETTINGS, resume=True)


def test_results_of_other_settings_are_not_mixed(out):
    with pytest.raises(BulkError, match="was begun with model_version nano-12345678, threshold None:"):
        parts.begin(out, Settings("nano-87654321", 0.5, None, True), resume=True)
    with pytest.raises(BulkError, match="was begun with known_words True:"):
        parts.begin(out, replace(SETTINGS, known_words=False), resume=True)


def test_settings_that_do_not_name_known_words_are_from_before_there_were_any(out, tmp_path):
    place = tmp_path / "out" / parts.SETTINGS
    settings = json.loads(place.read_text())
    del settings["known_words"]
    place.write_text(json.dumps(settings))
    with pytest.raises(BulkError, match="was begun with known_words False:"):
        parts.begin(out, SETTINGS, resume=True)
    parts.begin(out, replace(SETTINGS, known_words=False), resume=True)


@pytest.mark.parametrize("text", ["[", "[]"])
def test_damaged_settings(out, tmp_path, text):
    (tmp_path / "out" / parts.SETTINGS).write_text(text)
    with pytest.raises(BulkError, match="cannot be"):
        parts.begin(out, SETTINGS, resume=True)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "a.txt").touch()
    for resume in (False, True):
        with pytest.raises(BulkError, match="is not empty"):
            parts.begin(str(tmp_path), SETTINGS, resume)
    with pytest.raises(BulkError, match="is not empty"):
        parts.begin(str(tmp_path / "a.txt"), SETTINGS, resume=False)


def test_a_damaged_part_is_named(out, tmp_path):
    (tmp_path / "out" / "part-1.parquet").write_bytes(b"half")
    with pytest.raises(BulkError, match=r"part-1\.parquet"):
        parts.done_ids(out)


def test_errors_are_forgotten_with_all_pages_of_their_file(out):
    write(out, row("a", word=0, **WORD), row("b", error="No."))
    write(out, row("c", error="No."))
    write(out, row("d", pages=2), row("d", page=2, pages=2, error="No."), row("e"))
    parts.forget_errors(out)
    assert parts.done_ids(out) == {"a", "e"}
    assert pyarrow.parquet.read_table(out).num_rows == 2


def test_the_settings_are_json(out, tmp_path):
    assert json.loads((tmp_path / "out" / parts.SETTINGS).read_text())["model_version"] == "nano-12345678"
