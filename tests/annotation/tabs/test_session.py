"""Saving, conflicts and suggestions of one visitor, without a page."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from annotation.region import Region
from annotation.store.records import NotFoundError
from annotation.tabs.session import AnnotationSession, default_project, ensure, restore
from spotter.types import Character, Word

BOX = [[10.0, 10.0], [60.0, 10.0], [60.0, 30.0], [10.0, 30.0]]


def word(x: float = 10, text: str = "cat", score: float = 0.9) -> Word:
    polygon = [[x, 10.0], [x + 40, 10.0], [x + 40, 30.0], [x, 30.0]]
    characters = [Character(sign, 0.8) for sign in text]
    return Word("w0", polygon, [x, 10, x + 40, 30], text, score, 0.8, characters)


def drawn(name: str = "new", text: str = "mine", points=BOX, **changes) -> dict:
    """A region as the editor sends it."""
    return {
        "id": name,
        "points": points,
        "text": text,
        "score": None,
        "reading_score": None,
        "characters": [],
        "illegible": False,
        "difficult": False,
        "locked": True,
        "origin": "person",
        "suggestion": None,
    } | changes


def edit(document: dict, *regions: dict, revision: int = 1) -> dict:
    """What the editor sends after an edit of a document."""
    return {"image_id": document["image_id"], "version": document["version"], "revision": revision} | {
        "regions": [*document["regions"], *regions]
    }


def texts(store, image_id) -> list[str]:
    return [region.text for region in store.regions(image_id)]


def test_an_empty_project_has_nothing_to_show(store):
    session = AnnotationSession(store, store.ensure_project("empty"))
    session.refresh_queue()
    assert session.queue.ids == []
    assert (session.document(), session.position()) == (None, None)
    assert not session.step()


def test_an_edit_is_saved_once(session, store, image_id):
    payload = edit(session.document(), drawn())
    assert session.save(payload).is_new
    assert not session.save(payload).is_new
    assert texts(store, image_id) == ["mine"]
    assert len(store.history(image_id)) == 1
    assert not session.save(None).is_new


def test_edits_with_the_version_of_the_page_follow_each_other(session, store, image_id):
    document = session.document()
    for i in range(1, 4):
        assert not session.save(edit(document, drawn(text=f"text {i}"), revision=i)).conflict
    assert texts(store, image_id) == ["text 3"]
    assert not session.save(edit(document, drawn(text="text 2"), revision=2)).is_new  # overtaken on its way


def test_words_of_a_prediction_during_an_edit_are_added(session, store, image_id):
    document = session.document()
    store.add_prediction(image_id, "nano-1", [word(100, "dog")])
    saved = session.save(edit(document, drawn()))
    assert (saved.merged, saved.conflict) == (True, "")
    assert sorted(texts(store, image_id)) == ["dog", "mine"]
    # A page that has not taken the new words yet does not delete them either.
    session.document(1)
    session.save(edit(document, drawn(text="mine too"), revision=2))
    assert sorted(texts(store, image_id)) == ["dog", "mine too"]


def test_a_conflict_keeps_both_versions(session, store, image_id):
    document = session.document()
    store.save_regions(image_id, 0, [Region(BOX, "theirs")], "bob")
    saved = session.save(edit(document, drawn()))
    assert saved.conflict.startswith("bob changed this image")
    assert texts(store, image_id) == ["theirs"]
    session.save(edit(document, drawn(text="mine, again"), revision=2))
    (draft,) = store.drafts(image_id)  # one that waits, however often one goes on
    assert draft.regions[0].text == "mine, again"
    session.settle(mine=True)
    assert texts(store, image_id) == ["mine, again"]
    assert (session.conflict, store.drafts(image_id)) == ("", [])
    assert [r.after.text for r in store.history(image_id) if r.after and r.who == "bob"] == ["theirs"]


def test_settling_a_conflict_for_the_other_version(session, store, image_id):
    document = session.document()
    store.save_regions(image_id, 0, [Region(BOX, "theirs")], "bob")
    session.save(edit(document, drawn()))
    session.settle(mine=False)
    assert texts(store, image_id) == ["theirs"]
    assert store.drafts(image_id) == []


def test_settling_a_conflict_by_joining_both_versions(session, store, image_id):
    start = edit(
        session.document(), drawn("a", "one"), drawn("b", "two"), drawn("c", "three"), drawn("d", "four")
    )
    session.save(start)
    document, other = session.document(), AnnotationSession(store, session.project_id, "bob")
    other.open(image_id)
    theirs = other.document()
    a, b, c, d = theirs["regions"]
    theirs["regions"] = [a | {"text": "ONE"}, b | {"text": "TWO"}, c]  # d is gone
    other.save(edit(theirs, drawn("e", "bob's"), revision=1))
    a, b, c, d = document["regions"]
    document["regions"] = [a, b | {"text": "2"}, d]  # c is gone
    assert session.save(edit(document, drawn("f", "ann's"), revision=document["revision"] + 1)).conflict
    session.settle(mine=True, join=True)
    assert sorted(texts(store, image_id)) == ["2", "ONE", "ann's", "bob's"]
    assert (session.conflict, store.drafts(image_id)) == ("", [])
    assert "TWO" in {r.after.text for r in store.history(image_id) if r.after}


def test_after_a_restart_a_page_does_not_conflict_with_its_own_edits(session, store, image_id):
    document = session.document()
    first = session.save(edit(document, drawn(text="first")))
    assert first.version == store.image(image_id).version
    answered = document | {"version": first.version}  # which the page got with "saved"
    second = session.save(edit(answered, drawn(text="second"), revision=2))
    assert (second.conflict, texts(store, image_id)) == ("", ["second"])
    restarted = AnnotationSession(store, session.project_id, "ann")
    answered = document | {"version": second.version}
    assert not restarted.save(edit(answered, drawn(text="third"), revision=3)).conflict
    assert texts(store, image_id) == ["third"]


def test_after_a_restart_an_edit_is_saved_or_becomes_a_draft(session, store, image_id):
    document = session.document()
    restarted = AnnotationSession(store, session.project_id, "ann")
    assert not restarted.save(edit(document, drawn())).conflict
    assert texts(store, image_id) == ["mine"]
    late = AnnotationSession(store, session.project_id, "ann")
    assert late.save(edit(document, drawn("other", "later"), revision=2)).conflict
    assert texts(store, image_id) == ["mine"]
    assert store.drafts(image_id)[0].regions[0].text == "later"


@pytest.mark.parametrize("who", ["", "ann"])
def test_an_edit_after_one_whose_answer_was_lost_continues_it(store, image_id, who):
    store.add_prediction(image_id, "nano-1", [word(10, "cat"), word(100, "dog")])
    session = AnnotationSession(store, store.image(image_id).project_id, who)
    session.open(image_id)
    document = session.document()
    cat, dog = document["regions"]
    saved, later = cat | {"text": "car", "locked": True}, dog | {"illegible": True, "locked": True}
    first = document | {"revision": 1, "regions": [saved, dog]}
    session.save(first | {"regions": [*first["regions"], drawn(text="typ")]})
    reloaded = AnnotationSession(store, session.project_id, who)  # the page, too, and has its edits still
    reloaded.open(image_id)
    reloaded.document()
    second = first | {"revision": 2, "regions": [saved, later, drawn(text="typed")]}
    assert not reloaded.save(second).conflict
    assert texts(store, image_id) == ["car", "dog", "typed"]
    assert not reloaded.save(second | {"revision": 3, "regions": [saved]}).conflict
    assert [change.version for change in store.history(image_id)][-2:] == [4, 4]  # both words were removed


def test_an_edit_that_lacks_what_was_saved_since_is_a_conflict(session, store, image_id):
    store.add_prediction(image_id, "nano-1", [word(10, "cat")])
    session.open(image_id)
    document = session.document()
    cat = document["regions"][0]
    session.save(document | {"revision": 1, "regions": [cat | {"text": "car"}]})
    other = AnnotationSession(store, session.project_id, "")
    other.open(image_id)
    assert other.save(document | {"revision": 1, "regions": [cat | {"text": "can"}]}).conflict
    assert texts(store, image_id) == ["car"]


def test_an_edit_that_arrives_after_the_next_photo_is_open_is_saved(session, store, picture):
    store.add_image(session.project_id, picture(1), "second.jpg")
    session.refresh_queue()
    document, first = session.document(), session.image.id
    assert session.step(forward=session.position() == 0) or session.step()
    assert session.image.id != first
    session.save(edit(document, drawn()))
    assert texts(store, first) == ["mine"]
    assert session.image.id != first


def test_drawn_and_moved_regions_are_queued_for_reading(session, store, image_id):
    store.add_prediction(image_id, "nano-1", [word(100, "dog")])
    document = session.document()
    session.save(edit(document, drawn()))
    assert list(session.take_to_read()[1]) == ["new"]
    assert session.take_to_read()[1] == {}
    dog = document["regions"][0]
    moved = dog | {"points": [[x + 5, y] for x, y in dog["points"]]}
    session.save(edit(document | {"regions": [moved]}, drawn(text="retyped"), revision=2))
    assert list(session.take_to_read()[1]) == [dog["id"]]


def test_an_answered_suggestion_is_closed(session):
    document = session.document()
    session.save(edit(document, drawn()))
    reading = {"id": "new", "points": BOX, "text": "wine", "score": 0.5, "characters": [], "model": "nano"}
    assert session.suggest(session.image.id, [reading]) == [reading]
    other = drawn("other", points=[[x + 70, y] for x, y in BOX])
    open_one = drawn(suggestion={"text": "wine", "score": 0.5, "characters": [], "model": "nano"})
    session.save(edit(document, open_one, other, revision=2))
    assert session.readings.suggestions == {"new": reading}
    session.save(edit(document, drawn(), other, revision=3))  # dismissed
    assert session.readings.suggestions == {}
    assert session.suggest(session.image.id + 1, [reading]) == []  # of a photo that is no longer open


def test_the_text_of_a_newer_model_is_a_suggestion_until_it_is_answered(session, store, image_id):
    store.add_prediction(image_id, "nano-1", [word(10, "cat")])
    document = session.document()
    cat = document["regions"][0]
    session.save(edit(document | {"regions": [cat | {"text": "CAT", "suggestion": None}]}))
    store.add_prediction(image_id, "nano-2", [word(10, "cut")])
    document = session.document(1)
    assert document["regions"][0]["text"] == "CAT"
    assert document["regions"][0]["suggestion"]["text"] == "cut"
    assert document["regions"][0]["suggestion"]["model"] == "nano-2"
    answer = document["regions"][0] | {"suggestion": None, "difficult": True}
    session.save(edit(document | {"regions": [answer]}, revision=2))
    assert store.suggestions(image_id) == []


def test_images_of_another_project_cannot_be_opened(session, store, picture):
    elsewhere = store.add_image(store.ensure_project("q"), picture(5), "secret.jpg")[0]
    with pytest.raises(NotFoundError):
        session.open(elsewhere.id)


def test_reload_keeps_the_open_image_else_opens_the_first(session, image_id):
    session.reload()
    assert session.image.id == image_id
    session.open(None)
    session.reload()
    assert session.image.id == image_id
    session.reload(image_id + 100)  # of another database
    assert session.image.id == image_id


def test_a_session_without_an_image_has_no_state_to_set(session):
    session.open(None)
    session.set_state("done")
    session.settle(mine=True)
    assert session.image is None


def test_ensure_returns_the_session_under_the_current_name(session, store):
    assert ensure(session, store, "bob") is session
    assert session.who == "bob"
    restarted = ensure(None, store, "bob")
    assert restarted.project_id == session.project_id


def test_a_page_begins_with_a_project_that_has_photos(store, picture):
    """Such as one that was filled on the command line."""
    empty, signs = store.ensure_project("empty"), store.ensure_project("signs")
    assert default_project(store) == store.find_project("default")
    store.add_image(signs, picture(), "a.jpg")
    assert default_project(store) == signs != empty
    store.add_image(store.find_project("default"), picture(1), "b.jpg")
    assert default_project(store) == store.find_project("default")


def test_memory_restores_the_session(session, store, image_id):
    session.queue.order, session.queue.states = "name", ("new", "done")
    memory = session.to_memory()
    assert memory == {
        "project": "p",
        "who": "ann",
        "image": image_id,
        "order": "name",
        "states": ["new", "done"],
    }
    assert restore(store, memory).to_memory() == memory


def test_memory_of_a_strange_browser_is_ignored(store):
    strange = {"project": None, "who": None, "image": "1", "order": "drop table", "states": ["?", "done"]}
    session = restore(store, strange)
    assert session.project_id == store.find_project("default")
    assert (session.who, session.image, session.queue.order) == ("", None, "uncertainty")
    assert session.queue.states == ("done",)


def test_a_save_loads_the_regions_twice(session, store):
    """With 700 words each time takes 10 ms."""
    document = session.document()
    statements: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    session.save(edit(document, drawn()))
    assert sum("FROM regions" in statement for statement in statements) == 2
