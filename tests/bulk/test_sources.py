"""What is read."""

from __future__ import annotations

import pytest

from spotter.bulk.errors import BulkError
from spotter.bulk.sources import find_source, load
from spotter.images import MAX_BYTES
from tests.bulk.photos import encode, write_parquet, write_tar


def load_all(folder, *paths, skip=(), column=None) -> dict:
    images = list(load(str(folder), paths, frozenset(skip), column))
    assert len({image.image_id for image in images}) == len(images)
    return {image.image_id: image.data if image.error is None else image.error for image in images}


def test_a_folder(source):
    found = find_source(str(source))
    assert found.photos == ["a.jpg", "bad.jpg", "inside/b.PNG", "scan.tif"]
    assert found.shards == ["rows.parquet", "shard.tar"]


@pytest.mark.parametrize(("name", "photos"), [("a.jpg", ["a.jpg"]), ("shard.tar", [])])
def test_a_file(source, name, photos):
    found = find_source(f"{source}/{name}")
    assert (found.folder, found.photos, [*found.photos, *found.shards]) == (str(source), photos, [name])


def test_nothing_to_read(tmp_path):
    with pytest.raises(BulkError, match="has no photos"):
        find_source(str(tmp_path))
    with pytest.raises(BulkError, match="does not exist"):
        find_source(str(tmp_path / "nowhere"))


def test_photos(source):
    images = load_all(source, "a.jpg", "inside/b.PNG", "gone.jpg", skip=["a.jpg"])
    assert images["inside/b.PNG"] == (source / "inside" / "b.PNG").read_bytes()
    assert images["gone.jpg"].startswith("The file cannot be read: ")
    assert len(images) == 2


def test_a_photo_that_is_too_large_is_not_loaded_as_a_whole(tmp_path):
    with (tmp_path / "a.jpg").open("wb") as file:
        file.truncate(MAX_BYTES + 100)
    assert len(load_all(tmp_path, "a.jpg")["a.jpg"]) == MAX_BYTES + 1


def test_a_shard(source):
    assert load_all(source, "shard.tar", skip=["shard.tar/1.jpg"]) == {
        "shard.tar/0.jpg": encode(4),
        "shard.tar/2.jpg": b"",
    }


def test_two_of_one_name_have_two_ids(tmp_path):
    write_parquet(tmp_path / "a.parquet", {"image": [b"1", b"2", b"3"], "file_name": ["x", "y", "x"]})
    assert load_all(tmp_path, "a.parquet") == {
        "a.parquet/x": b"1",
        "a.parquet/y": b"2",
        "a.parquet/x (2)": b"3",
    }


def test_a_damaged_shard_is_an_error_after_what_can_be_read(tmp_path):
    write_tar(tmp_path / "a.tar", {"1.jpg": encode(1), "2.jpg": encode(2)})
    whole = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "a.tar").write_bytes(whole[: 512 + len(encode(1)) + 1500])
    images = load_all(tmp_path, "a.tar")
    assert images["a.tar/1.jpg"] == encode(1)
    assert images["a.tar"].startswith("The file is damaged or cannot be read: ")
    assert load_all(tmp_path, "a.tar", skip=images) == {}


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"id": [7], "bytes": [b"1"]}, {"a.parquet/7": b"1"}),
        (
            {"label": [3, 4], "image": [{"bytes": b"1", "path": "x.jpg"}, {"bytes": None, "path": "y.jpg"}]},
            {"a.parquet/x.jpg": b"1", "a.parquet/y.jpg": "The row has no image."},
        ),
        ({"image": [b"1", None]}, {"a.parquet/0": b"1", "a.parquet/1": "The row has no image."}),
    ],
)
def test_parquet(tmp_path, columns, found):
    write_parquet(tmp_path / "a.parquet", columns)
    assert load_all(tmp_path, "a.parquet") == found


@pytest.mark.parametrize(
    ("column", "sentence"), [(None, "no column of images"), ("b", "no column b of images")]
)
def test_parquet_without_images(tmp_path, column, sentence):
    write_parquet(tmp_path / "a.parquet", {"text": ["a"]})
    assert sentence in load_all(tmp_path, "a.parquet", column=column)["a.parquet"]


def test_the_column_can_be_chosen(tmp_path):
    write_parquet(tmp_path / "a.parquet", {"mask": [b"1"], "photo": [b"2"]})
    assert load_all(tmp_path, "a.parquet", column="photo") == {"a.parquet/0": b"2"}


def test_no_parquet_at_all(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"no parquet")
    assert "damaged" in load_all(tmp_path, "a.parquet")["a.parquet"]
