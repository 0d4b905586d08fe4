"""Renaming and deleting projects, and the bin."""

from __future__ import annotations

import gradio as gr
import pytest

from annotation.region import Region
from annotation.store.bin import delete_images, list_bin

HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]


@pytest.fixture
def tab(open_tab, put):
    """Two photos with one word each; the first is open."""
    put.ids = [put(seed, Region(HOUSE, "house", "h")) for seed in (1, 2)]
    return opened(open_tab())


def opened(tab):
    tab.drawer = tab.find(elem_id="correct-manage")
    tab.name = tab.find(label="Name of this project")
    tab.typed = tab.find(label="To delete this project, type its name")
    tab.bin = tab.find(elem_id="correct-bin")
    box = tab.find(elem_id="correct-confirm-bin")
    tab.question, tab.yes = box.children[0], box.children[1].children[0]
    tab.trigger(tab.drawer, "expand")
    return tab


def rows(tab):
    return [row["title"] for row in tab.values[tab.bin]["rows"]]


def test_an_empty_bin(open_tab):
    tab = opened(open_tab())
    assert rows(tab) == []
    assert tab.values[tab.name] == "default"
    assert not tab.props[tab.find(elem_id="correct-empty-bin")]["visible"]


def test_a_project_is_renamed(tab, store):
    tab.values[tab.name] = " street  signs "
    tab.click("Rename")
    assert store.projects() == [(1, "street signs")]
    assert tab.values[tab.name] == "street signs"
    assert tab.values[tab.find(elem_id="correct-project-name")] == "street signs"
    tab.values[tab.name] = ""
    with pytest.raises(gr.Error, match="name of a project"):
        tab.click("Rename")


def test_a_project_is_deleted_when_its_name_is_typed_and_restored(tab, store, put):
    assert "It has 2 photos" in " ".join(v for v in tab.values.values() if isinstance(v, str))
    tab.values[tab.typed] = "defaul"
    with pytest.raises(gr.Error, match="Type the name of the project, default"):
        tab.trigger(tab.find(elem_id="correct-delete-project"), "click")
    store.ensure_project("other")
    tab.values[tab.typed] = "default"
    tab.trigger(tab.find(elem_id="correct-delete-project"), "click")
    assert [name for _, name in store.projects()] == ["default", "other"]  # a new, empty one
    assert tab.title == ""
    assert rows(tab) == ["Project default"]
    tab.pick(tab.bin, "project 1", "restore")
    assert store.find_project("default (2)") == 1
    assert store.image_count(1) == 2


def test_a_project_is_deleted_for_good(tab, store):
    tab.values[tab.typed] = "default"
    tab.trigger(tab.find(elem_id="correct-delete-project"), "click")
    tab.pick(tab.bin, "project 1", "erase")
    assert "its 2 photos for good" in tab.values[tab.question]
    tab.trigger(tab.yes, "click")
    assert rows(tab) == []
    assert not list(store.images.folder.rglob("*.jpg"))


def test_a_photo_is_restored_or_deleted_for_good(tab, store, put):
    first, second = put.ids
    delete_images(store, put.ids, "bob")
    tab.trigger(tab.drawer, "expand")
    assert rows(tab) == ["street 2.jpg", "street 1.jpg"]
    assert tab.values[tab.bin]["rows"][0]["note"].startswith("1 word, deleted by bob on ")
    tab.pick(tab.bin, str(second), "restore")
    assert tab.title.startswith("**street 2")
    tab.pick(tab.bin, str(first), "erase")
    assert tab.values[tab.question].replace("\\", "") == (
        "Delete 1 photo with 1 word for good? This cannot be undone."
    )
    assert rows(tab) == ["street 1.jpg"]  # only asked so far
    tab.trigger(tab.yes, "click")
    assert rows(tab) == []
    assert store.image_list(1) == [store.image(second)]


def test_the_bin_is_emptied(tab, store, put):
    delete_images(store, put.ids, "bob")
    tab.trigger(tab.drawer, "expand")
    button = tab.find(elem_id="correct-empty-bin")
    assert tab.props[button]["value"] == "Empty the bin (2 photos)"
    tab.trigger(button, "click")
    assert "2 photos with 2 words for good" in tab.values[tab.question]
    tab.trigger(tab.yes, "click")
    assert list_bin(store, 1) == []
    assert not tab.props[button]["visible"]


def test_another_visitor_of_a_deleted_project_goes_on_in_the_default_project(tab, open_tab, store, picture):
    signs = store.ensure_project("signs")
    other = open_tab()
    other.values[other.find(elem_id="correct-project-name")] = "signs"
    other.trigger(other.find(elem_id="correct-project-name"), "input")
    store.add_image(signs, picture(9))
    tab.values[tab.find(elem_id="correct-project-name")] = "signs"
    tab.trigger(tab.find(elem_id="correct-project-name"), "input")
    tab.trigger(tab.drawer, "expand")
    tab.values[tab.typed] = "signs"
    tab.trigger(tab.find(elem_id="correct-delete-project"), "click")
    other.click("Next")
    assert other.title.startswith("**street")


@pytest.mark.parametrize("key", ["", "x", "-1", "project x"])
def test_a_hostile_row(tab, store, key):
    for action in ("restore", "erase"):
        with pytest.raises(gr.Error, match=r"out of date|no longer"):
            tab.pick(tab.bin, key, action)
    assert store.image_count(1) == 2
