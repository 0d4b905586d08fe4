"""`python -m annotation delete`."""

from __future__ import annotations

import io

import pytest

from annotation.store.bin import list_bin
from annotation.store.project_changes import deleted_projects

MOVED = "moved to the bin; the Correct tab can restore what is there for 30 days"


@pytest.fixture
def project(store, picture):
    project = store.ensure_project("p")
    for i, name in enumerate(("a.jpg", "b.jpg", "same.jpg", "same.jpg")):
        store.add_image(project, picture(i), name)
    return project


@pytest.fixture
def names(store, project):
    return lambda: [image.name for image in store.image_list(project)]


def test_photos_go_to_the_bin(store, project, run, names, monkeypatch):
    monkeypatch.setenv("LOGNAME", "ann")
    missing = "none.jpg: There is no such photo in the project."
    assert run("delete", "a.jpg", "none.jpg", "--project", "p") == (0, [missing, f"1 photo {MOVED}"], [])
    assert names() == ["b.jpg", "same.jpg", "same.jpg"]
    assert [(one.image.name, one.who) for one in list_bin(store, project)] == [("a.jpg", "ann")]
    assert run("delete", "none.jpg", "--project", "p") == (1, [], ["No photo was deleted.", missing])


def test_photos_of_the_same_name(run, names):
    refused = run("delete", "same.jpg", "--project", "p")
    hint = "same.jpg: 2 photos have this name; add --same-name to delete them all."
    assert (refused.code, refused.errors) == (1, ["No photo was deleted.", hint])
    assert run("delete", "same.jpg", "--same-name", "--project", "p").lines == [f"2 photos {MOVED}"]
    assert names() == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize("answer", ["", "n\n"])
def test_for_good_asks(store, project, run, names, monkeypatch, answer):
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    found = run("delete", "a.jpg", "--for-good", "--project", "p")
    question = "Delete 1 photo for good? [y/N] "
    assert found == (1, [], [f"{question}Nothing was deleted; answer yes, or add --yes."])
    assert len(names()) == 4


def test_for_good(store, project, run, names, monkeypatch):
    path = store.image_path(store.image_list(project)[0])
    run("delete", "b.jpg", "--project", "p")
    # From the project and from the bin.
    found = run("delete", "a.jpg", "b.jpg", "--for-good", "--yes", "--project", "p")
    assert found == (0, ["deleted for good: 2 photos"], [])
    assert names() == ["same.jpg", "same.jpg"]
    assert list_bin(store, project) == []
    assert not path.exists()


def test_a_project(store, project, run):
    assert run("delete", "--whole-project", "--project", "p") == (0, [f"4 photos {MOVED}"], [])
    assert [one.name for one in deleted_projects(store)] == ["p"]
    store.ensure_project("q")
    found = run("delete", "--whole-project", "--project", "q", "--for-good", "--yes")
    assert found.lines == ["deleted for good: 0 photos"]
    assert store.projects() == []


def test_impossible_deletions(store, project, run, names):
    for arguments in ([], ["a.jpg", "--whole-project"]):
        found = run("delete", *arguments, "--project", "p")
        assert found == (1, [], ["Name the photos to delete, or add --whole-project."])
    assert run("delete", "a.jpg", "--project", "q").errors == ["There is no project 'q'."]
    assert len(names()) == 4
