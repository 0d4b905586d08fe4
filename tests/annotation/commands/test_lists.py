"""`python -m annotation list` and `find`."""

from __future__ import annotations

from annotation.region import Region


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


def test_an_empty_database(store, run):
    assert run("list") == (0, [], [])


def test_projects_and_photos(store, image_id, picture, run):
    store.add_image(store.ensure_project("p"), picture(1), "a b.jpg")
    store.save_regions(image_id, 0, [Region(box(1, 1), "word")], "Ann B.")
    at = store.image(image_id).changed_at.isoformat(timespec="seconds")
    assert run("list") == (0, ["p\t2\t0"], [])
    changed = f"photo.jpg\tin work\t1\t{at}\tAnn B."
    assert run("list", "--project", "p") == (0, ["a b.jpg\tnew\t0\t\t", changed], [])
    assert run("list", "--project", "p", "--state", "in work").lines == [changed]
    assert run("list", "--project", "p", "--state", "done") == (0, [], [])


def test_lists_of_nothing(store, run):
    assert run("list", "--project", "q") == (1, [], ["There is no project 'q'."])
    assert run("list", "--state", "new") == (1, [], ["Add --project: only photos have a state."])


def test_find(store, image_id, run):
    store.save_regions(image_id, 0, [Region(box(1, 2.5), "a photo"), Region(box(1, 40), "b")], "ann")
    assert run("find", "PHOTO", "--project", "p") == (
        0,
        ["photo.jpg\t\t\t\t\t", "photo.jpg\ta photo\t1\t2.5\t21\t12.5"],
        [],
    )
    assert run("find", "zebra", "--project", "p") == (1, [], ["Nothing was found."])
    assert run("find", " ", "--project", "p") == (1, [], ["The text to find is empty."])
    assert run("find", "a", "--project", "q").code == 1


def test_find_by_a_regular_expression(store, image_id, picture, run):
    other, _ = store.add_image(store.ensure_project("p"), picture(1), "2.jpg")
    store.add_image(store.ensure_project("q"), picture(2), "3.jpg")
    words = [Region(box(1, 2), "12"), Region(box(1, 40), "1a2"), Region(box(1, 60), "Photo")]
    store.save_regions(image_id, 0, words, "ann")
    store.save_regions(other.id, 0, [Region(box(5, 5), "7")], "ann")
    assert run("find", r"^\d+(\.jpg)?$", "--regex", "--project", "p") == (
        0,
        ["2.jpg\t\t\t\t\t", "2.jpg\t7\t5\t5\t25\t15", "photo.jpg\t12\t1\t2\t21\t12"],
        [],
    )
    assert run("find", "^Ph", "--regex", "--project", "p").lines == ["photo.jpg\tPhoto\t1\t60\t21\t70"]
    assert run("find", "zebra|^$", "--regex", "--project", "p") == (1, [], ["Nothing was found."])
    sentence = "The regular expression is invalid: missing ) at character 2."
    assert run("find", "(", "--regex", "--project", "p") == (1, [], [sentence])
    assert run("find", " ", "--regex", "--project", "p").code == 1
