"""Correct in a demo."""

from __future__ import annotations

from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.context import LocalContext

from annotation.tabs.correct import build_correct
from annotation.tabs.panels.demo import note
from annotation.tabs.panels.upload import privacy
from annotation.tabs.visitor_stores import COOKIE, VisitorStores


@pytest.fixture
def stores(tmp_path):
    before = LocalContext.request.get(None)
    LocalContext.request.set(SimpleNamespace(cookies={COOKIE: "a" * 32}, session_hash="s", username=None))
    made = VisitorStores(tmp_path)
    yield made
    LocalContext.request.set(before)
    for opened in made._open.values():
        opened.store.close()


def texts(loader, store) -> str:
    with gr.Blocks() as page, gr.Tab() as tab:
        build_correct(loader, store, tab)
    return " ".join(str(getattr(block, "value", "")) for block in page.blocks.values())


def test_only_a_demo_says_that_photos_are_deleted(loader, store, stores):
    assert "deleted after a day" in " ".join(texts(loader, stores).split())
    assert privacy() not in texts(loader, stores)
    assert "deleted after a day" not in " ".join(texts(loader, store).split())
    assert privacy() in texts(loader, store)


def test_the_tab_tells_who_has_signed_in_that_photos_stay(open_tab, stores, monkeypatch):
    assert "deleted after a day" in " ".join(str(open_tab(stores).values).split())
    for keeps in (True, None):
        monkeypatch.setattr(stores, "keeps", lambda keeps=keeps: keeps)
        assert note(keeps) in str(open_tab(stores).values)


def test_people_can_sign_in_if_that_is_offered(loader, stores, monkeypatch):
    # Where there is no Space, Gradio would sign in whoever has a token of Hugging Face on this machine.
    monkeypatch.setattr(gr.oauth, "_add_mocked_oauth_routes", lambda app: None)
    button = "Sign in with Hugging Face"
    assert button not in texts(loader, stores)
    stores.signs_in = True
    assert button in texts(loader, stores)


def test_one_click_deletes_the_photos(open_tab, stores, picture):
    image, _ = stores.add_image(stores.ensure_project("default"), picture(1), "a.jpg")
    stores.add_prediction(image.id, "before", [])
    tab = open_tab(stores)
    assert tab.values[tab.editor]["image_id"] == "1"
    tab.click("Delete my photos now")
    assert not (tab.values[tab.editor] or {}).get("image_id")
    assert stores.image_count(stores.ensure_project("default")) == 0
