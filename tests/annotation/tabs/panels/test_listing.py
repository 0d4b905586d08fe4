"""The list component."""

from __future__ import annotations

from annotation.tabs.panels.listing import Listing, text_rows


def test_texts_are_sent_unchanged():
    data = Listing(label="Things").postprocess(text_rows(["<b>one</b>", "two"]))
    assert [row.title for row in data.rows] == ["<b>one</b>", "two"]


def test_only_the_pick_is_returned_with_limited_length():
    listing = Listing(label="Things")
    data = listing.postprocess(text_rows(["one"]))
    assert listing.preprocess(data) is None
    assert listing.preprocess(None) is None
    assert listing.preprocess(data.model_copy(update={"picked": ["k" * 300, "fix"]})) == ("k" * 200, "fix")


def test_an_empty_value_has_no_rows():
    assert Listing(label="Things").postprocess(None).rows == []


def test_the_image_to_preload_becomes_a_file(tmp_path):
    data = Listing(label="Things").postprocess({"ahead": tmp_path / "next.jpg"})
    assert data.ahead.path == str(tmp_path / "next.jpg")
