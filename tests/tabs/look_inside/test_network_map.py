"""The map of the network."""

from __future__ import annotations

import gradio as gr
import pytest

from spotter.explain.topics.network_map import titles
from spotter.tabs.look_inside.network_map import EDGES, NODES, NetworkMap
from spotter.tabs.look_inside.views import VIEWS


@pytest.fixture(scope="module")
def network_map() -> NetworkMap:
    with gr.Blocks(analytics_enabled=False):
        return NetworkMap()


def test_every_view_can_be_opened_and_every_node_opens_one():
    assert {node.view for node in NODES} == {view.name for view in VIEWS}


def test_arrows_connect_nodes():
    names = {node.name for node in NODES}
    assert len(names) == len(NODES)
    assert names == set(titles())
    assert {edge.start for edge in EDGES} | {edge.end for edge in EDGES} == names - {"why"}


def test_without_a_photo_there_are_no_pictures(network_map):
    data = network_map.postprocess(None)
    assert set(data.nodes) == {node.name for node in NODES}
    assert not any(node.image for node in data.nodes.values())
    assert not any(edge.shape for edge in data.edges)


def test_pictures_and_shapes_are_those_of_photo_and_word(network_map, trace):
    first, second = (network_map.postprocess((trace, word)) for word in (0, 1))
    assert first.nodes["photo"].image.startswith("data:image/jpeg;base64,")
    assert first.nodes["photo"].image == second.nodes["photo"].image
    assert first.nodes["m3"].image != second.nodes["m3"].image
    sizes = {edge.start: edge.shape for edge in first.edges}
    height, width = trace.image.shape[:2]
    assert sizes["photo"] == f"3 × {height} × {width}"
    assert sizes["roi"] == " × ".join(map(str, trace.roi_features.shape[1:]))


def test_a_photo_without_words_has_a_map(network_map, empty_trace):
    data = network_map.postprocess((empty_trace, None))
    assert data.nodes["photo"].image
    assert not data.nodes["m3"].image


def test_it_is_small(network_map, trace):
    assert len(network_map.postprocess((trace, 0)).model_dump_json()) < 150_000
