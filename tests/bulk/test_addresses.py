"""Paths and addresses."""

from __future__ import annotations

import pytest
from pyarrow.fs import LocalFileSystem, PyFileSystem

from spotter.bulk.addresses import info, join, list_files, resolve
from spotter.bulk.errors import BulkError


def test_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    system, path = resolve("photos")
    assert isinstance(system, LocalFileSystem)
    assert path == str(tmp_path / "photos")


def test_an_address_of_pyarrow(tmp_path):
    system, path = resolve(f"file://{tmp_path}")
    assert isinstance(system, LocalFileSystem)
    assert path == str(tmp_path)


def test_an_address_of_fsspec():
    folder = "memory://test_addresses"
    system, path = resolve(folder)
    assert isinstance(system, PyFileSystem)
    system.create_dir(path)
    with system.open_output_stream(join(path, "a.jpg")) as stream:
        stream.write(b"1")
    assert list_files(folder) == ["a.jpg"]
    assert info(join(folder, "a.jpg")).is_file


@pytest.mark.parametrize("address", ["nowhere://bucket/a", "s3:///"])
def test_an_address_that_cannot_be_used(address):
    with pytest.raises(BulkError, match="cannot be"):
        resolve(address)


def test_files_are_listed_in_order_without_hidden_ones(tmp_path):
    for name in ("b/2.jpg", "b/1.jpg", "a.jpg", ".a.jpg", ".git/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list_files(str(tmp_path)) == ["a.jpg", "b/1.jpg", "b/2.jpg"]
    assert list_files(f"{tmp_path}/nowhere") == []


def test_join():
    assert join("s3://bucket/", "a/b.jpg") == "s3://bucket/a/b.jpg"
