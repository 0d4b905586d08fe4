"""What a role allows on the page."""

from __future__ import annotations

import gradio as gr
import pytest

from annotation.region import Region

BOX = [[1, 1], [50, 1], [50, 50]]


@pytest.fixture
def as_(store, open_tab):
    """The tab of a person who has logged in."""

    def log_in(person):
        store.person = lambda: person
        return open_tab()

    return log_in


@pytest.fixture
def photo(store, put):
    """A photo of the default project, in which ann is an annotator and rita a reader."""
    image_id = put(1, Region(BOX, "NOVA"))
    project = store.find_project("default")
    store.give_role(project, "olga", "owner")
    store.give_role(project, "ann", "annotator")
    store.give_role(project, "rita", "reader")
    return image_id


def is_enabled(tab, **properties) -> bool:
    return tab.props.get(tab.find(**properties), {}).get("interactive", True)


def test_without_logins_everything_is_enabled_and_no_roles_are_shown(photo, open_tab):
    tab = open_tab()
    assert "visible" not in tab.props.get(tab.find(elem_id="correct-role"), {})
    assert not tab.find(elem_id="correct-roles").visible
    assert is_enabled(tab, elem_id="correct-done")
    assert tab.values[tab.editor]["read_only"] is False


def test_a_reader_is_told_so_once_and_can_change_nothing(photo, as_, store):
    tab = as_("rita")
    note = tab.find(elem_id="correct-role")
    assert tab.props[note]["visible"]
    assert tab.values[note] == (
        "You are a reader of the project default\\: you can look at everything, but change nothing\\."
    )
    for name in ("done", "delete-photo", "turn-left", "copy", "files", "import", "rename", "delete-project"):
        assert not is_enabled(tab, elem_id=f"correct-{name}"), name
    assert not tab.props[tab.find(elem_id="correct-roles")]["visible"]
    document = tab.values[tab.editor]
    assert document["read_only"] is True
    assert [region["text"] for region in document["regions"]] == ["NOVA"]
    with pytest.raises(gr.Error, match="You are a reader of the project default"):
        tab.edit()
    assert [region.text for region in store.regions(photo)] == ["NOVA"]
    tab.click("Next")  # and so on: looking works
    assert tab.title


def test_an_annotator_may_not_approve_or_manage(photo, as_, store):
    tab = as_("ann")
    assert not tab.props[tab.find(elem_id="correct-role")]["visible"]
    assert is_enabled(tab, elem_id="correct-done")
    for name in ("approve", "rename", "delete-project", "empty-bin"):
        assert not is_enabled(tab, elem_id=f"correct-{name}"), name
    tab.edit()
    assert store.regions(photo) == []


def test_a_project_of_others_is_not_offered(photo, as_, store):
    store.ensure_project("open to all")
    tab = as_("eve")
    project = tab.find(elem_id="correct-project-name")
    assert tab.props[project]["choices"] == ["open to all"]


def test_owners_give_roles(photo, as_, store):
    tab = as_("olga")
    project = store.find_project("default")
    assert tab.props[tab.find(elem_id="correct-roles")]["visible"]
    panel = next(part for part in tab.props if "ann: annotator (" in str(tab.values.get(part)))
    person, role = tab.find(label="Name with which a person logs in"), tab.find(label="Role")
    tab.values |= {person: "<b>eve</b>", role: "reviewer"}
    tab.trigger(tab.find(elem_id="correct-give-role"), "click")
    assert store.members(project)["<b>eve</b>"] == "reviewer"
    assert "\\<b\\>eve" in tab.values[panel]
    assert tab.values[person] == ""
    tab.values |= {person: "olga", role: "none"}
    with pytest.raises(gr.Error, match="A project needs an owner"):
        tab.trigger(tab.find(elem_id="correct-give-role"), "click")
    store.give_role(project, "ann", "owner")
    tab.trigger(tab.find(elem_id="correct-give-role"), "click")  # the visitor leaves
    assert store.members(project) == {"<b>eve</b>": "reviewer", "ann": "owner", "rita": "reader"}


def test_who_types_a_new_name_of_a_project_owns_it(photo, as_, store):
    tab = as_("eve")
    tab.values[tab.find(elem_id="correct-project-name")] = "mine"
    tab.trigger(tab.find(elem_id="correct-project-name"), "input")
    tab.click("Create it")
    assert store.members(store.find_project("mine")) == {"eve": "owner"}
    tab.values[tab.find(elem_id="correct-project-name")] = "default"
    tab.trigger(tab.find(elem_id="correct-project-name"), "input")
    with pytest.raises(gr.Error, match="You have no role in the project default"):
        tab.click("Create it")


def test_who_has_no_role_anywhere_begins_with_a_project_of_their_own(photo, as_, store):
    tab = as_("eve")
    assert tab.props[tab.find(elem_id="correct-project-name")]["choices"] == ["eve's photos"]
    assert store.members(store.find_project("eve's photos")) == {"eve": "owner"}
    assert store.projects() == [(store.find_project("eve's photos"), "eve's photos")]
