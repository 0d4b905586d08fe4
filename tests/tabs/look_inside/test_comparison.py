"""A second set of weights, chosen from the app's own list."""

from __future__ import annotations

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from spotter.served import OfferedWeights
from spotter.tabs.look_inside.comparison import NONE, Comparison
from spotter.tabs.look_inside.trace_memory import TraceMemory, size

OWN, OTHER, DAMAGED = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def first(tiny_spotter, photographs):
    """A trace of its own: the second one is cached with it."""
    trace = tiny_spotter.trace(photographs[0], threshold=0.05)
    trace.card["sha256"] = OWN
    return trace


@pytest.fixture
def photo(photographs, tmp_path) -> str:
    path = tmp_path / "photo.png"
    Image.fromarray(photographs[0]).save(path)
    return str(path)


@pytest.fixture
def offers(tiny_file, tmp_path) -> list[OfferedWeights]:
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"no weights")
    return [
        OfferedWeights(OWN, "nano", "nano"),
        OfferedWeights(OTHER, "round 3", tiny_file),
        OfferedWeights(DAMAGED, "round 4", damaged),
    ]


@pytest.fixture
def comparison(offers) -> Comparison:
    with gr.Blocks(analytics_enabled=False):
        made = Comparison(lambda: offers, "cpu", TraceMemory(gr.State()))
        made.layout()
    return made


def test_nothing_is_offered(comparison, offers, first, photo):
    offers.clear()
    assert not comparison.choices(first)["visible"]
    assert comparison.second(first, photo, OTHER) is None


def test_the_list_has_all_but_the_weights_of_the_first_trace(comparison, first):
    update = comparison.choices(first)
    assert update["visible"]
    assert [value for _, value in update["choices"]] == [NONE, OTHER, DAMAGED]
    assert update["choices"][1][0] == "Compare with round 3"


@pytest.mark.parametrize(
    ("named", "value"),
    [("", None), (OTHER[:12], OTHER), ("b", None), (OWN[:12], None), ("../../x" * 3, None)],
)
def test_the_address_may_name_one_of_the_list(comparison, first, named, value):
    assert comparison.choices(first, {"with": named}).get("value") == value


def test_the_second_trace_is_made_once_and_counts_as_memory_of_the_first(comparison, first, photo):
    before = size(first)
    second = comparison.second(first, photo, OTHER)
    assert (second.name, second.first_name) == ("round 3", "nano")
    np.testing.assert_array_equal(second.trace.image, first.image)
    assert comparison.second(first, photo, OTHER).trace is second.trace
    assert size(first) >= before + second.trace.nbytes


@pytest.mark.parametrize("named", [OWN, "d" * 64, "/etc/passwd", NONE])
def test_only_what_is_offered_is_loaded(comparison, first, photo, named):
    assert comparison.second(first, photo, named) is None
    assert comparison.loaded is None


def test_without_a_photo_there_is_nothing_to_trace(comparison, first):
    assert comparison.second(first, None, OTHER) is None


def test_damaged_weights_and_a_photo_that_is_gone_are_said_in_one_sentence(comparison, first, photo):
    with pytest.raises(gr.Error, match=r"damaged\.safetensors"):
        comparison.second(first, photo, DAMAGED)
    with pytest.raises(gr.Error, match="photo was deleted"):
        comparison.second(first, f"{photo}/gone.png", OTHER)
    assert comparison.second(first, photo, OTHER) is not None  # afterwards it works
