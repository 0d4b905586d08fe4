"""The server or the network goes away during an edit. The app is a process of its own, which is killed."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from annotation.region import Region
from annotation.store.store import Store
from tests.browser.conftest import AppProcess
from tests.browser.correct.page import CorrectTab, expect, photo, wait_for

pytestmark = pytest.mark.browser

WORDS = {  # reading order
    "first": [[20, 40], [120, 40], [120, 80], [20, 80]],
    "second": [[150, 40], [250, 40], [250, 80], [150, 80]],
    "third": [[20, 200], [120, 200], [120, 240], [20, 240]],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[AppProcess]:
    app = AppProcess(tmp_path_factory.mktemp("lost"))
    yield app
    app.stop()


@pytest.fixture(scope="module")
def store(server) -> Iterator[Store]:
    with Store(server.database) as store:
        yield store


@pytest.fixture
def images(server, store) -> list[int]:
    """Two photos that have been read, with the same words before every test; the app is running."""
    project, images = store.ensure_project("default"), []
    for number in (1, 2):
        image, _ = store.add_image(project, photo(number), f"street {number}.jpg")
        store.add_prediction(image.id, "before", [])
        regions = [Region(p, text, text) for text, p in WORDS.items()]
        store.save_regions(image.id, store.image(image.id).version, regions, "before")
        images.append(image.id)
    if server.process is None:
        server.start()
    return images


@pytest.fixture
def open_photo(new_page, server, images):
    """Opens "street 2.jpg" in the tab; the errors that a lost server logs are not checked."""

    def open_one() -> CorrectTab:
        page = new_page(server.url, 1280, 900)
        page.goto(server.url)
        tab = CorrectTab(page)
        tab.open("street 2.jpg")
        expect(tab.row("first")).to_be_visible()
        return tab

    return open_one


def type_while_away(tab: CorrectTab) -> None:
    tab.row("first").locator("[data-row=text]").click()
    tab.page.keyboard.type("OFFLINE1")
    tab.page.keyboard.press("Tab")
    tab.page.keyboard.type("OFFLINE2")
    tab.page.keyboard.press("Enter")


def expect_tab(tab: CorrectTab) -> None:
    correct = tab.page.get_by_role("tab", name="Correct")
    expect(correct).to_have_attribute("aria-selected", "true", timeout=60_000)
    expect(tab.page.locator("#correct-title")).to_contain_text("street 2.jpg")


def expect_both(tab: CorrectTab, store: Store, image_id: int) -> None:
    expect_tab(tab)
    expect(tab.row("OFFLINE1")).to_be_visible()
    expect(tab.row("OFFLINE2")).to_be_visible()
    wait_for(lambda: sorted(r.text for r in store.regions(image_id)) == ["OFFLINE1", "OFFLINE2", "third"])
    expect(tab.pill).to_have_text("Saved: your last edits are here again")
    expect(tab.page.locator("#correct-conflict")).to_be_hidden()
    wait_for(lambda: tab.page.evaluate(STORED) == [])


def view_of(tab: CorrectTab) -> list[str]:
    """Left, top and width of what is seen; the height is the page's."""
    return tab.photo.get_attribute("viewBox").split()[:3]


STORED = "Object.keys(localStorage).filter((key) => key.startsWith('region-editor'))"


def expect_reload(tab: CorrectTab):
    """gradio loads the page again when the server is back."""
    return tab.page.expect_event("load", timeout=90_000)


def test_edits_made_while_the_server_is_away_are_saved_when_it_is_back(server, store, images, open_photo):
    tab = open_photo()
    dialogs: list[str] = []
    tab.page.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.accept()))
    server.stop()
    type_while_away(tab)
    tab.row("third").locator(".number").click()
    tab.do("zoomIn")
    view = view_of(tab)
    with expect_reload(tab):
        server.start()
    expect_both(tab, store, images[1])
    expect(tab.editor.locator("tr.selected")).to_contain_text("third")
    assert view_of(tab) == view
    assert dialogs == []  # no question whether to leave the page


def test_edits_made_without_a_network_are_saved_when_it_is_back(store, images, open_photo):
    tab = open_photo()
    context = tab.page.context
    context.set_offline(True)
    type_while_away(tab)
    tab.row("third").locator("[data-row=text]").click()
    tab.page.keyboard.type("half")  # is being typed when the page is loaded again
    with expect_reload(tab):
        context.set_offline(False)
    expect_tab(tab)
    expect(tab.row("half")).to_be_visible()
    wait_for(lambda: sorted(r.text for r in store.regions(images[1])) == ["OFFLINE1", "OFFLINE2", "half"])
    expect(tab.page.locator("#correct-conflict")).to_be_hidden()


def test_a_page_without_edits_outlives_the_network(images, open_photo):
    tab = open_photo()
    loads: list[str] = []
    tab.page.on("load", lambda page: loads.append(page.url))
    tab.page.context.set_offline(True)
    tab.page.wait_for_timeout(3000)
    tab.page.context.set_offline(False)
    tab.row("first").locator("[data-row=text]").click()
    tab.type("after")
    assert loads == []


def test_a_reload_returns_to_the_photo_its_view_and_its_word(server, images, open_photo):
    tab = open_photo()
    tab.row("third").locator(".number").click()
    tab.do("zoomIn")
    view = view_of(tab)
    tab.page.reload()
    expect_tab(tab)
    expect(tab.row("first")).to_be_visible()
    expect(tab.editor.locator("tr.selected")).to_contain_text("third")
    assert view_of(tab) == view
    address = parse_qs(urlsplit(tab.page.url).query)
    assert address == {"tab": ["correct"], "image": [str(images[1])]}
    stranger = tab.page.context.browser.new_context().new_page()  # a new visitor
    stranger.goto(server.url)
    read = stranger.get_by_role("tab", name="Read", exact=True)
    expect(read).to_have_attribute("aria-selected", "true")
    stranger.wait_for_timeout(1000)
    expect(read).to_have_attribute("aria-selected", "true")
    stranger.goto(tab.page.url)
    expect(stranger.locator("#correct-title")).to_contain_text("street 2.jpg")
    stranger.context.close()
