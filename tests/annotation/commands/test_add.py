"""`python -m annotation add`."""

from __future__ import annotations

import pytest

from annotation.store.store import Store


@pytest.fixture
def folder(tmp_path, picture):
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/a.jpg").write_bytes(picture())
    (tmp_path / "in/b\t.txt").write_text("no photo")
    (tmp_path / "in/copy.jpg").write_bytes(picture())
    (tmp_path / "in/sub/c.jpg").write_bytes(picture(1))
    return tmp_path / "in"


@pytest.fixture
def names(database):
    def names_in(project="default"):
        with Store(database) as store:
            return [image.name for image in store.image_list(store.find_project(project))]

    return names_in


def test_a_folder(folder, run, names):
    code, lines, errors = run("add", folder)
    assert (code, errors) == (0, [])
    assert lines[0] == "in: 1 subfolder was left out; add --recursive for them."
    assert lines[1] == "copy.jpg: It is the same photo as a.jpg, which is in the project."
    assert lines[2].startswith(r"b\t.txt: The file is not an image")
    assert lines[3:] == ["photos: 1 added, 1 already in the project; files refused: 1"]
    assert names() == ["a.jpg"]


def test_subfolders_and_single_files(folder, run, names):
    assert run("add", folder, "--recursive", "--project", "p").code == 0
    assert names("p") == ["a.jpg", "c.jpg"]
    lines = run("add", folder / "sub/c.jpg", folder / "none.jpg", "--project", "p").lines
    assert lines == [
        "none.jpg: The file does not exist; check its name and folder.",
        "photos: 0 added, 1 already in the project; files refused: 1",
    ]


def test_nothing_that_can_be_added_changes_nothing(folder, run, store):
    code, lines, errors = run("add", folder / "b\t.txt", "--project", "q")
    assert (code, lines, errors[0]) == (1, [], "No photo was added.")
    assert errors[-1] == "photos: 0 added, 0 already in the project; files refused: 1"
    assert store.projects() == []
    store.ensure_project("q")
    assert run("add", folder / "b\t.txt", "--project", "q").code == 1
    assert [name for _, name in store.projects()] == ["q"]


def test_photos_are_read(folder, run, tiny_file, store):
    read = ["--read", "--weights", tiny_file]
    assert ": 1 photos, " in run("add", folder, *read, "--project", "p").lines[-1]
    assert store.predictions(1)
    # What was read is not read again.
    assert ": 1 photos, " in run("add", folder, "--recursive", *read, "--project", "p").lines[-1]


def test_reading_needs_weights(folder, run, tmp_path):
    code, lines, errors = run("add", folder, "--read", "--weights", "nothing")
    assert (code, lines, len(errors)) == (1, [], 1)
    assert "no weights" in errors[0]
