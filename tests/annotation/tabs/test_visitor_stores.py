"""Stores of the visitors of a demo."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace

import pytest
from gradio.context import LocalContext
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from annotation.region import AnnotationError
from annotation.tabs import visitor_stores
from annotation.tabs.visitor_stores import (
    COOKIE,
    CREATED,
    DAY,
    KEY,
    VisitorCookie,
    VisitorStores,
    store_of_visitor,
)
from spotter.images import ImageError

ANN, BOB = "a" * 32, "b" * 32


@pytest.fixture
def visit():
    """Lets a request of a visitor be answered from now on."""
    before = LocalContext.request.get(None)

    def answer(cookie: str | None, session: str = "s", person: str = "") -> None:
        cookies = {} if cookie is None else {COOKIE: cookie}
        signed = (
            {"oauth_info": {"expires_at": time.time() + 60, "userinfo": {"sub": person}}} if person else {}
        )
        request = SimpleNamespace(scope={"session": signed})
        LocalContext.request.set(SimpleNamespace(cookies=cookies, session_hash=session, request=request))

    yield answer
    LocalContext.request.set(before)


@pytest.fixture
def stores(tmp_path):
    made = VisitorStores(tmp_path)
    yield made
    for opened in made._open.values():
        opened.store.close()


def test_without_a_request_there_is_no_store(stores, tmp_path):
    LocalContext.request.set(None)
    with pytest.raises(AnnotationError):
        stores.projects()
    assert stores.image_size(1) is None
    stores.sweep()
    assert list(tmp_path.iterdir()) == []


def test_nobody_sees_anothers_photos(stores, visit, picture):
    visit(ANN)
    project = stores.ensure_project("secret")
    image, _ = stores.add_image(project, picture(1), "a.jpg")
    visit(BOB)
    assert "secret" not in [name for _, name in stores.projects()]
    with pytest.raises(AnnotationError):
        stores.image(image.id)
    visit(ANN)
    assert stores.image(image.id).name == "a.jpg"


def test_a_cookie_that_was_made_up_is_none(stores, visit, tmp_path):
    for cookie in (None, "", "../../etc", "A" * 32, "a" * 33):
        visit(cookie, session="one")
        stores.ensure_project("p")
    assert len(list(tmp_path.iterdir())) == 1
    visit(None, session="two")
    assert "p" not in [name for _, name in stores.projects()]
    assert all(
        KEY.fullmatch(path.name) is None for path in tmp_path.iterdir()
    )  # the cookie is not in the name


def test_the_size_of_an_image_is_known_without_a_request(stores, visit, picture):
    for visitor, size in ((ANN, (40, 90)), (BOB, (80, 20))):
        visit(visitor)
        image, _ = stores.add_image(stores.ensure_project("p"), picture(1, size=size), "a.jpg")
    LocalContext.request.set(None)
    assert stores.image_size(image.id) == (80, 90)
    assert stores.image_size(999) is None


def test_a_visitor_can_delete_everything(stores, visit, picture, tmp_path):
    for visitor in (ANN, BOB):
        visit(visitor)
        stores.add_image(stores.ensure_project("p"), picture(1), "a.jpg")
    stores.forget()
    assert len(list(tmp_path.iterdir())) == 1
    assert stores.projects() == [] or stores.image_count(stores.ensure_project("p")) == 0
    visit(ANN)
    assert stores.image_count(stores.ensure_project("p")) == 1


def make_old(folder, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(folder / CREATED, (then, then))


def test_it_ends_after_a_day(stores, visit, tmp_path):
    visit(ANN)
    stores.ensure_project("p")
    (folder,) = tmp_path.iterdir()
    make_old(folder, DAY - 60)
    stores.sweep()
    assert "p" in [name for _, name in stores.projects()]
    make_old(folder, DAY + 60)
    assert "p" not in [name for _, name in stores.projects()]  # although it has not been swept
    make_old(folder, DAY + 60)
    stores.sweep()
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_used_is_closed_and_opened_again(stores, visit, monkeypatch):
    visit(ANN)
    stores.ensure_project("p")
    monkeypatch.setattr(visitor_stores, "IDLE_SECONDS", -1)
    stores.sweep()
    assert stores._open == {}
    assert "p" in [name for _, name in stores.projects()]


def test_limits(stores, visit, picture, monkeypatch):
    monkeypatch.setattr(visitor_stores, "MAX_PHOTOS", 1)
    monkeypatch.setattr(visitor_stores, "MAX_VISITORS", 1)
    visit(ANN)
    project = stores.ensure_project("p")
    stores.add_image(project, picture(1), "a.jpg")
    with pytest.raises(ImageError, match="1 photos"):
        stores.add_image(project, picture(2), "b.jpg")
    visit(BOB)
    with pytest.raises(AnnotationError, match="Too many people"):
        stores.projects()


def test_a_thread_gets_the_store_itself(stores, store, visit):
    visit(ANN)
    assert store_of_visitor(stores) is stores.current()
    assert store_of_visitor(store) is store


@pytest.mark.parametrize(("in_frames", "kind"), [(False, "SameSite=Lax"), (True, "SameSite=None; Secure")])
def test_the_page_sets_a_cookie_once(in_frames, kind):
    def page(request):
        return PlainTextResponse("page")

    app = Starlette(routes=[Route("/", page), Route("/file", page)])
    client = TestClient(VisitorCookie(app, in_frames), base_url="https://page.example")
    assert "set-cookie" not in client.get("/file").headers
    cookie = client.get("/").headers["set-cookie"]
    assert kind in cookie
    assert "HttpOnly" in cookie
    assert KEY.fullmatch(client.cookies[COOKIE])
    assert "set-cookie" not in client.get("/").headers


@pytest.fixture
def keeping(tmp_path):
    for name in ("day", "kept"):
        (tmp_path / name).mkdir()
    made = VisitorStores(tmp_path / "day", tmp_path / "kept")
    yield made
    for opened in made._open.values():
        opened.store.close()


def test_people_who_have_signed_in_keep_their_photos(keeping, visit, picture, tmp_path):
    visit(ANN, person="42")
    assert keeping.keeps()
    keeping.add_image(keeping.ensure_project("p"), picture(1), "a.jpg")
    (folder,) = (tmp_path / "kept").iterdir()
    make_old(folder, 30 * DAY)
    keeping.sweep()
    visit(BOB, person="42")  # another browser
    assert keeping.image_count(keeping.ensure_project("p")) == 1
    for others in ({"cookie": ANN}, {"cookie": ANN, "person": "43"}):
        visit(**others)
        assert "p" not in [name for _, name in keeping.projects()]
    visit(ANN)
    assert keeping.keeps() is None
    visit(BOB, person="42")
    keeping.forget()
    assert not folder.exists()


def test_without_a_place_that_lasts_theirs_end_too(stores, visit, tmp_path):
    visit(None, person="42")
    assert stores.keeps() is False
    stores.ensure_project("p")
    (folder,) = tmp_path.iterdir()
    make_old(folder, DAY + 60)
    stores.sweep()
    assert not folder.exists()


def test_who_signs_in_for_the_first_time_brings_the_photos_along(keeping, visit, picture, tmp_path):
    visit(ANN)
    image, _ = keeping.add_image(keeping.ensure_project("p"), picture(1), "a.jpg")
    visit(ANN, person="42")
    assert keeping.image_path(keeping.image(image.id)).is_file()
    assert list((tmp_path / "day").iterdir()) == []
    visit(ANN)  # signed out again
    keeping.ensure_project("another")
    visit(ANN, person="42")
    assert [name for _, name in keeping.projects()] == ["p"]
