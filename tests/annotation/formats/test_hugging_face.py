"""The folder for `datasets.load_dataset`."""

from __future__ import annotations

import json
import sys

import pandas as pd
import pytest

from annotation.formats import FormatError, export_to, hugging_face
from annotation.formats.hugging_face import FEATURES
from annotation.region import Region

pytest.importorskip("pyarrow")
BOX = [[1.0, 1.0], [20.5, 1.0], [20.5, 10.0], [1.0, 10.0]]


def table(folder) -> pd.DataFrame:
    (file,) = (folder / "data").iterdir()
    return pd.read_parquet(file)


def card(folder) -> dict:
    """The card's head; each of its lines is JSON, which is YAML too."""
    _, head, text = (folder / "README.md").read_text(encoding="utf-8").split("---\n")
    assert "load_dataset" in text
    return {key: json.loads(value) for key, _, value in (line.partition(": ") for line in head.splitlines())}


def test_images_and_words(store, full, tmp_path):
    report = export_to(store, full, tmp_path / "out", "hugging-face")
    assert report.notes == ["images left out because they have not been annotated: 2"]
    rows = table(tmp_path / "out")
    images = [image for image in store.image_list(full) if image.state != "new"]
    assert list(rows.columns) == list(FEATURES)
    for (_, row), image in zip(rows.iterrows(), images, strict=True):
        assert row["image"]["bytes"] == store.image_path(image).read_bytes()
        assert (row["file_name"], row["state"], row["width"]) == (image.name, image.state, image.width)
        words, regions = row["words"], store.regions(image.id)
        assert [(word["id"], word["text"]) for word in words] == [(r.id, r.text) for r in regions]
        assert [[list(point) for point in word["polygon"]] for word in words] == [r.polygon for r in regions]
        assert [(word["illegible"], word["difficult"]) for word in words] == [
            (r.illegible, r.difficult) for r in regions
        ]


def test_odd_texts_are_exact(store, odd, tmp_path):
    export_to(store, odd, tmp_path / "out", "hugging-face")
    (image,) = store.image_list(odd)
    texts = [word["text"] for word in table(tmp_path / "out")["words"][0]]
    assert texts == [region.text for region in store.regions(image.id)]


def test_the_card_describes_the_data(store, full, tmp_path):
    export_to(store, full, tmp_path / 'a "name": #1', "hugging-face")
    head = card(tmp_path / 'a "name": #1')
    assert head["pretty_name"] == 'a "name": #1'
    info = head["dataset_info"]
    assert info["splits"][0]["num_examples"] == 3
    assert [feature["name"] for feature in info["features"]] == list(FEATURES)
    assert info["features"][0] == {"name": "image", "dtype": "image"}
    assert {"name": "polygon", "list": {"list": "float64"}} in info["features"][-1]["list"]
    assert head["configs"][0]["data_files"] == [{"split": "train", "path": "data/train-*"}]


def test_large_projects_are_written_in_groups(store, full, tmp_path, monkeypatch):
    from pyarrow.parquet import ParquetFile

    monkeypatch.setattr(hugging_face, "GROUP_BYTES", 1)
    export_to(store, full, tmp_path / "out", "hugging-face")
    (file,) = (tmp_path / "out/data").iterdir()
    assert ParquetFile(file).num_row_groups == 3


def test_an_image_without_words(store, image_id, tmp_path):
    store.set_state(image_id, "done", "ann")
    export_to(store, store.find_project("p"), tmp_path / "out", "hugging-face")
    assert table(tmp_path / "out")["words"][0].tolist() == []


def test_without_pyarrow_there_is_one_sentence(store, image_id, tmp_path, monkeypatch):
    store.save_regions(image_id, 0, [Region(BOX, "a")], "ann")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FormatError, match="needs the package pyarrow: pip install pyarrow"):
        export_to(store, store.find_project("p"), tmp_path / "out", "hugging-face")
    assert not (tmp_path / "out").exists()
