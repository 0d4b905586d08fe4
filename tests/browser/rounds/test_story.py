"""The whole story: correct two photos, start a round, watch it, read its verdict, promote it, roll back."""

from __future__ import annotations

import pytest

from annotation.region import Region
from tests.annotation.rounds.training_round import WORD, add_photos, photo
from tests.browser.correct.page import CorrectTab, expect, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PROJECT = "shop signs"
VERSION = f"{PROJECT}-round-1"


def put(store, seed: int) -> int:
    """A photo with a wrong word, as the spotter has read it."""
    project_id = store.ensure_project(PROJECT)
    image_id = store.add_image(project_id, photo(seed), f"{seed}.png")[0].id
    store.add_prediction(image_id, "before", [Region(WORD, f"w0rd{seed}", score=0.9, reading_score=0.8)])
    return image_id


def correct(app, visit, image_id: int, seed: int) -> None:
    page = visit(app.address(tab="correct", image=image_id))
    tab = CorrectTab(page)
    tab.row(f"w0rd{seed}").locator(".number").click()
    tab.type(f"word{seed}")
    page.locator("#correct-done").click()
    wait_for(lambda: app.store.image(image_id).state == "done")
    page.close()


def test_corrections_make_a_round(app, visit):
    add_photos(app.store, 8)
    wrong = {seed: put(app.store, seed) for seed in (8, 9)}
    others = app.store.ensure_project("default")  # where a second visitor begins
    app.store.add_prediction(app.store.add_image(others, photo(60), "60.png")[0].id, "before", [])
    page = visit(app.address(tab="correct", image=wrong[8]))  # so that the project is known
    expect(page.locator("#correct-title")).to_contain_text("8.png")
    page.get_by_role("tab", name="Rounds").click()
    start = page.locator("#rounds-start-button")
    expect(page.locator("#rounds-why")).to_contain_text("2 more corrected photos are needed")
    expect(start).to_be_disabled()

    for seed, image_id in wrong.items():
        correct(app, visit, image_id, seed)
    page.reload()
    expect(page.locator("#rounds-gain-text")).to_contain_text("10 corrected photos since")
    page.locator("#rounds-who textarea, #rounds-who input").first.fill("Ann")
    start.click()

    # It survives a reload, and a second visitor sees it.
    stage = page.locator("#rounds-stage-text")
    expect(stage).to_contain_text("Round 1")
    other = visit(app.address(tab="rounds"))
    expect(other.locator("#rounds-stage-text")).to_contain_text(f"Round 1 of the project {PROJECT}")
    other.close()
    page.reload()
    expect(stage).to_contain_text("Round 1")
    expect(page.locator("#rounds-bar progress")).to_be_visible()

    expect(page.locator("#rounds-title")).to_contain_text("Round 1", timeout=120_000)
    expect(page.locator("#rounds-sentences")).to_contain_text("by the rule")
    expect(page.locator("#rounds-chart .dot")).to_have_count(2)
    expect(page.locator("#rounds-ledger tr.current")).to_contain_text("round 1")
    assert "round=1" in page.url

    # A region opens in Correct, and the way back leads to the verdict.
    kinds = page.locator("#rounds-kinds label")
    expect(kinds).to_have_count(5)
    changed = next(kind for kind in app.rounds.changes(1) if kind.region_id)
    kinds.filter(has_text=changed.kind).click()
    page.locator("#rounds-changes td a").first.click()
    expect(page.locator("#correct-editor .selected")).not_to_have_count(0)
    page.go_back()
    expect(page.locator("#rounds-title")).to_contain_text("Round 1")

    # Random weights do not get better by the rule.
    promote = page.locator("#rounds-promote")
    if page.locator("#rounds-reason").is_visible():
        page.locator("#rounds-reason textarea, #rounds-reason input").first.fill("to see it")
    promote.click()
    expect(page.locator("#rounds-served")).to_contain_text(VERSION)
    assert app.rounds.served()[0] == VERSION
    expect(page.locator("#rounds-sentences")).to_contain_text("Promoted by Ann")
    image_id = app.store.add_image(app.store.find_project(PROJECT), photo(50), "new.png")[0].id
    visit(app.address(tab="correct", image=image_id))  # reads what nobody has read
    wait_for(lambda: app.store.predictions(image_id), seconds=60)
    assert app.store.predictions(image_id)[-1].model_version == VERSION

    page.locator("#rounds-ledger tr").last.click()
    page.get_by_role("button", name="Roll back to tiny").click()
    expect(page.locator("#rounds-served")).to_have_text("Served: tiny")
    expect(page.locator("#rounds-ledger tr").last).to_contain_text("served")
    assert app.rounds.served()[0] != VERSION
