"""Texts that are suspicious by themselves, and those that are not."""

from __future__ import annotations

import pytest

from annotation.text_checks import (
    foreign_letters,
    is_masked,
    is_placeholder,
    leftover,
    script_of,
    unknown_characters,
)


@pytest.mark.parametrize("text", ["待识别", "TEMPORARY", "todo", " Text ", "<UNK>", "null"])
def test_placeholders(text):
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["", "NOVA", "TEXTILE", "NULLARBOR", "word", "12", "temporary road", "待"])
def test_no_placeholders(text):
    assert not is_placeholder(text)


@pytest.mark.parametrize(("text", "expected"), [("###", 1), ("##", 1), ("*", 1), ("???", 1), (" #### ", 1)])
def test_masked(text, expected):
    assert is_masked(text) == expected


@pytest.mark.parametrize("text", ["", "#", "#1", "?", "WHY??", "A***", "...", "-"])
def test_not_masked(text):
    assert not is_masked(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (",NOVA", ","),
        (';"NOVA"', ';"'),
        ("| NOVA", "| "),
        ('"NOVA', '"'),
        ('"NOVA, 24 H"', ""),
        ("NOVA,", ""),
        ("'s", ""),
        ("“NOVA", ""),
        ('"', ""),
        ("", ""),
        ("NOVA", ""),
    ],
)
def test_leftovers(text, expected):
    assert leftover(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NOV\u0410", "\u0410"),
        ("\u0421af\u0435", "\u0421\u0435"),
        ("ДОМ", ""),
        ("10 kΩ", ""),
        ("NOVA ДОМ", ""),
        ("", ""),
    ],
)
def test_letters_that_look_alike(text, expected):
    assert foreign_letters(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("12,50 €", ""),
        ("1 Ñandú", "Latin"),
        ("ＮＯＶＡ", "Latin"),
        ("дом", "Cyrillic"),
        ("店面", "Chinese or Japanese"),
        ("ひらがな", "Chinese or Japanese"),
        ("ثوار", "Arabic"),
    ],
)
def test_scripts(text, expected):
    assert script_of(text) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], ""),
        (["clear"], ""),
        (["über", "señor", "é b\u200b"], "éñü"),
        (
            ["t\u0430xi", "\u0434\u043e\u043c"],
            "\u0434\u043c\u043e",
        ),  # Latin but for one letter; Cyrillic
        (["待识别"], ""),
    ],
)
def test_unknown_characters(texts, expected):
    assert unknown_characters(texts, "abcdefghijklmnopqrstuvwxyz") == expected
