"""Actions on the tab Look inside."""

from __future__ import annotations

import re

import pytest

expect = pytest.importorskip("playwright.sync_api").expect


def enter(page) -> None:
    page.get_by_role("tab", name="Look inside").click()
    expect(page.locator("#inside-map svg image").first).to_be_visible(timeout=120_000)


def open_view(page, name: str) -> None:
    """By a click on the map."""
    page.locator(f"#inside-map .node[data-view={name}]").last.click()


def open_drawer(page) -> None:
    """Where the photo and its true words are."""
    if not page.locator("#inside-drawer").is_visible():
        page.locator("#inside-open").click()
    expect(page.locator("#inside-overview img")).to_be_visible()


def pictures(page, name: str):
    return page.locator(f"#view-{name} .figure img:visible")


def fill_truth(page, lines: str) -> None:
    open_drawer(page)
    box = page.get_by_label("True words (editable)")
    if not box.is_visible():
        page.locator("#inside-truth button").first.click()
    box.fill(lines)
    box.blur()


def outline(page, shift: int = 0) -> str:
    """The selected word's outline as the view Masks writes it, moved to the right."""
    open_view(page, "mask")
    polygon = page.locator("#masks-polygon textarea")
    expect(polygon).to_have_value(re.compile(r"\d+,\d+ \d+,\d+ \d+,\d+"), timeout=120_000)
    points = [point.split(",") for point in polygon.input_value().split()]
    return " ".join(f"{int(x) + shift},{y}" for x, y in points)
