"""How much of the page an edit changes among 300 words."""

from __future__ import annotations

import math

import pytest

from tests.browser.editor.page import expect
from tests.browser.editor.words import arch, word

pytestmark = pytest.mark.browser


def many_words(count: int = 300) -> list[dict]:
    places = [(40 + 48 * (i % 16), 60 + 28 * (i // 16)) for i in range(count)]
    return [word(i, arch(x, y, 20, 12), f"word{i}") for i, (x, y) in enumerate(places)]


def test_a_drag_among_300_words_changes_the_nodes_of_one(open_editor):
    editor = open_editor(many_words())
    editor.select(150)
    editor.do("zoomWord")
    x, y = start = many_words()[150]["points"][3]
    editor.mouse.move(*editor.at(*start))
    editor.mouse.down()
    editor.page.evaluate(
        """() => {
            window.seen = { added: 0, groups: new Set(), rows: 0, elsewhere: 0 };
            window.observer = new MutationObserver((records) => {
                for (const { type, target, addedNodes, removedNodes } of records) {
                    if (type === 'childList') seen.added += addedNodes.length + removedNodes.length;
                    const group = target.closest?.('.word'), row = target.closest?.('tbody');
                    if (group) seen.groups.add(group.dataset.id);
                    else if (row) seen.rows += 1;
                    else if (target.matches?.('.editor, .card, .tip, .photo, .live')) continue;
                    else if (!target.closest?.('.handles')) seen.elsewhere += 1;
                }
            });
            observer.observe(document.querySelector('.editor'),
                             { subtree: true, childList: true, attributes: true, characterData: true });
        }"""
    )
    editor.mouse.move(*editor.at(x + 6, y - 4), steps=20)
    seen = editor.page.evaluate(
        "() => { observer.takeRecords(); return { ...seen, groups: [...seen.groups] }; }"
    )
    editor.mouse.up()
    assert seen == {"added": 0, "groups": ["w150"], "rows": 0, "elsewhere": 0}
    points = editor.region(1, 150)["points"]
    assert len(points) == 14
    assert math.dist(points[3], (x + 6, y - 4)) < 0.2
    changed = [r["id"] for r in editor.received(1) if r not in many_words()]
    assert changed == ["w150"]


def test_zooming_styles_no_word_again(open_editor):
    """A property that the words inherit would: 140 milliseconds with 700 words."""
    editor = open_editor(many_words())
    style = "(words) => words.map((word) => getComputedStyle(word).getPropertyValue('--px'))"
    editor.do("zoomIn")
    assert set(editor.page.locator(".word").evaluate_all(style)) == {""}


def test_an_edit_replaces_no_nodes(open_editor):
    editor = open_editor(many_words())
    nodes = editor.page.locator(".word, tbody tr, .word-text")
    nodes.evaluate_all("nodes => nodes.forEach((node) => { node.mine = true; })")
    editor.select(150)
    editor.do("illegible")
    editor.received(1)
    kept = nodes.evaluate_all("nodes => nodes.every((node) => node.mine)")
    assert kept


def test_words_far_outside_of_the_view_are_not_drawn(open_editor):
    editor = open_editor(many_words())
    shown = editor.page.locator(".word:visible")
    expect(shown).to_have_count(300)
    editor.select(0)
    editor.do("zoomWord")
    expect(editor.word(0)).to_be_visible()
    expect(editor.word(1)).to_be_visible()
    expect(editor.word(299)).to_be_hidden()
    editor.row(299).locator(".number").click()
    expect(editor.word(299)).to_be_visible()
    expect(editor.word(0)).to_be_hidden()
    editor.do("fit")
    expect(shown).to_have_count(300)


def test_rows_out_of_sight_are_not_laid_out(open_editor):
    editor = open_editor(many_words())
    is_laid_out = """([id, expected]) => document.querySelector(`tr[data-id="${id}"] td`)
        .checkVisibility({ contentVisibilityAuto: true }) === expected"""
    editor.select(0)
    editor.page.wait_for_function(is_laid_out, arg=["w0", True])
    editor.page.wait_for_function(is_laid_out, arg=["w250", False])
    editor.select(250)
    editor.page.wait_for_function(is_laid_out, arg=["w250", True])
    expect(editor.row(250)).to_be_in_viewport()


def test_a_changed_text_and_the_next_word_are_drawn_once(open_editor):
    """Two updates would draw all words twice; a button is drawn in each of them."""
    editor = open_editor(many_words())
    editor.select(150)
    editor.keys.press("Enter")
    editor.keys.type("new")
    editor.page.evaluate(
        """() => {
            window.drawn = 0;
            const observer = new MutationObserver((records) => { drawn += records.length; });
            const button = document.querySelector('.bar [data-do="undo"]');
            observer.observe(button, { attributeFilter: ["aria-disabled"] });
        }"""
    )
    editor.keys.press("Tab")
    assert editor.region(1, 150)["text"] == "new"
    assert editor.page.locator(".card input").input_value() == "word151"
    assert editor.page.evaluate("() => drawn") == 1
