"""Exports: the whole folder or nothing."""

from __future__ import annotations

import pytest

from annotation.formats import EXPORTS, FormatError, export_to
from annotation.formats.exporting import file_names


@pytest.mark.parametrize("form", EXPORTS)
def test_an_empty_project_and_an_existing_target_are_refused(store, image_id, tmp_path, form):
    with pytest.raises(FormatError, match="no image"):
        export_to(store, store.ensure_project("nothing"), tmp_path / "out", form)
    assert not (tmp_path / "out").exists()
    store.set_state(image_id, "done", "ann")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("x")
    with pytest.raises(FormatError, match="already exists"):
        export_to(store, store.ensure_project("p"), tmp_path / "out", form)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
    export_to(store, store.ensure_project("p"), tmp_path / "deep/out", form)
    assert (tmp_path / "deep/out").is_dir()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def test_formats_that_can_only_be_imported_are_refused(store, image_id, tmp_path):
    with pytest.raises(FormatError, match="art cannot be written; expected one of label-studio, coco"):
        export_to(store, store.ensure_project("p"), tmp_path / "out", "art")


def test_file_names_are_portable_and_unique(store, picture):
    project = store.ensure_project("p")
    for i, name in enumerate(["a?b.jpg", "A_B.png", "-x.jpg", "....jpg"]):
        store.add_image(project, picture(i), name)
    names = [name.rpartition(".")[0] for name in file_names(store.image_list(project)).values()]
    assert len({name.casefold() for name in names}) == 4
    assert not any(name.startswith("-") or "?" in name or not name.strip(".") for name in names)
