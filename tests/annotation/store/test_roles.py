"""Who may do what in a project."""

from __future__ import annotations

import pytest

from annotation.formats.importing import import_entries
from annotation.region import AnnotationError, Region
from annotation.store import roles
from annotation.store.bin import delete_images, restore_images
from annotation.store.database import as_program
from annotation.store.project_changes import (
    delete_project,
    deleted_projects,
    rename_project,
    restore_project,
)
from annotation.store.purge import empty_bin, erase_images, erase_project, purge_expired
from annotation.store.records import VersionConflict
from annotation.store.roles import ROLES, ForbiddenError
from annotation.store.turning import turn_image

BOX = [[1, 1], [50, 1], [50, 50]]
PEOPLE = {"olga": "owner", "rev": "reviewer", "ann": "annotator", "rita": "reader"}


class As:
    """`who` logs in: `as_("ann")`."""

    def __init__(self, store):
        self.store = store

    def __call__(self, person):
        self.store.person = lambda: person
        return self.store


@pytest.fixture
def as_(store):
    return As(store)


@pytest.fixture
def project(as_):
    number = as_("olga").ensure_project("signs", is_own=True)
    for person, role in PEOPLE.items():
        as_("olga").give_role(number, person, role)
    return number


@pytest.fixture
def photo(as_, project, picture):
    return as_("ann").add_image(project, picture(), "a.jpg")[0].id


def test_without_logins_everybody_may_do_everything(store, picture):
    project = store.ensure_project("signs", is_own=True)
    assert store.members(project) == {}
    assert store.role(project) == "owner"
    image = store.add_image(project, picture())[0]
    store.set_state(image.id, "done", "")
    store.set_state(image.id, "approved", "")
    assert rename_project(store, project, "other") == "other"


def test_a_project_of_before_is_open_to_all_who_log_in(as_, store, picture):
    project = store.ensure_project("signs")
    image = as_("ann").add_image(project, picture())[0]
    store.set_state(image.id, "done", "ann")
    assert as_("bob").set_state(image.id, "approved", "bob").state == "approved"
    assert as_("bob").role(project) == "owner"


def test_who_makes_a_project_owns_it_and_others_do_not_see_it(as_):
    project = as_("olga").ensure_project("signs", is_own=True)
    assert as_("olga").members(project) == {"olga": "owner"}
    assert as_("olga").projects() == [(project, "signs")]
    store = as_("eve")
    assert store.projects() == []
    assert store.role(project) == ""
    for call in (store.find_project, store.ensure_project):
        with pytest.raises(ForbiddenError, match=r"^You have no role in the project signs\. Ask olga"):
            call("signs")
    assert as_("").projects() == [(project, "signs")]  # the command line


# What each role may do first; whoever has a lower one is refused.
ACTIONS = {
    "open": ("reader", lambda store, photo, project: store.open_image(photo)),
    "save": ("annotator", lambda store, photo, project: store.save_regions(photo, 0, [Region(BOX, "a")], "")),
    "done": ("annotator", lambda store, photo, project: store.set_state(photo, "done", "")),
    "delete": ("annotator", lambda store, photo, project: delete_images(store, [photo], "")),
    "turn": ("annotator", lambda store, photo, project: turn_image(store, photo, 1, "")),
    "predict": ("annotator", lambda store, photo, project: store.add_prediction(photo, "m", [])),
    "rename": ("owner", lambda store, photo, project: rename_project(store, project, "other")),
    "delete project": ("owner", lambda store, photo, project: delete_project(store, project, "")),
    "give": ("owner", lambda store, photo, project: store.give_role(project, "eve", "owner")),
}


@pytest.mark.parametrize("person", ["", *PEOPLE, "eve"])
@pytest.mark.parametrize("action", ACTIONS)
def test_what_a_role_may(as_, photo, project, person, action):
    least, act = ACTIONS[action]
    role = PEOPLE.get(person, "owner" if person == "" else "")
    store = as_(person)
    if role and ROLES.index(role) >= ROLES.index(least):
        act(store, photo, project)
        return
    before = as_("").open_image(photo)
    with pytest.raises(ForbiddenError, match="Ask olga for another role"):
        act(as_(person), photo, project)
    assert as_("").open_image(photo) == before
    assert as_("").members(project) == PEOPLE
    assert as_("").projects() == [(project, "signs")]


def test_photos_are_approved_by_reviewers(as_, photo, project):
    as_("ann").set_state(photo, "done", "ann")
    with pytest.raises(ForbiddenError, match="only a reviewer approves photos"):
        as_("ann").set_state(photo, "approved", "ann")
    as_("rev").set_state(photo, "approved", "rev")
    for change in (
        lambda store: store.save_regions(photo, 0, [Region(BOX, "a")], "ann"),
        lambda store: store.set_state(photo, "in work", "ann"),
        lambda store: delete_images(store, [photo], "ann"),
        lambda store: turn_image(store, photo, 1, "ann"),
    ):
        with pytest.raises(ForbiddenError, match="only a reviewer"):
            change(as_("ann"))
        assert as_("ann").image(photo).state == "approved"
        assert as_("ann").regions(photo) == []
    assert as_("rev").set_state(photo, "in work", "rev").state == "in work"


