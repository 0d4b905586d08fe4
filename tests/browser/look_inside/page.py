"""Actions on the tab Look inside."""

from __future__ import annotations

import re

import pytest

expect = pytest.importorskip("playwright.sync_api").expect


def enter(page) -> None:
    page.get_by_role("tab", name="Look inside").click()
    expect(page.locator("#inside-overview img")).to_be_visible(timeout=120_000)
    expect(page.locator("#inside-overview img")).to_have_attribute("alt", re.compile("words outlined"))


def open_view(page, title: str) -> None:
    page.locator("#views").get_by_role("tab", name=title, exact=True).click()


def pictures(page, number: int):
    return page.locator(f"#view-{number} .figure img:visible")


def fill_truth(page, lines: str) -> None:
    box = page.get_by_label("True words (editable)")
    if not box.is_visible():
        page.locator("#inside-truth button").first.click()
    box.fill(lines)
    box.blur()


def outline(page, shift: int = 0) -> str:
    """The selected word's outline as the view Masks writes it, moved to the right."""
    open_view(page, "Masks")
    polygon = page.locator("#masks-polygon textarea")
    expect(polygon).to_have_value(re.compile(r"\d+,\d+ \d+,\d+ \d+,\d+"), timeout=120_000)
    points = [point.split(",") for point in polygon.input_value().split()]
    return " ".join(f"{int(x) + shift},{y}" for x, y in points)
