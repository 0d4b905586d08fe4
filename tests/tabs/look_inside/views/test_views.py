"""The list of views."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from PIL.Image import Image

from spotter.explain.polygon_text import words_read
from spotter.language import speaking
from spotter.tabs import look_inside
from spotter.tabs.look_inside.view import Second, ViewInput, first_value
from spotter.tabs.look_inside.views import VIEWS
from tests.explain.test_layers import is_complete
from tests.tabs.look_inside.printed import adds_up, equations, texts_of

ENGLISH = re.compile("[a-z]{2,}(?: [a-z]{2,}){2}")  # three words
FORMULA = re.compile(r"\$\$.*?\$\$|\$.*?\$|`.*?`", re.DOTALL)
LINK = re.compile("<.*?>")


def test_names_differ_and_are_simple_words():
    names = [view.name for view in VIEWS]
    assert len(set(names)) == len(names)
    assert all(name.isascii() and name.isalpha() and name.islower() for name in names)


def test_titles_differ_and_notices_are_sentences():
    assert len({view.title for view in VIEWS}) == len(VIEWS)
    assert all(view.question.endswith("?") for view in VIEWS)
    assert all(view.notice.endswith((".", "?", ".)")) for view in VIEWS)
    assert all(view.paper.startswith("section ") for view in VIEWS)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_speaks_the_language_of_its_page(frames, trace, view):
    frame = frames[view]
    values = {component: first_value(component) for component in frame.inputs}
    values |= {frame.shared.trace: trace, frame.shared.word: 0, frame.shared.picked: None}
    values[frame.shared.truth] = words_read(trace, 0)
    frame.show(values)  # what is kept with the trace must not be English later
    with speaking("ko"):
        shown = frame.show(values)
    figures = [value for value in shown.values() if is_figure(value)]
    texts = [*texts_of(shown), *(alt for _, alt in figures)]
    assert [text for text in texts if re.search("[a-z]{3}", text) and not re.search("[가-힣]", text)] == []
    assert [found for text in texts for found in ENGLISH.findall(FORMULA.sub("", text))] == []
    assert [pair for text in texts for pair in equations(text) if not adds_up(*pair)] == []
    assert figures
    assert all(is_complete(picture) for picture, _ in figures)  # as SVG, too


@pytest.mark.parametrize("view", [view for view in VIEWS if view.compares], ids=lambda view: view.name)
@pytest.mark.parametrize("is_found", [True, False], ids=["found", "not found"])
def test_second_weights_are_compared_in_the_language_of_the_page(frames, trace, view, is_found):
    frame = frames[view]
    values = {component: first_value(component) for component in frame.inputs}
    words = trace.words if is_found else []
    with speaking("ko"):
        second = Second(replace(trace, words=words), "라운드 3", "nano")
        view_input = ViewInput(trace, 0, frame.loader.spotter, words_read(trace, 0), second=lambda: second)
        _, values = frame.view.starting_values(view_input, values, reset=False)
        shown = frame.view.draw(view_input, values)
    note = shown[frame.view.compared]
    assert "라운드 3" in note
    assert ENGLISH.findall(note) == []
    pictures = [value for value in shown.values() if is_figure(value)]
    (compared,) = [(picture, alt) for picture, alt in pictures if alt.startswith("nano: ")]
    assert ("라운드 3: " in compared[1]) == is_found
    assert is_complete(compared[0])  # as SVG, too


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_controls_speak_the_language_of_their_page(view):
    with gr.Blocks(analytics_enabled=False) as blocks, speaking("ko"):
        view().layout()
    texts = []
    for part in blocks.blocks.values():
        choices = getattr(part, "choices", None)
        texts += [getattr(part, name, None) for name in ("label", "info", *([] if choices else ["value"]))]
        texts += [choice[0] for choice in choices or ()]
    assert [text for text in texts if isinstance(text, str) and ENGLISH.search(LINK.sub("", text))] == []


def is_figure(value: object) -> bool:
    """Whether it is a picture with its alternative text."""
    return isinstance(value, tuple) and isinstance(value[0], Image) and isinstance(value[1], str)


def test_the_readme_says_where_each_idea_is_shown():
    text = (Path(look_inside.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Look inside in a lesson")[2].partition("\n## ")[0]
    assert re.findall(r"\| `(\w+)` \|$", table, re.MULTILINE) == [view.name for view in VIEWS]
