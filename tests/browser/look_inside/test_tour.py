"""The guided tour."""

from __future__ import annotations

import pytest

from spotter.tabs.look_inside.tour import STEPS
from tests.browser.look_inside.page import enter, expect, pictures

pytestmark = pytest.mark.browser


def test_the_tour_goes_through_ten_steps_with_the_keyboard(page):
    page.locator("#inside-tour-start").click()
    tour = page.locator("#inside-tour")
    expect(tour).to_contain_text("Step 1 of 10")
    expect(page.locator("#tour-next")).to_be_focused()
    for i, step in enumerate(STEPS[1:], 2):
        page.keyboard.press("Enter")
        expect(tour).to_contain_text(f"Step {i} of 10: {step.title}")
        expect(pictures(page, step.view).first).to_be_visible(timeout=120_000)
    tour.get_by_role("button", name="Back").click()
    expect(tour).to_contain_text("Step 9 of 10")
    tour.get_by_role("button", name="Close the tour").click()
    expect(tour).to_be_hidden()


NAME_IS_VISIBLE = """(view) => {
  const name = document.querySelector(`#view-${view}-button[aria-selected=true]`);
  if (!name) return false;
  const row = name.parentElement.getBoundingClientRect(), {left, right} = name.getBoundingClientRect();
  return row.left - 1 <= left && right <= row.right + 1;
}"""


def test_the_tour_fits_a_phone(inside_url, open_page):
    page = open_page(inside_url, width=390, height=844)
    enter(page)
    page.locator("#inside-tour-start").click()
    for i in range(1, 11):
        expect(page.locator("#inside-tour")).to_contain_text(f"Step {i} of 10")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        if STEPS[i - 1].view is not None:
            page.wait_for_function(NAME_IS_VISIBLE, arg=STEPS[i - 1].view)
        page.locator("#tour-next").click()
    expect(page.locator("#inside-tour")).to_be_hidden()
