"""Formats with all photos in one file: what is written is read again."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO

import pytest

from spotter.formats import TABLES, table_format
from spotter.formats.formulas import FORMULA_STARTS
from spotter.formats.photo_words import PhotoWords
from spotter.types import Word

SETTINGS = {"threshold": 0.5, "short_side": None, "known_words": True}
MODEL = {"name": "nano", "sha256": "3f2a", "trained_images": None, "settings": SETTINGS}
WITHOUT_CHARACTERS = ("csv", "coco")


def text_of(name: str, photos: list[PhotoWords]) -> str:
    writer = table_format(name).writer(MODEL)
    return "".join([writer.begin(), *map(writer.add, photos), writer.end()])


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_what_is_written_is_read_again(tmp_path, empty, two_lines, name, count):
    photos = [empty, two_lines][:count]
    (tmp_path / "out").write_text(text_of(name, photos), encoding="utf-8")
    if name in WITHOUT_CHARACTERS:
        photos = [replace(p, words=[replace(word, characters=[]) for word in p.words]) for p in photos]
    assert list(table_format(name).read(tmp_path / "out")) == [(MODEL, photo) for photo in photos]


def test_json_is_as_documented(two_lines):
    content = json.loads(text_of("json", [two_lines]))
    assert content["model"] == MODEL
    assert list(content["images"]) == ['sub/"photo".jpg']
    words = content["images"]['sub/"photo".jpg']["words"]
    assert [Word.from_dict(word) for word in words] == two_lines.words


def test_coco_numbers_images_and_annotations(empty, two_lines):
    content = json.loads(text_of("coco", [empty, two_lines]))
    assert [image["id"] for image in content["images"]] == [1, 2]
    assert [(each["id"], each["image_id"], each["text"]) for each in content["annotations"]] == [
        (1, 2, "world"),
        (2, 2, '<&">'),
        (3, 2, "Hello"),
    ]
    assert content["annotations"][0]["bbox"] == [10, 60, 40, 12]
    assert content["annotations"][0]["area"] == 480


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_word_in_csv_is_no_formula(two_lines, start):
    word = replace(two_lines.words[0], text=f"{start}1")
    text = text_of("csv", [replace(two_lines, words=[word, word])])
    _, row = csv.DictReader(StringIO(text, newline=""))
    assert row["text"] == f"'{start}1"
