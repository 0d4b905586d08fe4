"""The Correct tab as a person uses it, on a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from gradio import networking

from annotation.store.store import Store
from tests.browser.conftest import find_port
from tests.browser.correct.page import CorrectApp, CorrectTab


@pytest.fixture(scope="session")
def port() -> int:
    """Of all apps, one after the other, so that the browser has their scripts already."""
    return find_port()


@pytest.fixture
def app(tiny_file, tmp_path, port, monkeypatch) -> Iterator[CorrectApp]:
    # gradio's own check gives up after 3 seconds, too few on a busy machine.
    monkeypatch.setattr(networking, "url_ok", lambda url: True)
    with Store(f"sqlite:///{tmp_path}/app.db") as store:
        app = CorrectApp(store, tiny_file, port)
        yield app
        app.demo.close()


@pytest.fixture
def other(tmp_path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path}/other.db") as store:
        yield store


@pytest.fixture
def open_tab(app, open_page) -> Callable[..., CorrectTab]:
    def open_one(width: int = 1280, height: int = 900) -> CorrectTab:
        return CorrectTab(open_page(app.demo.local_url, width, height))

    return open_one
