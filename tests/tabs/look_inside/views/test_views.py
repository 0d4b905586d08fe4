"""The list of views."""

from __future__ import annotations

from spotter.tabs.look_inside.views import VIEWS


def test_names_differ_and_are_simple_words():
    names = [view.name for view in VIEWS]
    assert len(set(names)) == len(names)
    assert all(name.isascii() and name.isalpha() and name.islower() for name in names)


def test_titles_differ_and_notices_are_sentences():
    assert len({view.title for view in VIEWS}) == len(VIEWS)
    assert all(view.question.endswith("?") for view in VIEWS)
    assert all(view.notice.endswith((".", "?", ".)")) for view in VIEWS)
    assert all(view.paper.startswith("section ") for view in VIEWS)
