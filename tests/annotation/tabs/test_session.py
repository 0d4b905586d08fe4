"""What a visitor works on, without a page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from annotation.region import Region
from annotation.store.records import NotFoundError
from annotation.store.region_rows import merge
from annotation.tabs.documents import from_document
from annotation.tabs.session import Desk
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


@pytest.fixture
def desk(store, image_id):
    desk = Desk(store, store.project("p"), "ann")
    desk.refresh()
    desk.open(image_id)
    return desk


def texts(store, image_id) -> list[str]:
    return [region.text for region in store.regions(image_id)]


def test_an_empty_project_has_nothing_to_show(store):
    desk = Desk(store, store.project("empty"))
    desk.refresh()
    assert (desk.ids, desk.document(), desk.place(), desk.step()) == ([], None, None, False)


def test_an_edit_is_saved_once(desk, store, image_id):
    payload = edit(desk.document(), drawn())
    assert desk.save(payload).is_new
    assert not desk.save(payload).is_new
    assert texts(store, image_id) == ["mine"]
    assert len(store.history(image_id)) == 1
    assert not desk.save(None).is_new


def test_edits_follow_each_other_without_the_page_being_told_a_version(desk, store, image_id):
    document = desk.document()
    for i in range(1, 4):
        assert not desk.save(edit(document, drawn(text=f"text {i}"), revision=i)).conflict
    assert texts(store, image_id) == ["text 3"]
    assert not desk.save(edit(document, drawn(text="text 2"), revision=2)).is_new  # overtaken on its way


def test_what_the_editor_rounds_stays_as_it_was(store, image_id, desk):
    exact = Region([[10.12, 10.37], [60.55, 10.0], [60.0, 30.0]], "line\nend", "import:1")
    store.save_regions(image_id, 0, [exact], "bob")
    document = desk.document()
    rounded = [[10.1, 10.4], [60.5, 10.0], [60.0, 30.0]]
    sent = {**document["regions"][0], "points": rounded, "text": "line end", "suggestion": None}
    assert from_document([sent], [exact])[0].content == exact.content
    moved = from_document([sent | {"points": [[11.0, 10.4], *rounded[1:]]}], [exact])[0]
    assert moved.polygon[0] == [11.0, 10.4]


def test_a_model_that_speaks_during_an_edit_adds_its_words(desk, store, image_id):
    document = desk.document()
    store.add_prediction(image_id, "nano-1", [word(100, "dog")])
    saved = desk.save(edit(document, drawn()))
    assert (saved.merged, saved.conflict) == (True, "")
    assert sorted(texts(store, image_id)) == ["dog", "mine"]
    # A page that has not taken the new words yet does not delete them either.
    desk.document(1)
    desk.save(edit(document, drawn(text="mine too"), revision=2))
    assert sorted(texts(store, image_id)) == ["dog", "mine too"]


def test_two_people_keep_both_versions(desk, store, image_id):
    document = desk.document()
    store.save_regions(image_id, 0, [Region(BOX, "theirs")], "bob")
    saved = desk.save(edit(document, drawn()))
    assert saved.conflict.startswith("bob changed this image")
    assert texts(store, image_id) == ["theirs"]
    desk.save(edit(document, drawn(text="mine, again"), revision=2))
    (draft,) = store.drafts(image_id)  # one that waits, however often one goes on
    assert draft.regions[0].text == "mine, again"
    desk.settle(mine=True)
    assert texts(store, image_id) == ["mine, again"]
    assert (desk.conflict, store.drafts(image_id)) == ("", [])
    assert [r.after.text for r in store.history(image_id) if r.after and r.who == "bob"] == ["theirs"]


def test_the_other_version_can_stay(desk, store, image_id):
    document = desk.document()
    store.save_regions(image_id, 0, [Region(BOX, "theirs")], "bob")
    desk.save(edit(document, drawn()))
    desk.settle(mine=False)
    assert texts(store, image_id) == ["theirs"]
    assert store.drafts(image_id) == []


def test_two_versions_are_joined(desk, store, image_id):
    start = edit(
        desk.document(), drawn("a", "one"), drawn("b", "two"), drawn("c", "three"), drawn("d", "four")
    )
    desk.save(start)
    document, other = desk.document(), Desk(store, desk.project_id, "bob")
    other.open(image_id)
    theirs = other.document()
    a, b, c, d = theirs["regions"]
    theirs["regions"] = [a | {"text": "ONE"}, b | {"text": "TWO"}, c]  # d is gone
    other.save(edit(theirs, drawn("e", "bob's"), revision=1))
    a, b, c, d = document["regions"]
    document["regions"] = [a, b | {"text": "2"}, d]  # c is gone
    assert desk.save(edit(document, drawn("f", "ann's"), revision=document["revision"] + 1)).conflict
    desk.settle(mine=True, join=True)
    assert sorted(texts(store, image_id)) == ["2", "ONE", "ann's", "bob's"]
    assert (desk.conflict, store.drafts(image_id)) == ("", [])
    assert "TWO" in {r.after.text for r in store.history(image_id) if r.after}


def test_after_a_restart_a_page_does_not_conflict_with_its_own_edits(desk, store, image_id):
    document = desk.document()
    first = desk.save(edit(document, drawn(text="first")))
    assert first.version == store.image(image_id).version
    told = document | {"version": first.version}  # as the page was told with "saved"
    second = desk.save(edit(told, drawn(text="second"), revision=2))
    assert (second.conflict, texts(store, image_id)) == ("", ["second"])
    anew = Desk(store, desk.project_id, "ann")
    told = document | {"version": second.version}
    assert not anew.save(edit(told, drawn(text="third"), revision=3)).conflict
    assert texts(store, image_id) == ["third"]


def test_after_a_restart_an_edit_is_taken_or_kept_aside(desk, store, image_id):
    document = desk.document()
    anew = Desk(store, desk.project_id, "ann")
    assert not anew.save(edit(document, drawn())).conflict
    assert texts(store, image_id) == ["mine"]
    late = Desk(store, desk.project_id, "ann")
    assert late.save(edit(document, drawn(text="later"), revision=2)).conflict
    assert texts(store, image_id) == ["mine"]
    assert store.drafts(image_id)[0].regions[0].text == "later"


def test_an_edit_that_comes_after_the_next_photo_is_shown_is_saved(desk, store, picture):
    store.add_image(desk.project_id, picture(1), "second.jpg")
    desk.refresh()
    document, first = desk.document(), desk.image.id
    assert desk.step(forward=desk.place() == 0) or desk.step()
    assert desk.image.id != first
    desk.save(edit(document, drawn()))
    assert texts(store, first) == ["mine"]
    assert desk.image.id != first


def test_drawn_and_moved_regions_are_to_be_read(desk, store, image_id):
    store.add_prediction(image_id, "nano-1", [word(100, "dog")])
    document = desk.document()
    desk.save(edit(document, drawn()))
    assert list(desk.take_unread()[1]) == ["new"]
    assert desk.take_unread()[1] == {}
    dog = document["regions"][0]
    moved = dog | {"points": [[x + 5, y] for x, y in dog["points"]]}
    desk.save(edit(document | {"regions": [moved]}, drawn(text="retyped"), revision=2))
    assert list(desk.take_unread()[1]) == [dog["id"]]


def test_a_suggestion_is_answered_once(desk):
    document = desk.document()
    desk.save(edit(document, drawn()))
    reading = {"id": "new", "points": BOX, "text": "wine", "score": 0.5, "characters": [], "model": "nano"}
    assert desk.suggest(desk.image.id, [reading]) == [reading]
    other = drawn("other", points=[[x + 70, y] for x, y in BOX])
    open_one = drawn(suggestion={"text": "wine", "score": 0.5, "characters": [], "model": "nano"})
    desk.save(edit(document, open_one, other, revision=2))
    assert desk.readings == {"new": reading}
    desk.save(edit(document, drawn(), other, revision=3))  # dismissed
    assert desk.readings == {}
    assert desk.suggest(desk.image.id + 1, [reading]) == []  # of a photo that is no longer open


def test_a_newer_model_s_text_stands_beside_and_is_closed_by_an_answer(desk, store, image_id):
    store.add_prediction(image_id, "nano-1", [word(10, "cat")])
    document = desk.document()
    cat = document["regions"][0]
    desk.save(edit(document | {"regions": [cat | {"text": "CAT", "suggestion": None}]}))
    store.add_prediction(image_id, "nano-2", [word(10, "cut")])
    document = desk.document(1)
    assert document["regions"][0]["text"] == "CAT"
    assert document["regions"][0]["suggestion"]["text"] == "cut"
    assert document["regions"][0]["suggestion"]["model"] == "nano-2"
    answer = document["regions"][0] | {"suggestion": None, "difficult": True}
    desk.save(edit(document | {"regions": [answer]}, revision=2))
    assert store.suggestions(image_id) == []


def test_images_of_another_project_stay_closed(desk, store, picture):
    elsewhere = store.add_image(store.project("q"), picture(5), "secret.jpg")[0]
    with pytest.raises(NotFoundError):
        desk.open(elsewhere.id)


def test_merge_keeps_what_a_person_did():
    kept, changed, gone = (Region(BOX, name, name) for name in ("kept", "changed", "gone"))
    mine = [kept, replace(changed, text="CHANGED"), Region(BOX, "drawn", "drawn")]
    news = Region(BOX, "news", "news")
    merged = merge([kept, changed, gone], mine, [replace(kept, score=0.5), changed, gone, news])
    assert [region.text for region in merged] == ["kept", "CHANGED", "drawn", "news"]
    assert merged[0].score == 0.5
    assert [r.text for r in merge([kept, changed], [kept, mine[1]], [news])] == ["CHANGED", "news"]
