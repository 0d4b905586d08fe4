"""Two sets of weights on one photo."""

from __future__ import annotations

import re

import gradio as gr
import pytest

from spotter.served import OfferedWeights
from spotter.tabs.look_inside.tab import build_look_inside
from spotter.tabs.shared.loading import Loader
from tests.browser.look_inside.page import enter, expect, open_view, pictures

pytestmark = pytest.mark.browser
SECOND = "b" * 64


@pytest.fixture(scope="module")
def url(tiny_file):
    """With the same weights under the name of a round."""
    from gradio import networking

    from spotter.tabs.shared.page import page_options

    with gr.Blocks(analytics_enabled=False) as demo:
        gr.HTML('<p class="overlay">For open_page, which waits for it.</p>')
        with gr.Tab("First"):
            gr.Markdown("Nothing here.")
        with gr.Tab("Look inside") as inside:
            offered = [OfferedWeights(SECOND, "round 3", tiny_file)]
            build_look_inside(Loader(str(tiny_file), "cpu"), inside, lambda: offered)
    demo.queue(max_size=20)
    patch = pytest.MonkeyPatch()
    patch.setattr(networking, "url_ok", lambda url: True)  # it gives up after 3 s, too few on a busy machine
    demo.launch(prevent_thread_lock=True, quiet=True, run_history=False, **page_options())
    yield demo.local_url
    demo.close()
    patch.undo()


def test_second_weights_are_compared_in_the_views_that_say_so(url, open_page):
    page = open_page(url)
    enter(page)
    page.locator("#inside-second input").click()
    page.get_by_role("option", name="Compare with round 3").click()
    # The first view does not compare: the page says which do.
    expect(page.get_by_text("These views compare: Six stages")).to_be_visible(timeout=120_000)
    open_view(page, "stages")
    picture = pictures(page, "stages").first
    expect(picture).to_have_attribute("alt", re.compile("^tiny: .* round 3: "), timeout=120_000)
    expect(page.locator("#view-stages .prose.compared")).to_contain_text("their final boxes have an IoU of")
    for view, sentence in (
        ("conversion", re.compile("M3 lets through|fills its crop")),
        ("attention", re.compile("to the coarse keys and round 3")),
        ("letters", re.compile("Both read|they part at")),
    ):
        open_view(page, view)
        expect(page.locator(f"#view-{view} .prose.compared")).to_contain_text(sentence, timeout=120_000)
        expect(pictures(page, view).first).to_have_attribute("alt", re.compile("^tiny: .* round 3: "))
    expect(page).to_have_url(re.compile(f"with={SECOND[:12]}(&|$)"))
    page.locator("#inside-second input").click()
    page.get_by_role("option", name="Compare with …").click()
    expect(page.locator("#view-letters .prose.compared")).to_be_hidden()
    expect(page).not_to_have_url(re.compile("with="))


def test_a_link_leads_to_the_comparison(url, open_page):
    page = open_page(f"{url}?view=letters&with={SECOND[:12]}")
    page.get_by_role("tab", name="Look inside").click()
    expect(page.locator("#view-letters .prose.compared")).to_be_visible(timeout=120_000)
    expect(page.locator("#inside-second input")).to_have_value("Compare with round 3")
