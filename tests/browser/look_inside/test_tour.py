"""The guided tour."""

from __future__ import annotations

import re

import pytest

from spotter.tabs.look_inside.tour_steps import steps
from tests.browser.look_inside.page import enter, expect

pytestmark = pytest.mark.browser

SOME_STEPS = 4  # on a phone
IS_IN_SIGHT = """(selector) => {
  const target = document.querySelector(selector), head = document.querySelector("#inside-head");
  if (!target?.matches(".tour-target")) return false;
  const box = target.getBoundingClientRect();
  const below = head.contains(target) ? 0 : head.getBoundingClientRect().bottom;
  return box.height > 20 && box.top >= below - 1 && box.top < innerHeight * 0.6;
}"""


def test_the_tour_leads_to_what_it_speaks_of_with_the_keyboard(page):
    """Each view is guessed about before it is shown."""
    page.locator("#inside-tour-start").click()
    tour, following = page.locator("#inside-tour"), page.locator("#tour-next")
    expect(tour).to_contain_text(f"Step 1 of {len(steps())}")
    expect(following).to_be_focused()
    for i, step in enumerate(steps()[1:], 2):
        page.keyboard.press("Enter")
        expect(tour).to_contain_text(f"Step {i} of {len(steps())}: {step.title}")
        if step.ask:
            expect(following).to_have_text("Show me")
            expect(page.locator(".tour-target")).to_have_count(0)
            page.keyboard.press("Enter")
        expect(following).to_have_text("Finish" if i == len(steps()) else "Next")
        page.wait_for_function(IS_IN_SIGHT, arg=step.target, timeout=120_000)
    tour.get_by_role("button", name="Back").click()
    expect(tour).to_contain_text(f"Step {len(steps()) - 1} of")
    tour.get_by_role("button", name="Close the tour").click()
    expect(tour).to_be_hidden()
    expect(page.locator(".tour-target")).to_have_count(0)


def test_the_tour_fits_a_phone(inside_url, open_page):
    page = open_page(inside_url, width=390, height=844)
    enter(page)
    page.locator("#inside-tour-start").click()
    for i, step in enumerate(steps()[:SOME_STEPS], 1):
        expect(page.locator("#inside-tour")).to_contain_text(f"Step {i} of {len(steps())}")
        if step.ask:
            expect(page.locator("#tour-next")).to_have_text("Show me")
            page.locator("#tour-options button").last.click()
            expect(page.locator("#tour-answer strong")).to_contain_text(
                re.compile("Right|No"), timeout=120_000
            )
        page.wait_for_function(IS_IN_SIGHT, arg=step.target, timeout=120_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.locator("#tour-next").click()
