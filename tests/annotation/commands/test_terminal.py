"""Lines and questions on the terminal."""

from __future__ import annotations

import io

import pytest

from annotation.commands.terminal import aligned, confirm, printable, tab_separated


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("été 店.jpg", "été 店.jpg"),
        ("a\tb\nc\x1b[31m", r"a\tb\nc\x1b[31m"),
        ("\u202egpj", r"\u202egpj"),
        ("\udc80", r"\udc80"),
    ],
)
def test_no_text_can_break_a_line_or_steer_the_terminal(text, shown):
    assert printable(text) == shown
    assert tab_separated(text, 1) == f"{shown}\t1"


def test_a_table():
    assert aligned(("Name", "Words"), [], 1) == ["Name  Words"]
    rows = [("ann", "5"), ("李雷明", "123456"), ("a\nb", "7")]
    assert aligned(("Name", "Words"), rows, 1) == [
        "Name     Words",
        "ann          5",
        "李雷明  123456",
        r"a\nb         7",
    ]


@pytest.mark.parametrize(("answer", "is_yes"), [("y\n", True), ("Yes\n", True), ("n\n", False), ("", False)])
def test_a_question(monkeypatch, capsys, answer, is_yes):
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert confirm("Delete 2 photos?") == is_yes
    assert capsys.readouterr() == ("", "Delete 2 photos? [y/N] ")
