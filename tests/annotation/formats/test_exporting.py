"""Exports: the whole folder or nothing."""

from __future__ import annotations

import pytest

from annotation.formats import FORMATS, FormatError, export_to


@pytest.mark.parametrize("form", FORMATS)
def test_empty_and_taken_places(store, image_id, tmp_path, form):
    with pytest.raises(FormatError, match="no image"):
        export_to(store, store.project("nothing"), tmp_path / "out", form)
    assert not (tmp_path / "out").exists()
    store.set_state(image_id, "done", "ann")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("x")
    with pytest.raises(FormatError, match="already exists"):
        export_to(store, store.project("p"), tmp_path / "out", form)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
    export_to(store, store.project("p"), tmp_path / "deep/out", form)
    assert (tmp_path / "deep/out").is_dir()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
