"""The Correct tab as a person uses it, with a tiny spotter of random weights and a database of its own."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import gradio as gr
import numpy as np
import pytest
from PIL import Image

from annotation.formats import import_from
from annotation.formats.label_studio import validate
from annotation.region import Region
from annotation.store.store import Store
from annotation.tabs.correct import build_correct
from annotation.tabs.panels.conflict import ConflictPanel
from spotter.tabs.shared.loading import Loader

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong
pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 400, 300
HOUSE = [[150, 40], [250, 40], [250, 80], [150, 80]]  # where the tests draw


def photo(number: int) -> bytes:
    """A JPEG that differs by its number."""
    image = np.full((HEIGHT, WIDTH, 3), 60 + 30 * number, np.uint8)
    for x in range(3):
        place = (20 + 120 * x, 120 + 40 * number + 20 * x)
        cv2.putText(image, "AbC"[x] * 3, place, cv2.FONT_HERSHEY_SIMPLEX, 1.4, (255, 255, 255), 3)
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG")
    return out.getvalue()


def upload_file(name: str, data: bytes) -> dict:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


PHOTOS = [upload_file(f"street {i}.jpg", photo(i)) for i in (1, 2, 3)]


class App:
    """The tab alone in an app, on a store that the tests look into."""

    def __init__(self, store: Store, weights: Path) -> None:
        from spotter.tabs.shared.theme import CSS, theme

        self.store = store
        with gr.Blocks(analytics_enabled=False) as demo:
            gr.HTML('<p class="overlay">For open_page, which waits for it.</p>')
            with gr.Tab("First"):
                gr.Markdown("Nothing here.")
            with gr.Tab("Correct") as tab:
                build_correct(Loader(str(weights), "cpu"), store, tab)
        self.demo = demo.queue()
        demo.launch(
            prevent_thread_lock=True, quiet=True, theme=theme(), css=CSS, run_history=False, ssr_mode=False
        )

    def put(self, number: int, *regions: Region) -> int:
        """A photo that a model has seen already, with regions by somebody; its id."""
        project = self.store.ensure_project("default")
        image, _ = self.store.add_image(project, photo(number), f"street {number}.jpg")
        self.store.add_prediction(image.id, "before", [])
        self.store.save_regions(image.id, 0, regions, "before")
        return image.id

    def image(self, name: str, project: str = "default"):
        images = self.store.image_list(self.store.find_project(project))
        return next(image for image in images if image.name == name)

    def regions(self, name: str) -> list[Region]:
        return self.store.regions(self.image(name).id)

    def region(self, name: str, text: str) -> Region:
        return next(region for region in self.regions(name) if region.text == text)


@pytest.fixture
def app(tiny_file, tmp_path, monkeypatch) -> Iterator[App]:
    from gradio import networking

    monkeypatch.setattr(networking, "url_ok", lambda url: True)  # gives up after 3 s, too few when busy
    with Store(f"sqlite:///{tmp_path}/app.db") as store:
        app = App(store, tiny_file)
        yield app
        app.demo.close()


@pytest.fixture
def other(tmp_path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path}/other.db") as store:
        yield store


class Tab:
    """The tab on a page; places in pixels of the photo."""

    def __init__(self, page) -> None:
        self.page = page
        self.editor = page.locator("#correct-editor")
        self.photo = page.locator("svg.photo")
        self.pill = page.locator("#correct-editor .pill")
        page.set_default_timeout(30_000)
        page.get_by_role("tab", name="Correct").click()

    def at(self, x: float, y: float) -> tuple[float, float]:
        script = """(svg, [x, y]) => {
            const p = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
            return [p.x, p.y];
        }"""
        self.photo.scroll_into_view_if_needed()
        return tuple(self.photo.evaluate(script, [x, y]))

    def drag(self, start, end) -> None:
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=4)
        self.page.mouse.up()

    def click(self, x: float, y: float, **options) -> None:
        self.page.mouse.click(*self.at(x, y), **options)

    def do(self, action: str) -> None:
        self.editor.locator(f".bar [data-do={action}]").click()

    def add(self, *files: dict) -> None:
        self.page.locator("#correct-files input[type=file]").set_input_files(list(files))
        expect(self.page.locator("#correct-report .head")).to_contain_text("added", timeout=60_000)

    def read(self, count: int) -> None:
        """Waits until the background has read this many photos."""
        rows = self.page.locator("#correct-queue li")
        expect(rows).to_have_count(count, timeout=60_000)
        expect(rows.filter(has_text="uncertainty")).to_have_count(count, timeout=120_000)
        expect(self.page.locator("#correct-reading")).not_to_contain_text("Reading", timeout=60_000)

    def open(self, name: str) -> None:
        self.page.locator("#correct-queue button.main").filter(has_text=name).click()
        expect(self.page.locator("#correct-title")).to_contain_text(name)

    def saved(self) -> None:
        expect(self.pill).to_have_text("Saved", timeout=30_000)

    def draw(self, points, text: str) -> None:
        """A box from its first to its third corner, with a text."""
        self.do("box")
        self.drag(points[0], points[2])
        self.type(text)

    def type(self, text: str) -> None:
        """Into the text field of the selected word."""
        self.page.keyboard.press("Enter") if not self.field.is_visible() else None
        self.field.fill(text)
        self.page.keyboard.press("Enter")
        self.saved()

    @property
    def field(self):
        return self.editor.locator(".card input")

    def row(self, text: str):
        return self.editor.locator("tbody tr").filter(has_text=text)


@pytest.fixture
def open_tab(app, open_page) -> Callable[..., Tab]:
    def open_one(width: int = 1280) -> Tab:
        return Tab(open_page(app.demo.local_url, width))

    return open_one


def close_to(points, wanted, tolerance: float = 1.5) -> bool:
    return np.abs(np.array(points) - np.array(wanted)).max() <= tolerance


def wait_for(condition: Callable, seconds: float = 30):
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if found := condition():
            return found
        time.sleep(0.1)
    pytest.fail("It did not come to that.")


def test_whole_path(app, other, open_tab, tmp_path):
    """Three photos: corrected, found again after a reload, exported, imported elsewhere, the same there."""
    tab = open_tab()
    expect(tab.page.locator("#correct-empty")).to_contain_text("No photos yet")
    tab.add(*PHOTOS)
    tab.read(3)
    tab.open("street 2.jpg")

    tab.draw(HOUSE, "House")
    tab.drag((250, 80), (262, 88))  # its last corner but one
    tab.saved()
    assert close_to(app.region("street 2.jpg", "House").polygon, [*HOUSE[:2], [262, 88], HOUSE[3]])

    tab.page.keyboard.press("Escape")
    tab.do("band")
    for x, y in ((40, 250), (100, 232), (160, 250)):
        tab.click(x, y)
    tab.page.keyboard.press("Enter")
    for x, y in ((40, 275), (100, 257), (160, 275)):
        tab.click(x, y)
    tab.page.keyboard.press("Enter")
    tab.type("Curved")
    assert len(app.region("street 2.jpg", "Curved").polygon) >= 6

    tab.row("House").locator(".number").click()
    tab.type("Hôtel 咖啡")
    tab.row("Curved").locator("[data-row=remove]").click()
    wait_for(lambda: all(region.text != "Curved" for region in app.regions("street 2.jpg")))
    tab.do("undo")
    wait_for(lambda: any(region.text == "Curved" for region in app.regions("street 2.jpg")))
    tab.saved()
    expect(tab.row("Curved").locator(".offered")).not_to_be_empty(timeout=60_000)  # read again, only offered
    corrected = app.regions("street 2.jpg")

    # Not by reload(): gradio logs an error when a page is left while an event is under way.
    page = tab.page.context.new_page()
    page.goto(app.demo.local_url)
    tab = Tab(page)
    expect(tab.page.locator("#correct-title")).to_contain_text("street 2.jpg")
    expect(tab.row("Hôtel 咖啡")).to_be_visible()
    expect(tab.row("Curved")).to_be_visible()
    expect(tab.editor.locator("tbody tr")).to_have_count(len(corrected))
    assert app.regions("street 2.jpg") == corrected
    tab.page.locator("#correct-done").click()
    wait_for(lambda: app.image("street 2.jpg").state == "done")
    expect(tab.page.locator("#correct-project")).to_contain_text("1 of 3 done")

    tab.page.get_by_role("button", name="Import and export").click()
    tab.page.get_by_role("button", name="Export the project").click()
    with tab.page.expect_download() as download:
        tab.page.locator("#correct-transfer a[download]").first.click(timeout=120_000)
    archive = tmp_path / "out.zip"
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "out")
    assert validate(json.loads((tmp_path / "out/tasks.json").read_text(encoding="utf-8"))) == []
    import_from(other, "p", tmp_path / "out")
    project = other.find_project("p")
    there = {image.sha256: image for image in other.image_list(project)}
    for image in app.store.image_list(app.store.find_project("default")):
        twin = there.pop(image.sha256)
        assert (twin.name, twin.state) == (image.name, image.state)
        assert other.regions(twin.id) == app.store.regions(image.id)
        assert other.predictions(twin.id)[0].regions == app.store.predictions(image.id)[0].regions
    assert there == {}

    tab.page.locator("#correct-project input").first.fill("second")  # and into an empty project of the page
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#correct-empty")).to_contain_text("No photos yet")
    tab.page.locator("#correct-import input[type=file]").set_input_files(archive)
    expect(tab.page.locator("#correct-transfer .listing li").first).to_contain_text("3 added", timeout=60_000)
    twin = app.image("street 2.jpg", "second")
    assert app.store.regions(twin.id) == app.regions("street 2.jpg")


def test_keys_go_through_the_queue_and_keep_what_is_being_typed(app, open_tab):
    for number in (1, 2):
        app.put(number, Region(HOUSE, f"house {number}", f"h{number}"))
    tab = open_tab()
    title, keys = tab.page.locator("#correct-title"), tab.page.keyboard
    expect(title).to_contain_text("1 of 2, in work")
    first = title.inner_text().split(" (")[0]
    tab.row("house").locator("[data-row=text]").click()
    tab.field.fill("typed")
    keys.press("PageDown")
    expect(title).to_contain_text("2 of 2")
    assert [region.text for region in app.regions(first)] == ["typed"]
    keys.press("q")  # the editor's keys work at once
    expect(tab.editor.locator(".editor")).to_have_attribute("data-tool", "box")
    keys.press("Escape")
    keys.press("Tab")
    expect(tab.editor.locator("tr.selected")).to_contain_text("house")
    keys.press("PageDown")
    expect(tab.page.get_by_text("This is the last photo of the queue.")).to_be_visible()
    keys.press("PageUp")
    expect(title).to_contain_text(f"{first} (1 of 2")
    expect(tab.row("typed")).to_be_visible()
    keys.press("Control+Enter")
    expect(title).to_contain_text("2 of 2")
    wait_for(lambda: app.image(first).state == "done")
    tab.open(first)
    tab.page.locator("#correct-reopen").click()
    expect(tab.page.locator("#correct-done")).to_be_visible()
    assert app.image(first).state == "in work"
    keys.press("Control+Enter")
    wait_for(lambda: app.image(first).state == "done")
    tab.open(first)
    tab.page.locator("#correct-approve").click()
    wait_for(lambda: app.image(first).state == "approved")
    expect(tab.page.locator("#correct-project")).to_contain_text("1 approved")


def test_filter_and_order_change_the_queue(app, open_tab):
    for number in (2, 1):
        app.put(number, Region(HOUSE, "house", "h"))
    app.store.set_state(app.image("street 2.jpg").id, "done", "ann")
    tab = open_tab()
    rows = tab.page.locator("#correct-queue li .title")
    expect(rows).to_have_text(["street 1.jpg"])
    tab.page.get_by_role("button", name="Filter").click()
    tab.page.locator("#correct-filter").get_by_label("done").check()
    expect(rows).to_have_count(2)
    tab.page.locator("#correct").get_by_label("Queue", exact=True).click()
    tab.page.get_by_role("option", name="By name").click()
    expect(rows).to_have_text(["street 1.jpg", "street 2.jpg"])
    for state in ("new", "in work", "done"):
        tab.page.locator("#correct-filter").get_by_label(state, exact=True).uncheck()
    expect(tab.page.locator("#correct-empty")).to_contain_text("Nothing is left here")


def test_two_people_on_one_photo_are_told_and_lose_nothing(app, open_tab):
    image_id = app.put(1, Region(HOUSE, "house", "h"))
    ann, bob = open_tab(), open_tab()
    for tab, name in ((ann, "Ann"), (bob, "Bob")):
        tab.page.get_by_label("Your name").fill(name)
        expect(tab.row("house")).to_be_visible()
    ann.row("house").locator(".number").click()
    ann.type("Ann's house")
    bob.row("house").locator(".number").click()
    bob.field.fill("Bob's house")
    bob.page.keyboard.press("Enter")
    expect(bob.page.locator("#correct-conflict")).to_contain_text("Ann changed this image")
    expect(bob.pill).to_contain_text("Conflict")
    assert [region.text for region in app.store.regions(image_id)] == ["Ann's house"]
    bob.page.get_by_role("button", name="Keep my version").click()
    wait_for(lambda: [region.text for region in app.store.regions(image_id)] == ["Bob's house"])
    expect(bob.page.locator("#correct-conflict")).to_be_hidden()
    expect(bob.row("Bob's house")).to_be_visible()
    assert "Ann's house" in {r.after.text for r in app.store.history(image_id) if r.after}
    ann.row("Ann's house").locator(".number").click()
    ann.field.fill("Ann again")
    ann.page.keyboard.press("Enter")
    ann.page.get_by_role("button", name="Take the other version").click()
    expect(ann.row("Bob's house")).to_be_visible()
    assert app.store.drafts(image_id) == []


def behind_ann(app, open_tab):
    """A photo and the tab of Bob, who has not seen the word that Ann drew on it since."""
    image_id = app.put(1, Region(HOUSE, "house", "h"))
    ann, bob = open_tab(), open_tab()
    for tab in (ann, bob):
        expect(tab.row("house")).to_be_visible()
    ann.draw([[20, 120], [0, 0], [120, 160]], "Ann's")
    wait_for(lambda: {region.text for region in app.store.regions(image_id)} == {"house", "Ann's"})
    return image_id, bob


def test_the_words_of_two_people_are_joined_on_one_click(app, open_tab):
    image_id, bob = behind_ann(app, open_tab)
    bob.do("box")
    bob.drag((200, 200), (300, 240))
    bob.field.fill("Bob's")
    bob.page.keyboard.press("Enter")
    bob.page.get_by_role("button", name="Join both").click()
    wait_for(lambda: sorted(r.text for r in app.store.regions(image_id)) == ["Ann's", "Bob's", "house"])
    expect(bob.row("Ann's")).to_be_visible()
    expect(bob.page.locator("#correct-conflict")).to_be_hidden()


def test_a_slow_answer_to_an_edit_does_not_bring_a_settled_conflict_back(app, open_tab, monkeypatch):
    image_id, bob = behind_ann(app, open_tab)
    show_status, answered = ConflictPanel.show_status, []

    def slowly(self, session):
        shown = show_status(self, session)
        if session.conflict:  # known now, shown later
            time.sleep(1.5)
            answered.append(session)
        return shown

    monkeypatch.setattr(ConflictPanel, "show_status", slowly)
    bob.do("box")
    bob.drag((200, 200), (300, 240))
    bob.field.fill("Bob's")
    bob.page.keyboard.press("Enter")  # a second edit, on its way when the first one's answer is shown
    bob.page.get_by_role("button", name="Join both").click()
    wait_for(lambda: len(answered) > 1 and len(app.store.regions(image_id)) == 3)
    expect(bob.row("Ann's")).to_be_visible()
    bob.page.wait_for_timeout(500)
    expect(bob.page.locator("#correct-conflict")).to_be_hidden()


def test_findings_lead_to_the_word_and_are_fixed_on_one_click(app, open_tab):
    app.put(1, Region(HOUSE, "fine", "h"))
    image_id = app.put(2, Region(HOUSE, " padded ", "p"), Region([[x, y + 100] for x, y in HOUSE], "", "e"))
    tab = open_tab()
    tab.open("street 1.jpg")
    tab.page.get_by_role("button", name="Check the project").click()
    tab.page.get_by_role("button", name="Check now").click()
    findings = tab.page.locator("#correct-findings li")
    expect(findings).to_have_count(2, timeout=60_000)
    findings.filter(has_text="spaces").locator("button.main").click()
    expect(tab.page.locator("#correct-title")).to_contain_text("street 2.jpg")
    expect(tab.editor.locator("tr.selected")).to_contain_text("padded")
    findings.filter(has_text="spaces").locator("button.act").click()
    expect(findings).to_have_count(1)
    tab.page.get_by_role("button", name="Fix all").click()
    expect(tab.page.locator("#correct-findings")).to_contain_text("No problems found")
    assert [(r.text, r.illegible) for r in app.store.regions(image_id)] == [("padded", False), ("", True)]
    expect(tab.row("illegible")).to_be_visible()


def test_a_newer_model_s_words_wait_beside_a_person_s(app, open_tab):
    app.put(1, Region(HOUSE, "house", "h"))
    tab = open_tab()
    expect(tab.row("house")).to_be_visible()
    tab.page.get_by_role("button", name="Read with the current weights").click()
    tab.page.get_by_role("button", name="Read the whole project").click()
    wait_for(lambda: len(app.store.predictions(app.image("street 1.jpg").id)) == 2, 120)
    expect(tab.editor.locator("tbody tr")).to_have_count(len(app.regions("street 1.jpg")))
    assert app.region("street 1.jpg", "house").polygon == HOUSE
    expect(tab.row("house")).to_be_visible()


def test_bad_files_are_told_in_a_sentence(app, open_tab):
    app.put(1, Region(HOUSE, "house", "h"))
    tab = open_tab()
    expect(tab.row("house")).to_be_visible()
    tab.page.get_by_role("button", name="Add photos").click()
    tab.page.locator("#correct-files input[type=file]").set_input_files(
        [upload_file("a<b>*x*.jpg", b"no picture"), PHOTOS[1]]
    )
    report = tab.page.locator("#correct-report")
    expect(report).to_contain_text("1 added, 1 refused", timeout=60_000)
    expect(report).to_contain_text("not an image that can be read")
    tab.page.locator("#correct-next").click()
    expect(report).not_to_contain_text("refused")
    tab.page.get_by_role("button", name="Import and export").click()
    tab.page.locator("#correct-import input[type=file]").set_input_files(
        upload_file("in.json", b'[{"data": ')
    )
    expect(tab.page.locator("[data-testid=toast-body]")).to_contain_text("not valid JSON")
    assert [region.text for region in app.regions("street 1.jpg")] == ["house"]


def test_on_a_phone_nothing_is_wider_than_the_screen(app, open_tab):
    app.put(1, Region(HOUSE, "house", "h"))
    app.put(2, Region(HOUSE, "house", "h"))
    tab = open_tab(390)
    expect(tab.row("house")).to_be_visible()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.page.locator("#correct-next").click()
    expect(tab.page.locator("#correct-title")).to_contain_text("2 of 2")
