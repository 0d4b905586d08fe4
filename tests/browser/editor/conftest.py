"""The region editor by itself in a real Chromium, and its pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.editor.page import EditorPage, EditorServer, Pages, expect
from tests.browser.editor.words import HEIGHT, WIDTH

ROOT = Path(__file__).resolve().parents[3]
PURE_MODULES = ["geometry", "bands", "regions", "history"]


@pytest.fixture(scope="session")
def editor_server(tmp_path_factory) -> Iterator[EditorServer]:
    # One file: an array would be written again for every photo, also while the page still loads it.
    picture = tmp_path_factory.mktemp("editor") / "grey.png"
    Image.new("RGB", (WIDTH, HEIGHT), (90, 90, 90)).save(picture)
    server = EditorServer(picture)
    server.start()
    yield server
    server.demo.close()


@pytest.fixture
def server(editor_server) -> EditorServer:
    editor_server.reset()
    return editor_server


@pytest.fixture(scope="session")
def pages(browser, editor_server) -> Iterator[Pages]:
    pages = Pages(browser, editor_server)
    yield pages
    if pages.shared:
        pages.shared.page.context.close()


@pytest.fixture
def open_editor(pages, server) -> Iterator[Callable[..., EditorPage]]:
    """Opens the editor with other regions, or with options on a page of its own.

    At the end no page has logged an error or sent a request to another host.
    """
    opened = []

    def open_one(regions: list[dict] | None = None, **options) -> EditorPage:
        if regions is not None:
            server.regions = regions
        editor = pages.open(**options) if options else pages.reuse()
        if options:
            opened.append(editor)
        shown = editor.page.locator(f'.editor[data-image="{server.photo}"]')
        expect(shown).to_be_visible(timeout=60_000)
        expect(editor.page.locator(".word")).to_have_count(len(server.regions))
        return editor

    yield open_one
    for editor in opened:
        editor.page.context.close()
    problems = pages.problems.copy()
    pages.problems.clear()
    assert problems == []


@pytest.fixture
def editor(open_editor) -> EditorPage:
    return open_editor()


@pytest.fixture(scope="session")
def evaluate(browser) -> Iterator[Callable]:
    """Evaluates a JavaScript expression over `v`, the values, and what the pure modules export."""
    page = browser.new_page()
    page.route("http://modules.test/**", serve_file)
    page.goto("http://modules.test/")
    page.evaluate(
        """async (names) => {
            const modules = await Promise.all(names.map((name) => import(`/annotation/editor/${name}.js`)));
            window.functions = Object.assign({}, ...modules);
        }""",
        PURE_MODULES,
    )
    script = """([expression, v]) =>
        Function("v", ...Object.keys(functions), "return " + expression)(v, ...Object.values(functions))"""
    yield lambda expression, *values: page.evaluate(script, [expression, list(values)])
    page.close()


def serve_file(route) -> None:
    """The sources as they are: real ES modules."""
    path = ROOT / route.request.url.removeprefix("http://modules.test/")
    if path.is_file():
        route.fulfill(path=path, content_type="text/javascript")
    else:
        route.fulfill(body="<title>Modules</title>", content_type="text/html")
