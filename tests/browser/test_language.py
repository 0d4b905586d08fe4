"""The pages in Korean, in browsers of both languages."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import gradio as gr
import pytest

from spotter.language import speaking
from spotter.tabs.look_inside.views import VIEWS
from spotter.tabs.shared.fonts import font_routes
from spotter.tabs.shared.languages import LanguagePages, choose_language
from spotter.tabs.shared.page import page_options
from tests.browser.look_inside.page import open_view, pictures

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.browser

# Texts and labels with two English words side by side and no Hangul, or with four in a row; not the model
# card, code, formulas and shapes.
ENGLISH = """() => {
  const skip = "script, style, code, pre, .katex, [lang=en], #card";
  const isEnglish = (text) => !/\\(\\d+, \\d+/.test(text) &&
    (/[A-Za-z]+ [a-z]{2,}/.test(text) && !/[가-힣]/.test(text) || /[a-z]{3,}( [a-z]{2,}){3}/.test(text));
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node instanceof Element ? node : node.parentElement;
    if (element.closest(skip)) continue;
    const labels = ["aria-label", "title", "placeholder", "alt"].map((name) => element.getAttribute(name));
    for (const text of node instanceof Element ? labels.map(String) : [node.textContent]) {
      if (isEnglish(text)) found.add(text.trim());
    }
  }
  return [...found];
}"""


def english(page) -> set[str]:
    return set(page.evaluate(ENGLISH))


@pytest.fixture
def korean_page(browser) -> Iterator:
    """Of a browser whose language is Korean."""
    context = browser.new_context(locale="ko-KR", viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_an_english_browser_shows_no_english_on_the_korean_page(app_url, open_page, width, height):
    page = open_page(f"{app_url}ko", width=width, height=height)
    expect(page.locator("#photo")).to_contain_text("이미지를 여기에 드롭")  # of Gradio
    assert page.evaluate("document.documentElement.lang") == "ko"
    for tab in ("읽기", "고치기", "학습 라운드"):
        page.get_by_role("tab", name=tab, exact=True).click()
        expect(page.get_by_role("tab", name=tab, exact=True, selected=True)).to_be_visible()
        expect(page.locator(".progress-text:visible, .eta-bar:visible")).to_have_count(0)
        assert english(page) == set()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_view_is_english_on_the_korean_page(app_url, open_page):
    """Slow: every view is drawn."""
    page = open_page(f"{app_url}ko?tab=inside")
    expect(page.locator("#inside-map svg image").first).to_be_visible(timeout=120_000)
    for view in VIEWS:
        open_view(page, view.name)
        expect(pictures(page, view.name).first).to_be_visible(timeout=120_000)
        assert english(page) == set(), view.name


def test_hangul_has_a_font(app_url, open_page):
    page = open_page(f"{app_url}ko")
    page.evaluate("document.fonts.ready")
    fonts = page.evaluate("[...document.fonts].map((face) => [face.family, face.weight, face.status])")
    assert [family.strip('"') for family, _, status in fonts if status == "loaded"].count(
        "IBM Plex Sans KR"
    ) == 2


def test_the_other_language_shows_the_same_place(app_url, new_page):
    # Not of open_page: Gradio logs an error when a page is left while an event is under way.
    address = f"{app_url}?tab=inside&photo=launch&word=2&view=matching"
    page = new_page(address, 1280, 900)
    page.set_default_timeout(60_000)
    page.goto(address)
    for language, name in (("ko", "한국어"), ("en", "English")):
        page.get_by_role("link", name=name).click()
        page.wait_for_selector(".masthead")
        expect(page.locator("#view-matching-button")).to_have_attribute("aria-selected", "true")
        expect(page.locator("#inside-word input")).to_have_value(re.compile("^2 "))
        assert page.evaluate("document.documentElement.lang") == language
        for part in ("tab=inside", "photo=launch", "word=2", "view=matching", f"lang={language}"):
            assert part in page.url


def test_a_korean_browser_gets_the_korean_page_and_may_leave_it(app_url, korean_page):
    korean_page.goto(app_url)
    expect(korean_page.get_by_role("tab", name="들여다보기")).to_be_visible()
    assert korean_page.url == f"{app_url}ko"
    korean_page.goto(f"{app_url}?lang=en")
    expect(korean_page.locator("#photo")).to_contain_text("Drop Image Here")
    expect(korean_page.get_by_role("tab", name="Look inside")).to_be_visible()


def test_errors_are_in_the_language_of_the_page(app_url, open_page):
    page = open_page(f"{app_url}ko")
    page.locator("#photo input[type=file]").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"nothing"}
    )
    expect(page.locator(".toast-body")).to_contain_text("읽을 수 있는 이미지가 아닙니다")


def test_gradio_tells_how_far_an_event_is_in_korean(free_port, open_page):
    """Two events for one place: one runs, one waits."""
    goes_on = threading.Event()

    def work(text: str) -> str:
        goes_on.wait(60)
        return text

    with LanguagePages(analytics_enabled=False) as demo:
        gr.Markdown()
    with demo.route("한국어", "ko", show_in_navbar=False), speaking("ko"):
        gr.HTML('<p class="overlay">For open_page, which waits for it.</p>')
        for number in range(2):
            box, button = gr.Textbox(elem_id=f"box{number}"), gr.Button(f"{number}")
            button.click(work, box, box, concurrency_id="one", concurrency_limit=1)
    demo.queue().launch(
        server_port=free_port,
        prevent_thread_lock=True,
        quiet=True,
        run_history=False,
        app_kwargs={"routes": font_routes(), "middleware": [choose_language()]},
        **page_options(),
    )
    try:
        page = open_page(f"http://127.0.0.1:{free_port}/ko")
        page.get_by_role("button", name="0").click()
        expect(page.locator("#box0 .progress-text")).to_contain_text("처리 중 |")
        page.get_by_role("button", name="1").click()
        expect(page.locator("#box1 .progress-text")).to_contain_text("대기: 1/1 |")
        expect(page.get_by_text("대기 중: 1개 중 1번째")).to_have_count(1)
    finally:
        goes_on.set()
        demo.close()
