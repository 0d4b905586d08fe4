"""The overlay by itself, with hostile words."""

from __future__ import annotations

import gradio as gr
import numpy as np
import pytest

from spotter.tabs.shared.overlay import Overlay

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser

HOSTILE = [
    "${window.HIT = 1}",
    "{{value}}",
    "<img src=x onerror='window.HIT = 1'>",
    "`\\`",
    "مرحبا",
    "x" * 2000,
]


def entry(texts: list[str]) -> dict:
    words = []
    for i, text in enumerate(texts):
        x1, y1, x2, y2 = 10, 10 + 40 * i, 100, 40 + 40 * i
        words.append(
            {
                "id": f"w{i}",
                "polygon": [[x1, y1], [x2, y1], [x2, y2], [x1, y2]],
                "box": [x1, y1, x2, y2],
                "text": text,
                "score": 0.9,
                "reading_score": 0.8,
                "characters": [{"text": character, "score": 0.7} for character in text[:50]],
                "network_text": HOSTILE[2] if i == 3 else None,
            }
        )
    return {
        "photo": np.full((300, 400, 3), 90, np.uint8),
        "name": "<b>.jpg",
        "width": 400,
        "height": 300,
        "seconds": 1.0,
        "words": words,
        "model": {"name": "<i>nano</i>", "sha256": "0", "trained_images": None},
        "credit": "<img src=x onerror='window.HIT = 1'>",
    }


def two_lines() -> dict:
    """Two words, the second directly below the first."""
    data = entry(["upper", "lower"])
    for word, y1 in zip(data["words"], (60, 92), strict=True):
        word["polygon"] = [[10, y1], [100, y1], [100, y1 + 30], [10, y1 + 30]]
        word["box"] = [10, y1, 100, y1 + 30]
    return data


@pytest.fixture
def overlay_url(free_port):
    with gr.Blocks(analytics_enabled=False) as demo:
        overlay = Overlay(entry(HOSTILE))
        gr.Button("None").click(lambda: entry([]), None, overlay)
        gr.Button("Two lines").click(two_lines, None, overlay)
    demo.launch(
        server_port=free_port, prevent_thread_lock=True, quiet=True, run_history=False, ssr_mode=False
    )
    yield demo.local_url
    demo.close()


def test_texts_stay_texts(overlay_url, open_page):
    page = open_page(overlay_url)
    expect(page.locator(".word")).to_have_count(len(HOSTILE))
    assert page.locator("tbody .text button").all_text_contents() == HOSTILE
    assert page.locator(".label").all_text_contents() == HOSTILE
    page.locator(".word").nth(2).hover()
    expect(page.locator(".tip .letters")).to_have_text(HOSTILE[2])
    expect(page.locator(".tip .own")).to_have_count(0)
    page.locator(".word").nth(3).hover()
    expect(page.locator(".tip .own")).to_have_text(f"the network alone reads {HOSTILE[2]}")
    assert page.evaluate("window.HIT") is None
    assert page.locator(".overlay img").count() == 0


def test_a_photo_without_words_gets_a_message(overlay_url, open_page):
    page = open_page(overlay_url)
    page.get_by_role("button", name="None").click()
    expect(page.locator(".empty")).to_have_text("No words found on this photo.")
    expect(page.locator(".word")).to_have_count(0)
    expect(page.locator(".copy")).to_be_disabled()


def test_a_label_at_the_top_does_not_cover_its_word(overlay_url, open_page):
    """The first word starts 10 pixels below the upper edge: its label stands below it, the second's above."""
    page = open_page(overlay_url)
    word = [page.locator(".word .line").nth(i).bounding_box() for i in range(2)]
    label = [page.locator(".label").nth(i).bounding_box() for i in range(2)]
    assert label[0]["y"] >= word[0]["y"] + word[0]["height"] - 1
    assert label[1]["y"] + label[1]["height"] <= word[1]["y"] + 1


def test_labels_do_not_cover_other_words(overlay_url, open_page):
    """Of two lines close to each other, the lower word's label would lie on the upper word."""
    page = open_page(overlay_url)
    page.get_by_role("button", name="Two lines").click()
    labels = page.locator(".label")
    expect(labels).to_have_text(["upper", "lower"])
    expect(labels.nth(0)).to_be_visible()
    expect(labels.nth(1)).to_be_hidden()
    page.locator(".side tbody tr").nth(1).click()
    expect(labels.nth(1)).to_be_visible()
