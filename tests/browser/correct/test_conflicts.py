"""Two people on one photo, and one person whom the page could take for two."""

from __future__ import annotations

import time
from threading import Event

import pytest

from annotation.region import Region
from annotation.tabs.panels.conflict import ConflictPanel
from annotation.tabs.sent_documents import SentDocuments
from tests.browser.correct.page import HOUSE, CorrectTab, expect, wait_for

pytestmark = pytest.mark.browser


def test_conflicting_edits_of_two_people_are_reported_and_both_stored(app, open_tab):
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


def conflict_with_ann(app, open_tab):
    """A photo and the tab of Bob, who has not seen the word that Ann drew on it since."""
    image_id = app.put(1, Region(HOUSE, "house", "h"))
    ann, bob = open_tab(), open_tab()
    for tab in (ann, bob):
        expect(tab.row("house")).to_be_visible()
    ann.draw([[20, 120], [0, 0], [120, 160]], "Ann's")
    wait_for(lambda: {region.text for region in app.store.regions(image_id)} == {"house", "Ann's"})
    return image_id, bob


def test_the_words_of_two_people_are_joined_with_one_click(app, open_tab):
    image_id, bob = conflict_with_ann(app, open_tab)
    bob.do("box")
    bob.drag((200, 200), (300, 240))
    bob.field.fill("Bob's")
    bob.page.keyboard.press("Enter")
    bob.page.get_by_role("button", name="Join both").click()
    wait_for(lambda: sorted(r.text for r in app.store.regions(image_id)) == ["Ann's", "Bob's", "house"])
    expect(bob.row("Ann's")).to_be_visible()
    expect(bob.page.locator("#correct-conflict")).to_be_hidden()


def test_a_late_answer_does_not_show_a_resolved_conflict_again(app, open_tab, monkeypatch):
    image_id, bob = conflict_with_ann(app, open_tab)
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
    wait_for(lambda: answered and len(app.store.regions(image_id)) == 3)
    expect(bob.row("Ann's")).to_be_visible()
    bob.page.wait_for_timeout(500)
    expect(bob.page.locator("#correct-conflict")).to_be_hidden()


def test_an_edit_after_a_lost_answer_is_no_conflict(app, open_tab, monkeypatch):
    shop = [[20, 120], [120, 120], [120, 160], [20, 160]]
    image_id = app.put(1, Region(HOUSE, "house", "h"), Region(shop, "shop", "s"))
    save, page_is_gone = SentDocuments.save, Event()

    def answer_late(self, edit, who):
        saved = save(self, edit, who)
        page_is_gone.wait(30)
        return saved

    monkeypatch.setattr(SentDocuments, "save", answer_late)

    def illegible() -> list[str]:
        return sorted(region.id for region in app.store.regions(image_id) if region.illegible)

    tab = open_tab()
    tab.row("house").locator("[data-row=illegible]").click()
    wait_for(lambda: illegible() == ["h"])
    tab.row("shop").locator("[data-row=illegible]").click()
    expect(tab.pill).to_have_text("Saving…")
    page = tab.page.context.new_page()
    tab.page.close()
    page.goto(app.demo.local_url)
    again = CorrectTab(page)
    page_is_gone.set()
    wait_for(lambda: illegible() == ["h", "s"])
    expect(again.pill).to_contain_text("Saved")
    expect(page.locator("#correct-conflict")).to_be_hidden()
