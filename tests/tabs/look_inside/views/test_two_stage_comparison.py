"""Texts of the view that compares two stages with this network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spotter.evaluation.two_stage import TwoStage
from spotter.explain.crop_looseness import FACTORS, Looseness
from spotter.explain.topics.true_outlines import WordReadings
from spotter.explain.topics.two_stage_comparison import CropContent
from spotter.tabs.look_inside.views.two_stage_comparison import (
    describe,
    describe_crop,
    describe_true,
    missing_note,
    results,
    verdict,
)

NOTHING_FOUND = TwoStage(np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32), [])
MEASURED = Looseness(["a"], [["a"]] * len(FACTORS), [["b"]] * len(FACTORS), [1], [])


def test_without_true_words_the_text_asks_for_them(trace):
    assert "CRNN" not in describe(trace, None, None, 0)
    text = describe(trace, NOTHING_FOUND, None, 0)
    assert "the CRNN nothing" in text
    assert "write them where you pick the photo" in text


def test_the_text_names_the_numbers_and_a_word_that_was_not_measured(trace):
    assert "from 1.00 to **1.00** for ours" in describe(trace, NOTHING_FOUND, MEASURED, 0)
    assert "overlaps no true word" in describe(trace, NOTHING_FOUND, MEASURED, 0)
    assert "overlaps no true word" not in describe(trace, NOTHING_FOUND, MEASURED, 1)


def test_the_verdict_follows_the_losses():
    assert "Ours loses less" in verdict(0.1, 0.4)
    assert "do not show" in verdict(0.4, 0.1)
    assert "about as much" in verdict(0.30, 0.31)


def test_without_the_crnn_its_columns_are_left_out(trace):
    alone = Looseness(["a"], [["a"]] * len(FACTORS), None, [1], [])
    assert "CRNN" not in describe(trace, None, alone, 1)


def test_results_are_those_of_the_readme():
    readme = (Path(__file__).parents[4] / "README.md").read_text(encoding="utf-8")
    rows = [row.split("|") for row in results().splitlines() if row.startswith("| ")][1:]
    for column, name in ((2, "EasyOCR 1.7.2 (CRAFT and a CRNN)"), (3, "`nano`")):
        known = next(line for line in readme.splitlines() if line.startswith(f"| {name}"))
        found, read, time, parameters = (cell.strip() for cell in known.split("|")[2:6])
        kept = f"{float(read) / float(found):.0%}".replace("%", " %")
        assert [row[column].strip() for row in rows] == [found, read, kept, time, parameters]


def test_the_sentence_follows_the_numbers(trace):
    assert "12%** are other words" in describe_crop(trace, 0, 1.6, CropContent(0.4, 0.12, 0.48))
    assert "no other word" in describe_crop(trace, 0, 1.6, CropContent(0.4, 0.0, 0.6))


def test_wrong_readings_are_marked_and_escaped():
    table = describe_true([WordReadings("A|B", None, "a|b", "<i>"), WordReadings("C", "", "d", "c")])
    rows = [[cell.strip() for cell in row.split(" | ")] for row in table.splitlines()[-2:]]
    assert rows[0][1] == "(not found)"
    assert [("✗" in cell) for cell in rows[0]] == [False, False, False, True]
    assert "<i>" not in table
    assert [("✗" in cell) for cell in rows[1]] == [False, True, True, False]


def test_it_is_said_whether_results_are_stored_or_missing():
    assert "is stored" in missing_note(is_stored=True)
    assert "is not shown" in missing_note(is_stored=False)
