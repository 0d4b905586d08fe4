"""Every view draws, says so when there is nothing to draw, and takes nothing from a photo for markup."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import gradio as gr
import pytest

from spotter.explain.polygon_text import words_read
from spotter.explain.topics.overview import draw_overview, word_at
from spotter.tabs.look_inside import traces
from spotter.tabs.look_inside.photo import summary, word_choices
from spotter.tabs.look_inside.tab import NO_TRACE, NO_WORDS, Frame, build_look_inside
from spotter.tabs.look_inside.traces import stored_trace
from spotter.tabs.look_inside.views import VIEWS, registered
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.samples import SAMPLES, stored_results

MODULES = registered()
LATER = ("two-ways-cut", "two-ways-curve")  # pictures that there are only once CRAFT and the CRNN were run


@pytest.fixture(scope="module")
def frames(tiny_file) -> dict[str, Frame]:
    loader = Loader(str(tiny_file), "cpu")
    with gr.Blocks(analytics_enabled=False), gr.Tabs():
        made = {}
        for module in MODULES:
            with gr.Tab(module.TITLE) as tab:
                made[module.TITLE] = Frame(module, loader, tab)
    return made


@pytest.fixture(params=MODULES, ids=lambda module: module.TITLE)
def frame(request, frames) -> Frame:
    return frames[request.param.TITLE]


def starting(frame: Frame) -> list:
    return [component.value for component in frame.view.inputs]


def test_views_are_in_the_order_of_the_data():
    numbers = [module.NUMBER for module in MODULES]
    assert numbers == sorted(set(numbers))
    assert {1, 2, 3, 4, 5, 6, 7, 8, 9, 11} <= set(numbers)
    assert [title for title, _ in VIEWS] == [module.TITLE for module in MODULES]


def test_a_view_fills_every_output(frame, trace):
    for word in (0, len(trace.words) - 1):
        shown = frame.show(trace, word, words_read(trace, 0), None, *starting(frame))
        assert shown[frame.body]["visible"] is True
        for component in frame.view.outputs:
            value = shown[component]
            assert value is not None or component.elem_id in LATER, component
            component.postprocess(value)  # what the page gets


def test_pictures_have_alternative_text(frame, trace):
    from spotter.tabs.look_inside.figure import Figure

    shown = frame.show(trace, 0, words_read(trace, 0), None, *starting(frame))
    figures = [component for component in frame.view.outputs if isinstance(component, Figure)]
    assert figures
    for figure in figures:
        assert figure.elem_id in LATER or len(shown[figure][1]) > 10


def test_without_words_or_trace_there_is_a_sentence(frame, trace, empty_trace):
    shown = frame.show(None, None, "", "", *starting(frame))
    assert shown[frame.empty]["value"] == NO_TRACE
    shown = frame.show(empty_trace, None, "", "", *starting(frame))
    if frame.view.needs_word:
        assert shown[frame.empty]["value"] == NO_WORDS
        assert shown[frame.body]["visible"] is False
    else:
        assert all(shown[component] is not None for component in frame.view.outputs)


def test_what_a_person_set_stays_until_the_word_changes_or_the_reset(frame, trace):
    first = frame.show(trace, 0, words_read(trace, 0), None, *starting(frame))
    again = frame.show(trace, 0, words_read(trace, 0), first[frame.seen], *starting(frame))
    assert not set(frame.view.inputs) & set(again)
    reset = frame.show(trace, 0, words_read(trace, 0), first[frame.seen], *starting(frame), fresh=True)
    assert set(frame.view.inputs) <= set(reset)


def test_values_sent_before_the_inputs_were_prepared_are_not_taken(frame, trace):
    """When the tab opens two events are under way: the second one's values left before the first's answer."""
    early = starting(frame)  # and, with them, what the page knew then of the inputs: nothing
    assert frame.seen.value == ""
    assert isinstance(frame.seen, gr.Textbox)  # a state would be looked up when the second one runs
    first, second = (frame.show(trace, 1, words_read(trace), frame.seen.value, *early) for _ in range(2))
    for component in frame.view.inputs:
        assert component in second
        assert second[component] == first[component]


def test_a_picked_proposal_is_followed_until_the_word_changes_or_the_reset(frames, trace):
    from spotter.tracing.trace_cache import name_of

    frame = frames["Six stages"]
    proposal = frame.view.inputs[2]
    own, other = int(trace.proposal[0]), int(trace.proposal[1])
    picked = (name_of(trace), 0, other)
    shown = [
        frame.show(trace, word, "", "", *starting(frame), picked=picked, fresh=fresh)[proposal]["value"]
        for word, fresh in ((0, False), (1, False), (0, True))
    ]
    assert shown == [other, int(trace.proposal[1]), own]
    again = frame.show(replace(trace), 0, "", "", *starting(frame), picked=picked)
    assert again[proposal]["value"] == own  # another photo


def test_hostile_texts_stay_texts(frame, trace):
    evil = "<img src=x onerror=hit>$x$|**"
    words = [replace(word, text=evil[: len(word.text)] or "<") for word in trace.words]
    hostile = replace(trace, words=words)
    shown = frame.show(hostile, 0, words_read(hostile, 0), None, *starting(frame))
    texts = [shown[c] for c in frame.view.outputs if isinstance(c, gr.Markdown)]
    assert not any("<img" in text for text in texts)


def test_clicks_answer_anywhere(frame, trace):
    scene = frame.scene(trace, 0, words_read(trace, 0))
    values = starting(frame)
    if frame.view.prepare:
        values = [c.get("value", v) for c, v in zip(frame.view.prepare(scene), values, strict=True)]
    for _, _, pick in frame.view.clicks:
        for place in ([0.0, 0.0], [1e6, 1e6], [-5.0, 40.0]):
            pick(scene, place, *values)


def test_overview_marks_and_finds_words(trace, empty_trace):
    for i in range(len(trace.words)):
        picture, alt = draw_overview(trace, i)
        assert f"word {i + 1}" in alt
        x, y = trace.polygon(i).mean(0) * picture.width / trace.image.shape[1]
        assert word_at(trace, [x, y]) is not None
    assert word_at(trace, [-500.0, -500.0]) is None
    assert "no words" in draw_overview(empty_trace, None)[1]
    assert len(word_choices(trace)) == len(trace.words)
    assert "No words found" in summary(empty_trace)
    known = replace(trace, words=trace.words[:1])
    for score, told in ((0.9, "1 word ·"), (0.01, "1 word, 1 of them below the threshold of 0.")):
        words = [replace(known.words[0], score=score)]
        assert summary(replace(known, words=words)).startswith(told)
        assert ("below" in word_choices(replace(known, words=words))[0][0]) == (score < 0.1)


def test_a_stored_trace_of_other_weights_is_not_shown():
    assert stored_trace(SAMPLES[0].path, "0" * 64) is None
    assert stored_trace(SAMPLES[0].path, None) is None
    assert stored_trace("photo.jpg", "0" * 64) is None


def test_stored_traces_are_small_and_of_the_built_in_weights():
    for sample in traces.STORED:
        file = traces.FOLDER / f"{sample.path.stem}.npz"
        assert file.stat().st_size <= traces.MOST_BYTES
        sha256 = Loader().card()["sha256"]
        trace = stored_trace(sample.path, sha256)
        assert trace is not None, "run `python -m spotter.tabs.look_inside.traces`: the weights have changed"
        assert [word.text for word in trace.words] == stored_texts(sample, sha256)


def stored_texts(sample, sha256: str) -> list[str]:
    words = stored_results(sha256)["images"][sample.file]["words"]
    return [word["text"] for word in words]


def test_a_damaged_stored_trace_is_only_a_lost_shortcut(tmp_path, monkeypatch):
    monkeypatch.setattr(traces, "FOLDER", tmp_path)
    sample = traces.STORED[0]
    for content in (b"", b"PK", b"not a zip"):
        (tmp_path / f"{sample.path.stem}.npz").write_bytes(content)
        assert stored_trace(sample.path, "0" * 64) is None


def test_the_tab_is_built_without_torch(tiny_file):
    program = (
        "import sys, gradio as gr\n"
        "from spotter.tabs.shared.loading import Loader\n"
        "from spotter.tabs.look_inside.tab import build_look_inside\n"
        "with gr.Blocks(analytics_enabled=False):\n"
        "    with gr.Tab('Look inside') as tab:\n"
        f"        build_look_inside(Loader({str(tiny_file)!r}), tab)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_traces_of_idle_users_are_dropped(tiny_file):
    with gr.Blocks(analytics_enabled=False) as demo, gr.Tab("Look inside") as tab:
        build_look_inside(Loader(str(tiny_file)), tab)
    states = [block for block in demo.blocks.values() if isinstance(block, gr.State)]
    assert min(state.time_to_live for state in states) <= 3600
