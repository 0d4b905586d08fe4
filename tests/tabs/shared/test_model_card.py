"""The model card on the page."""

from __future__ import annotations

import json
import re

import pytest

from spotter.tabs.shared.model_card import CardError, ability, curve_picture, describe_card, read_card


def report(hmean):
    scores = ({"hmean": value, "recall": value} for value in (0.8, hmean))
    return {"images": 200, **dict(zip(("detection", "end_to_end"), scores, strict=True))}


EMPTY = {"detection": {"hmean": 0.0, "true": 0, "found": 30}}  # photographs without text


@pytest.mark.parametrize(
    ("figures", "says"),
    [
        ({}, ""),
        ({"57 photographs without text": report(0) | EMPTY}, ""),
        (
            {"scenes": report(0.7), "photographs": report(0.454)},
            "on street photographs it finds 80 and reads 45",
        ),
        ({"easy": report(0.7), "a_b": report(0.2)}, r"on *a\_b* it finds 80 and reads 20 without a mistake."),
    ],
)
def test_what_the_weights_read_is_said_without_alarm(figures, says):
    sentence = ability({"figures": figures})
    assert says in sentence
    assert sentence.startswith("Reads Latin letters, digits and signs." if says else "")
    assert "**" not in sentence
    assert bool(sentence) == bool(says)


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ({}, "is unknown"),
        ({"trained_images": 240000}, "- **trained images**: 240,000"),
        ({"figures": {"scenes": report(0.31234)}}, "| scenes | 200 | 0.800 | 0.312 | - | - |"),
        (
            {
                "figures": {
                    "s": report(0.7) | {"end_to_end_lexicon": {"hmean": 0.75}, "calibration_error": 0.05}
                }
            },
            "| s | 200 | 0.800 | 0.700 | 0.750 | 0.050 |",
        ),
        ({"figures": {"empty": report(0) | EMPTY}}, "- **empty**: 0.15 words per image, 200 images"),
        ({"terms": ["a: CC BY 4.0"]}, "**Terms of the training data**\n\n1. a: CC BY 4.0"),
        ({"notes": ["weak", "small"]}, "- **notes**: weak · small"),
        ({"data": "fontpkg-* and <b>\n![x](y_z)"}, r"- **data**: fontpkg-\* and \<b\> \!\[x\]\(y\_z\)"),
        ({"figures": {"a|b": report(0.7)}}, r"| a\|b | 200 |"),
        ({"experiments": ["a: worse", "b*\n: .5"]}, "their results**\n\n1. a: worse\n1. b\\* : .5"),
    ],
)
def test_card_as_markdown(card, says):
    assert says in describe_card(card)


def test_card_is_read(tmp_path):
    assert read_card(tmp_path / "w.safetensors") == {}
    (tmp_path / "w.json").write_text('{"name": "mine"}', encoding="utf-8")
    assert read_card(tmp_path / "w.safetensors") == {"name": "mine"}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "0",
        b"\xff",
        {"figures": 3},
        {"figures": {"scenes": 3}},
        {"figures": {"scenes": {"end_to_end": {"hmean": 0.5}}}},
        {"figures": {"scenes": report("<b>")}},
        {"curve": [1]},
        {"experiments": 3},
        {"curve": [{"images": "many", "giou": 1.0}] * 2},
    ],
)
def test_an_invalid_card_raises_one_sentence(tmp_path, content):
    data = json.dumps(content).encode() if isinstance(content, dict) else content
    (tmp_path / "w.json").write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(
        CardError, match=r"The model card .*w\.json is invalid; remove it or replace it by the right one\.$"
    ):
        read_card(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    "curve", [None, [], [{"images": 8.0, "recognition": 2.0}], [{"images": 8.0, "recognition": None}] * 3]
)
def test_no_curve(curve):
    assert curve_picture({} if curve is None else {"curve": curve}) == ""


def test_curve():
    rows = [
        {"images": 100.0, "recognition": None, "characters": 4.0},
        {"images": 200.0, "recognition": 2.0, "characters": 2.0},
        {"images": 400.0, "recognition": 1.0, "characters": 0.0},
    ]
    picture = curve_picture({"curve": rows})
    lines = re.findall(r'points="([^"]*)"', picture)
    assert [len(line.split()) for line in lines] == [2, 3]
    ends = [tuple(map(float, line.split()[-1].split(","))) for line in lines]
    assert ends[0][0] == ends[1][0] == 632  # both end at the right, after 400 images
    assert ends[1][1] == 204  # on the axis
    assert ends[0][1] == pytest.approx(204 - 196 / 4)
    assert "400 images" in picture
    assert lines[1].startswith("44.0,")  # the first images it knows of, 100, are at the left
    assert ">100</text>" in picture
    assert "dashed: characters" in picture
    assert "GIoU" not in picture
