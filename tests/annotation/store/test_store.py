"""The store on a real SQLite file, and on PostgreSQL where TEST_POSTGRES_URL names one."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from dataclasses import dataclass, field, replace

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from PIL import Image
from sqlalchemy import create_engine

from annotation.region import AnnotationError, Region, RegionError
from annotation.review import STATES, StateError
from annotation.store.database import MIGRATIONS, parse_url
from annotation.store.records import NotFoundError
from annotation.store.store import Store, VersionConflict
from annotation.store.tables import Base
from spotter.images import ImageError


@dataclass
class Char:
    text: str
    score: float


@dataclass
class FakeWord:
    """As spotter.types.Word."""

    polygon: list
    text: str
    score: float = 0.9
    reading_score: float = 0.8
    characters: list = field(default_factory=list)


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


def word(x, y, text, score=0.9):
    return FakeWord(box(x, y), text, score, 0.8, [Char(c, 0.7) for c in text])


def texts(store, image_id):
    return [region.text for region in store.regions(image_id)]


def test_empty(store, tmp_path):
    assert store.projects() == []
    assert store.drafts() == []
    project = store.project("p")
    assert store.image_list(project) == []
    assert store.project(" p ") == project == store.find_project("p")
    for call in (store.image, store.open_image, lambda i: store.save_regions(i, 0, [], "a")):
        with pytest.raises(NotFoundError):
            call(1)
    with pytest.raises(NotFoundError):
        store.find_project("q")


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\x07b"])
def test_bad_project_names(store, name):
    with pytest.raises(AnnotationError):
        store.project(name)


def test_migrations_make_the_tables(store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() is not None


@pytest.mark.skipif("TEST_POSTGRES_URL" not in os.environ, reason="TEST_POSTGRES_URL names no PostgreSQL")
def test_postgresql_is_looked_at():
    """Seen as skipped where the tests that follow run on SQLite alone."""


def test_sqlite_is_set_up(tmp_path):
    with Store(f"sqlite:///{tmp_path}/a.db") as store, store.engine.connect() as connection:
        names = ("journal_mode", "foreign_keys", "synchronous")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    assert found == ["wal", 1, 2]


def test_the_first_tables_are_brought_up_to_date(tmp_path, picture):
    """A database of the first version keeps what is in it."""
    url = f"sqlite:///{tmp_path}/a.db"
    with Store(url) as store:
        image = store.add_image(store.project("p"), picture(), "a.jpg")[0]
    with create_engine(url).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    with Store(url) as store:
        assert store.image(image.id) == image


@pytest.mark.parametrize(
    "url", ["", "abc", "sqlite://", "sqlite:///:memory:", "nonsense://x/y", "mysql://x/y"]
)
def test_bad_urls(url):
    with pytest.raises(AnnotationError):
        Store(url)


def test_a_password_is_never_repeated():
    with pytest.raises(AnnotationError) as caught:
        parse_url("nonsense://me:secret@host/db")
    assert "secret" not in str(caught.value)


def test_databases_that_cannot_be_opened(tmp_path):
    with pytest.raises(AnnotationError, match="folder"):
        Store(f"sqlite:///{tmp_path}/no/such/a.db")
    (tmp_path / "junk.db").write_bytes(b"no database" * 1000)
    with pytest.raises(AnnotationError, match="cannot be opened"):
        Store(f"sqlite:///{tmp_path}/junk.db")
    Store(f"sqlite:///{tmp_path}/new.db").close()
    with sqlite3.connect(tmp_path / "new.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(AnnotationError, match="newer version"):
        Store(f"sqlite:///{tmp_path}/new.db")


def test_a_server_that_is_not_there():
    with pytest.raises(AnnotationError, match="cannot be opened") as caught:
        Store("postgresql://me:secret@127.0.0.1:1/a")
    assert "secret" not in str(caught.value)


def test_a_busy_database(tmp_path, monkeypatch):
    monkeypatch.setattr("annotation.store.database.BUSY_SECONDS", 0.1)
    with Store(f"sqlite:///{tmp_path}/a.db") as store:
        writer = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(AnnotationError, match="cannot be used now"):
            store.project("p")
        writer.close()
        assert store.projects() == []
        assert store.project("p")


def test_images_are_stored_by_their_hash(store, picture, tmp_path):
    project = store.project("p")
    data = picture()
    image, added = store.add_image(project, data, "../../etc/C:\\photos\\my photo.jpg")
    assert (added, image.name, image.width, image.height, image.state) == (
        True,
        "my photo.jpg",
        200,
        100,
        "new",
    )
    path = store.image_path(image)
    assert path.read_bytes() == data
    assert hashlib.sha256(data).hexdigest() == image.sha256 == path.stem
    assert path.is_relative_to(tmp_path / "annotation.images")
    again, added = store.add_image(project, data, "other.jpg")
    assert (added, again) == (False, image)
    elsewhere, added = store.add_image(store.project("q"), data, "other.jpg")
    assert added
    assert store.image_path(elsewhere) == path
    assert store.image_count(project) == 1


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_is_baked_in(store, picture, form, orientation):
    image, _ = store.add_image(store.project("p"), picture(form=form, orientation=orientation), "a")
    assert (image.width, image.height) == ((100, 200) if orientation in (6, 8) else (200, 100))
    with Image.open(store.image_path(image)) as stored:
        assert stored.size == (image.width, image.height)
        assert not stored.getexif()
        assert (stored.format, image.extension) in (("JPEG", ".jpg"), ("PNG", ".png"))
    # What is stored comes back unchanged when it is exported and imported.
    again, added = store.add_image(store.project("p"), store.image_path(image))
    assert (added, again) == (False, image)


def test_bad_images(store, tmp_path):
    project = store.project("p")
    for source in (b"", b"no image", tmp_path, tmp_path / "missing.jpg"):
        with pytest.raises(ImageError):
            store.add_image(project, source)
    with pytest.raises(NotFoundError):
        store.add_image(99, Image.new("RGB", (5, 5)).tobytes("jpeg", "RGB"), "a.jpg")
    assert store.image_list(project) == []


def test_saving_and_history(store, image_id):
    assert store.open_image(image_id).regions == []
    assert store.save_regions(image_id, 0, [], "ann") == 0
    assert store.image(image_id).state == "new"
    first = Region(box(10, 10), "one")
    assert store.save_regions(image_id, 0, [first], "ann") == 1
    assert store.save_regions(image_id, 1, [first], "ann") == 1  # nothing changed, no version
    second = Region(box(50, 10), "two")
    assert store.save_regions(image_id, 1, [second.to_json(), first.to_json() | {"text": "ONE"}], "bob") == 2
    assert texts(store, image_id) == ["two", "ONE"]
    assert store.save_regions(image_id, 2, [replace(first, text="ONE")], "cid") == 3
    history = [
        (r.version, r.who, r.before and r.before.text, r.after and r.after.text)
        for r in store.history(image_id)
    ]
    assert history == [
        (1, "ann", None, "one"),
        (2, "bob", None, "two"),
        (2, "bob", "one", "ONE"),
        (3, "cid", "two", None),
    ]
    assert [r.version for r in store.history(image_id, first.id)] == [1, 2]
    image = store.image(image_id)
    assert (image.state, image.version, image.changed_by) == ("in work", 3, "cid")
    assert image.changed_at.utcoffset().total_seconds() == 0
    assert all(region.locked for region in store.regions(image_id))


def test_order_alone_is_kept_without_history(store, image_id):
    a, b = Region(box(10, 10), "a"), Region(box(50, 10), "b")
    version = store.save_regions(image_id, 0, [a, b], "ann")
    assert store.save_regions(image_id, version, [b, a], "ann") == version + 1
    assert texts(store, image_id) == ["b", "a"]
    assert len(store.history(image_id)) == 2


def test_a_bad_region_changes_nothing(store, image_id):
    store.save_regions(image_id, 0, [Region(box(1, 1), "a")], "ann")
    with pytest.raises(RegionError, match="Region 2"):
        store.save_regions(image_id, 1, [Region(box(1, 1), "b"), {"polygon": [[float("nan"), 1]] * 3}], "ann")
    assert texts(store, image_id) == ["a"]
    assert store.image(image_id).version == 1
    assert store.drafts() == []


def test_two_people_lose_nothing(store, image_id):
    store.save_regions(image_id, 0, [Region(box(1, 1), "ann's")], "ann")
    bobs = Region(box(1, 1), "bob's")
    with pytest.raises(VersionConflict, match="ann") as caught:
        store.save_regions(image_id, 0, [bobs], "bob")
    assert (caught.value.who, caught.value.version) == ("ann", 1)
    assert texts(store, image_id) == ["ann's"]
    (draft,) = store.open_image(image_id).drafts
    assert (draft.id, draft.who, draft.base_version) == (caught.value.draft_id, "bob", 0)
    assert draft.regions == [bobs]
    with pytest.raises(VersionConflict):
        store.save_regions(image_id, 0, [bobs], "bob")
    assert store.drafts() == [draft]  # kept once
    with pytest.raises(AnnotationError, match="look at it again"):
        store.apply_draft(draft.id, 0, "bob")
    assert store.apply_draft(draft.id, 1, "bob") == 2
    assert texts(store, image_id) == ["bob's"]
    assert store.drafts() == []
    with pytest.raises(NotFoundError):
        store.discard_draft(draft.id)
    assert "ann's" in [r.before.text for r in store.history(image_id) if r.before]


def test_the_same_edit_twice_is_no_conflict(store, image_id):
    """The answer to the first one may have been lost on the way."""
    regions = [Region(box(1, 1), "a")]
    assert store.save_regions(image_id, 0, regions, "ann") == 1
    assert store.save_regions(image_id, 0, regions, "ann") == 1
    assert store.drafts() == []


def test_many_threads_and_two_stores(store, image_id, database):
    """Of all edits from the same version one wins, and every other one is a draft."""
    with Store(database) as other:
        outcomes = []

        def edit(who):
            try:
                (store, other)[who % 2].save_regions(image_id, 0, [Region(box(1, 1), str(who))], str(who))
                outcomes.append("saved")
            except VersionConflict:
                outcomes.append("draft")

        threads = [threading.Thread(target=edit, args=(i,)) for i in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(outcomes) == ["draft"] * 11 + ["saved"]
    kept = {draft.regions[0].text for draft in store.drafts(image_id)} | set(texts(store, image_id))
    assert kept == {str(i) for i in range(12)}


def test_many_add_the_same_at_once(store, database, picture):
    data, found = picture(), []

    def add(number):
        with Store(database, images=store.images.folder) as other:
            found.append(other.add_image(other.project("together"), data, "a.jpg")[0].id)

    threads = [threading.Thread(target=add, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


@pytest.mark.parametrize("source", STATES)
@pytest.mark.parametrize("target", STATES)
def test_rules_of_review(store, image_id, source, target):
    way = {"new": [], "in work": ["in work"], "done": ["done"], "approved": ["done", "approved"]}[source]
    for state in way:
        store.set_state(image_id, state, "ann")
    allowed = {
        ("new", "in work"),
        ("new", "done"),
        ("in work", "done"),
        ("done", "in work"),
        ("done", "approved"),
        ("approved", "in work"),
    }
    if source == target or (source, target) in allowed:
        assert store.set_state(image_id, target, "ann").state == target
    else:
        with pytest.raises(StateError, match=target):
            store.set_state(image_id, target, "ann")
        assert store.image(image_id).state == source


def test_states_and_edits(store, image_id):
    with pytest.raises(StateError, match="no state"):
        store.set_state(image_id, "finished", "ann")
    store.add_prediction(image_id, "m1", [word(1, 1, "a")])
    with pytest.raises(AnnotationError, match="in the meantime"):
        store.set_state(image_id, "done", "ann", version=0)
    store.set_state(image_id, "done", "ann", version=1)
    (region,) = store.regions(image_id)
    assert region.locked  # whoever says done has confirmed it
    store.save_regions(image_id, 1, [replace(region, text="b")], "bob")
    assert store.image(image_id).state == "in work"


def test_prediction_becomes_regions(store, image_id):
    assert store.predictions(image_id) == []
    assert store.corrections(image_id) == []
    assert store.add_prediction(image_id, "m1", [word(10, 10, "cat"), word(60, 10, "dog", 0.5)])
    assert not store.add_prediction(image_id, "m1", [])
    first, second = store.regions(image_id)
    assert (first.text, first.score, first.origin, first.locked) == ("cat", 0.9, "model", False)
    assert [c.text for c in first.characters] == ["c", "a", "t"]
    assert store.image(image_id).state == "new"
    assert 0 < store.image(image_id).uncertainty < 1
    (prediction,) = store.predictions(image_id)
    assert (prediction.model_version, prediction.regions) == ("m1", [first, second])
    assert [c.kinds for c in store.corrections(image_id)] == [(), ()]


def test_a_prediction_without_words(store, image_id):
    assert store.add_prediction(image_id, "m1", [])
    assert store.regions(image_id) == []
    assert store.image(image_id).uncertainty == 0


def test_kinds_of_corrections(store, image_id):
    store.add_prediction(
        image_id, "m1", [word(x, 10, t) for x, t in ((10, "a"), (40, "b"), (70, "c"), (100, "d"))]
    )
    a, b, c, d = store.regions(image_id)
    version = store.image(image_id).version
    mine = Region(box(150, 50), "mine")
    corrected = [a, replace(b, text="B"), replace(c, polygon=box(70, 30)), mine]
    store.save_regions(image_id, version, corrected, "ann")
    found = {r.region_id: r.kinds for r in store.history(image_id) if r.source == "person"}
    assert found == {b.id: ("text",), c.id: ("shape",), d.id: ("false",), mine.id: ("missed",)}
    assert {r.region_id: r.kinds for r in store.corrections(image_id, "m1")} == found | {a.id: ()}
    assert store.corrections(image_id, "m2") == []
    kept = {region.id: region for region in store.regions(image_id)}
    assert [kept[r.id].locked for r in (a, b, c)] == [False, True, True]
    assert (kept[b.id].score, kept[b.id].reading_score, kept[b.id].characters) == (0.9, None, [])
    assert kept[c.id].characters == c.characters


def test_a_client_cannot_change_what_the_store_knows(store, image_id):
    store.add_prediction(image_id, "m1", [word(10, 10, "a")])
    (region,) = store.regions(image_id)
    store.save_regions(
        image_id, 1, [replace(region, score=0.1, origin="person", locked=True, difficult=True)], "ann"
    )
    (kept,) = store.regions(image_id)
    assert (kept.score, kept.origin, kept.difficult, kept.locked) == (0.9, "model", True, True)


def test_a_newer_model_never_overwrites_a_person(store, image_id):
    store.add_prediction(image_id, "m1", [word(10, 10, "cat"), word(60, 10, "dog"), word(110, 10, "cow")])
    cat, dog, _ = store.regions(image_id)
    mine = replace(cat, text="CAT")
    store.save_regions(image_id, 1, [mine, dog], "ann")  # cow removed
    newer = [word(11, 10, "car"), word(60, 10, "dig"), word(110, 10, "cow"), word(150, 60, "new")]
    assert store.add_prediction(image_id, "m2", newer)
    kept = {region.text: region for region in store.regions(image_id)}
    assert set(kept) == {"CAT", "dig", "new"}  # nobody had touched dog; what was removed stays away
    assert kept["CAT"].id == cat.id
    suggested = {s.region.text: s.replaces for s in store.suggestions(image_id)}
    assert suggested == {"car": cat.id, "cow": None}
    assert {s.model_version for s in store.suggestions(image_id)} == {"m2"}


def test_agreement_is_no_suggestion(store, image_id):
    store.save_regions(image_id, 0, [Region(box(10, 10), "cat")], "ann")
    store.add_prediction(image_id, "m1", [word(10, 10, "cat")])
    assert store.suggestions(image_id) == []
    assert texts(store, image_id) == ["cat"]


@pytest.mark.parametrize("state", ["done", "approved"])
def test_finished_images_get_suggestions_only(store, image_id, state):
    store.set_state(image_id, "done", "ann")
    if state == "approved":
        store.set_state(image_id, state, "bob")
    store.add_prediction(image_id, "m1", [word(10, 10, "cat")])
    assert store.regions(image_id) == []
    assert [s.region.text for s in store.suggestions(image_id)] == ["cat"]
    assert store.image(image_id).state == state


def test_suggestions_are_accepted_or_dismissed(store, image_id):
    mine = Region(box(10, 10), "cat", illegible=True)
    store.save_regions(image_id, 0, [mine], "ann")
    store.set_state(image_id, "done", "ann")
    store.add_prediction(image_id, "m1", [word(11, 11, "car"), word(60, 10, "new"), word(100, 60, "no")])
    car, new, no = store.suggestions(image_id)
    with pytest.raises(AnnotationError, match="in the meantime"):
        store.accept_suggestion(image_id, 0, car.id, "bob")
    version = store.accept_suggestion(image_id, 1, car.id, "bob")
    version = store.accept_suggestion(image_id, version, new.id, "bob")
    store.dismiss_suggestion(image_id, no.id)
    assert store.suggestions(image_id) == []
    first, second = store.regions(image_id)
    assert (first.id, first.text, first.polygon, first.illegible) == (mine.id, "car", box(11, 11), False)
    assert (second.text, second.locked) == ("new", True)
    assert store.image(image_id).state == "in work"
    for call in (
        lambda: store.dismiss_suggestion(image_id, no.id),
        lambda: store.accept_suggestion(image_id, version, car.id, "x"),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_older_suggestions_give_way(store, image_id):
    store.set_state(image_id, "done", "ann")
    store.add_prediction(image_id, "m1", [word(10, 10, "old")])
    store.add_prediction(image_id, "m2", [word(10, 10, "new")])
    assert [s.region.text for s in store.suggestions(image_id)] == ["new"]
    assert [p.model_version for p in store.predictions(image_id)] == ["m1", "m2"]


def test_everything_is_there_after_opening_again(database, picture, tmp_path):
    with Store(database, images=tmp_path) as store:
        image = store.add_image(store.project("p"), picture(), "a.jpg")[0]
        store.add_prediction(image.id, "m1", [word(10, 10, "Ñandú 咖啡店 🙂")])
        store.save_regions(image.id, 1, [*store.regions(image.id), Region(box(1, 50), "<b>")], "ann")
        before = store.open_image(image.id)
    with Store(database, images=tmp_path) as store:
        assert store.open_image(image.id) == before


def test_names_sort_as_people_count(store, picture):
    project = store.project("p")
    for i, name in enumerate(["img10.jpg", "img2.jpg", "IMG1.jpg", "img_3.jpg", "éclair.jpg", "zebra.jpg"]):
        store.add_image(project, picture(i), name)
    expected = ["IMG1.jpg", "img2.jpg", "img10.jpg", "img_3.jpg", "zebra.jpg", "éclair.jpg"]
    assert [image.name for image in store.image_list(project)] == expected
    assert [image.name for image in store.image_list(project, limit=1, offset=1)] == ["img2.jpg"]
    assert store.image_list(project, state="done") == []
