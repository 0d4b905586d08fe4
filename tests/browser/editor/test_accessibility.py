"""Names, tab stops, announcements and visible focus."""

from __future__ import annotations

import json

import pytest

from tests.browser.editor.page import expect
from tests.browser.editor.words import offered

pytestmark = pytest.mark.browser


CONTROLS = {
    "button",
    "checkbox",
    "textbox",
    "link",
    "slider",
    "combobox",
    "toolbar",
    "dialog",
    "application",
    "table",
    "group",
}


@pytest.mark.parametrize("state", ["nothing selected", "word selected", "corner active", "drawing", "help"])
def test_every_control_has_an_accessible_name(open_editor, state):
    editor = open_editor(offered())
    editor.focus()
    editor.press(
        *{
            "nothing selected": [],
            "word selected": ["Tab", "Tab"],
            "corner active": ["Tab", "v"],
            "drawing": ["p"],
            "help": ["?"],
        }[state]
    )
    session = editor.page.context.new_cdp_session(editor.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    nameless, roles = [], set()
    for node in nodes:
        role = node.get("role", {}).get("value")
        if node.get("ignored") or role not in CONTROLS:
            continue
        roles.add(role)
        if not node.get("name", {}).get("value", "").strip():
            nameless.append((role, json.dumps(node.get("properties", []))[:200]))
    assert nameless == []
    assert "button" in roles
    hidden = editor.page.locator(
        ".editor [aria-hidden=true] :is(button, input), .editor [aria-hidden=true][tabindex]"
    )
    assert hidden.count() == 0


def test_each_bar_is_one_tab_stop(editor):
    stops = editor.page.locator(".bar").evaluate_all(
        "bars => bars.map((bar) => bar.querySelectorAll('button[tabindex=\"0\"]').length)"
    )
    assert stops == [1, 1]
    editor.page.locator(".bar [data-do=box]").focus()
    editor.press("ArrowRight", "ArrowRight")
    expect(editor.page.locator(".bar [data-do=band]")).to_be_focused()
    editor.press("End")
    expect(editor.page.locator(".bar [data-do=help]")).to_be_focused()


def test_edits_are_announced(editor):
    editor.select(0)
    editor.do("illegible")
    assert editor.announced() == "Illegible"
    editor.do("undo")
    assert editor.announced() == "Undone: illegible"
    editor.do("remove")
    assert editor.announced() == "Word deleted"
    editor.page.locator(".bar [data-do=remove]").click(force=True)  # aria-disabled, and still a button
    assert editor.announced() == "Select a word first"


def test_focus_is_visible(editor):
    editor.focus()
    editor.press("Tab")
    width = editor.word(0).locator(".halo").evaluate("node => parseFloat(getComputedStyle(node).strokeWidth)")
    assert width >= 8
    editor.press("v")
    assert (
        editor.page.locator(".corner.active circle").evaluate("node => getComputedStyle(node).filter")
        != "none"
    )
