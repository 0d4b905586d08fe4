"""The tab with rounds that a test makes up: chart, ledger, verdict, names that look like markup, a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotation.region import Region
from annotation.rounds.records import Progress, RegionChange
from tests.annotation.rounds.training_round import WORD, photo
from tests.annotation.tabs.rounds.fake import FakeRounds, finished, verdict
from tests.browser.correct.page import expect

pytestmark = pytest.mark.browser
MARKUP = "<img src=x onerror='window.harmed = true'>${window.harmed = true}"


@pytest.fixture
def rounds(store) -> FakeRounds:
    """Two rounds of a project whose names look like markup."""
    made, project_id = FakeRounds(store), store.ensure_project("default")
    image_id = store.add_image(project_id, photo(1), f"{MARKUP}.png")[0].id
    store.add_prediction(image_id, "before", [])
    store.save_regions(image_id, 0, [Region(WORD, "house", "h")], MARKUP)
    made.rounds = [
        finished(1, project_id, "default", promoted=True, promoted_by=MARKUP, served=True),
        finished(2, project_id, "default", verdict=verdict(0.44, 0.45, regressed=1), parent="1" * 64),
    ]
    made.found = [RegionChange("regressed", image_id, "h", WORD, MARKUP, MARKUP, None)]
    made.rule = (False, f"Not better by the rule: {MARKUP}")
    return made


def tooltip(page) -> str:
    return page.locator("#rounds-chart .readout").inner_text()


def test_chart_ledger_and_verdict(rounds, start_app, open_page):
    app = start_app(rounds)
    page = open_page(app.address(tab="rounds"))
    expect(page.locator("#rounds-title")).to_contain_text("Round 2")
    assert "round 2: 45.0 % (42.0–48.0)" in tooltip(page)
    page.locator("#rounds-chart .point").first.hover()
    assert "nano: 41.8 %" in tooltip(page)
    expect(page.locator("#rounds-chart .marked")).to_contain_text("served")
    expect(page.locator("#rounds-changes tbody")).to_contain_text(MARKUP)
    with page.expect_download() as download:
        page.get_by_text("Download as CSV").click()
    assert download.value.suggested_filename == "rounds.csv"
    assert Path(download.value.path()).read_text(encoding="utf-8-sig").startswith("round,photos")

    page.locator("#rounds-ledger tbody tr").nth(1).click()
    expect(page.locator("#rounds-title")).to_contain_text("Round 1")
    expect(page.locator("#rounds-sentences")).to_contain_text(MARKUP.split("$")[0])
    page.reload()
    expect(page.locator("#rounds-title")).to_contain_text("Round 1")
    page.locator("#rounds-chart .point").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#rounds-title")).to_contain_text("Round 2")

    page.get_by_role("button", name="Promote against the rule").click()
    expect(page.get_by_text("Say in a few words why").first).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).first.click()
    page.get_by_role("button", name="Delete the round").click()
    expect(page.locator("#rounds-ledger tbody tr")).to_have_count(2)
    assert not page.evaluate("window.harmed")


def test_a_region_opens_in_correct(rounds, start_app, open_page):
    app = start_app(rounds)
    page = open_page(app.address(tab="rounds"))
    page.locator("#rounds-changes td a").click()
    expect(page.locator("#correct-editor tr.selected")).to_contain_text("house")
    assert "region=h" in page.url


def test_on_a_phone_while_a_round_runs(rounds, start_app, open_page):
    app = start_app(rounds)
    rounds.start(rounds.store.ensure_project("default"))
    losses = [(i / 10, 9 / (i + 1)) for i in range(300)]
    rounds.now = Progress("training", 0.5, 240, "", losses, [(0.0, 0.418), (1.0, 0.43)])
    page = open_page(app.address(tab="rounds"), 390, 844)
    expect(page.locator("#rounds-stage-text")).to_contain_text("Round 3: training, about 4 minutes left.")
    expect(page.locator("#rounds-losses .line")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    rounds.now = Progress("judging", 0.9, 30)
    expect(page.locator("#rounds-stage-text")).to_contain_text("comparing it")
    page.locator("#rounds-stop").click()
    expect(page.locator("#rounds-resume")).to_be_visible()
    expect(page.locator("#rounds-start-button")).to_be_enabled()