def test_adding_importing_drafts_and_suggestions_are_for_annotators(as_, photo, project, picture):
    store = as_("ann")
    store.save_regions(photo, 0, [Region(BOX, "a")], "ann")
    with pytest.raises(VersionConflict) as conflict:
        store.save_regions(photo, 0, [Region(BOX, "b")], "ann")
    as_("").add_prediction(photo, "m", [Region(BOX, "c", score=0.9)])
    (suggestion,) = store.suggestions(photo)
    for change in (
        lambda store: store.add_image(project, picture(3)),
        lambda store: import_entries(store, "signs", [], "rita"),
        lambda store: store.discard_draft(conflict.value.draft_id),
        lambda store: store.apply_draft(conflict.value.draft_id, 1, "rita"),
        lambda store: store.dismiss_suggestion(photo, suggestion.id),
        lambda store: store.accept_suggestion(photo, 1, suggestion.id, "rita"),
        lambda store: store.restore_version(photo, 0, 1, "rita"),
    ):
        with pytest.raises(ForbiddenError, match=r"^You are a reader of the project signs"):
            change(as_("rita"))
    assert [region.text for region in as_("rita").regions(photo)] == ["a"]
    assert len(as_("rita").drafts(photo)) == len(store.suggestions(photo)) == store.image_count(project) == 1


def test_what_is_gone_for_good_is_decided_by_owners(as_, photo, project):
    delete_images(as_("ann"), [photo], "ann")
    for erase in (lambda store: erase_images(store, [photo]), lambda store: empty_bin(store, project)):
        with pytest.raises(ForbiddenError, match="Only an owner"):
            erase(as_("rev"))
    with pytest.raises(ForbiddenError):
        restore_images(as_("rita"), [photo], "rita")
    assert restore_images(as_("ann"), [photo], "ann") == 1
    delete_project(as_("olga"), project, "olga")
    assert deleted_projects(as_("eve")) == []
    for change in (restore_project, erase_project):
        with pytest.raises(ForbiddenError, match="Only an owner of the project signs"):
            change(as_("rev"), project)
    assert erase_project(as_("olga"), project) == 1
    assert as_("olga").members(project) == {}


def test_the_program_itself_may_do_everything(as_, photo):
    """Photos are read in the background, whoever has opened the page."""
    store = as_("rita")
    with as_program():
        assert store.add_prediction(photo, "m", [Region(BOX, "c", score=0.9)])
    with pytest.raises(ForbiddenError):
        store.add_prediction(photo, "m2", [])


def test_the_daily_purge_is_nobodys(as_, photo, project):
    delete_images(as_("ann"), [photo], "ann")
    assert purge_expired(as_("")) == 0


def test_roles_are_given_changed_and_taken_away(as_, project):
    store = as_("olga")
    store.give_role(project, "rita", "annotator")
    assert store.members(project)["rita"] == "annotator"
    store.give_role(project, "rita", None)
    assert "rita" not in store.members(project)
    for person, role, sentence in (
        ("", "reader", "Type the name"),
        ("x" * 201, "reader", "Type the name"),
        ("bell\a", "reader", "Type the name"),
        ("rita", "king", "There is no role 'king'; choose one of reader, annotator"),
        ("nobody", None, "nobody has no role"),
        ("olga", "reader", "needs an owner"),
        ("olga", None, "needs an owner"),
    ):
        with pytest.raises(AnnotationError, match=sentence):
            store.give_role(project, person, role)
    assert store.members(project) == {"ann": "annotator", "olga": "owner", "rev": "reviewer"}
    store.give_role(project, "rev", "owner")
    store.give_role(project, "olga", None)
    assert store.role(project) == ""


def test_the_first_role_in_an_open_project_keeps_its_giver_in(as_, store):
    project = store.ensure_project("signs")
    as_("olga").give_role(project, "rita", "reader")
    assert store.members(project) == {"olga": "owner", "rita": "reader"}
    other = store.ensure_project("other")
    with pytest.raises(AnnotationError, match="needs an owner"):
        as_("").give_role(other, "rita", "reader")
    as_("").give_role(other, "rita", "owner")
    assert store.members(other) == {"rita": "owner"}


@pytest.mark.parametrize("action", roles.NEEDED)
def test_every_action_has_a_refusal_with_the_name_of_the_project(action):
    assert "{signs}" in roles.refusal(action, "{signs}")
