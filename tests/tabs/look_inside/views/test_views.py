"""The list of views."""

from __future__ import annotations

from spotter.tabs.look_inside.views import VIEWS


def test_views_are_in_the_order_of_their_numbers():
    assert [view.number for view in VIEWS] == list(range(1, len(VIEWS) + 1))


def test_titles_differ_and_notices_are_sentences():
    assert len({view.title for view in VIEWS}) == len(VIEWS)
    assert all(view.notice.endswith((".", "?", ".)")) for view in VIEWS)
    assert all(view.paper.startswith("section ") for view in VIEWS)
