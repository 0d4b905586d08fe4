"""`python -m annotation stats`."""

from __future__ import annotations

from annotation.region import Region


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


def test_an_empty_project(store, run):
    store.ensure_project("p")
    code, lines, errors = run("stats", "--project", "p")
    assert (code, errors) == (0, [])
    assert lines.count("Nobody has changed or finished a photo yet.") == 3


def test_tables_and_csv(store, image_id, run, tmp_path):
    store.add_prediction(image_id, "m1", [Region(box(1, 1), "a", score=0.9, reading_score=0.8)])
    store.save_regions(image_id, 1, [], "=ann")
    code, lines, errors = run("stats", "--project", "p", "--csv", "out.csv")
    assert (code, errors) == (0, [])
    assert any(line.split() == ["=ann", "–", "1", "0.0", "0", "0"] for line in lines)
    assert any(line.split() == ["m1", "0.0%", "1", "1", *"0010000"] for line in lines)
    assert "'=ann" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    assert run("stats", "--project", "p", "--csv", "out.csv") == (
        1,
        [],
        ["out.csv already exists; choose another name."],
    )


def test_a_project_that_does_not_exist(store, run):
    assert run("stats", "--project", "q") == (1, [], ["There is no project 'q'."])
