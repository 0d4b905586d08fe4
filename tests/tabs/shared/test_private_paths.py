"""Paths of temporary files."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from gradio import processing_utils
from gradio.route_utils import GradioUploadFile

from spotter.tabs.shared.private_paths import HASHES, files_of, make_paths_private


@pytest.fixture
def private(monkeypatch):
    """Paths are private until the end of the test."""
    for name in HASHES:
        monkeypatch.setattr(processing_utils, name, getattr(processing_utils, name))
    monkeypatch.setattr(GradioUploadFile, "__init__", GradioUploadFile.__init__)
    make_paths_private()


def cached(page: str, folder: Path) -> str:
    with files_of(page):
        return processing_utils.save_bytes_to_cache(b"photo", "a.jpg", str(folder))


def uploaded() -> str:
    file = GradioUploadFile(file=io.BytesIO(b"photo"), filename="a.jpg")
    file.sha.update(b"photo")
    return file.sha.hexdigest()


def test_without_it_a_path_tells_that_somebody_has_the_file(tmp_path):
    assert cached("anns", tmp_path) == cached("bobs", tmp_path)
    assert uploaded() == uploaded()


def test_each_page_has_paths_of_its_own(private, tmp_path):
    assert cached("anns", tmp_path) == cached("anns", tmp_path)
    assert cached("anns", tmp_path) != cached("bobs", tmp_path)
    (tmp_path / "b.jpg").write_bytes(b"photo")
    with files_of("anns"):
        first = processing_utils.save_file_to_cache(tmp_path / "b.jpg", str(tmp_path / "cache"))
    assert first != processing_utils.save_file_to_cache(tmp_path / "b.jpg", str(tmp_path / "cache"))


def test_each_upload_has_a_path_of_its_own(private):
    assert uploaded() != uploaded()


def test_it_is_done_once(private):
    before = processing_utils.hash_file
    make_paths_private()
    assert processing_utils.hash_file is before
