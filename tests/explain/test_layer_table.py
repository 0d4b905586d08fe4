"""The layers of the network with their shapes and costs."""

from __future__ import annotations

from dataclasses import replace

import torch

from spotter.explain import layer_table
from spotter.language import speaking
from spotter.tracing.recorder import network_image


def test_multiply_adds_are_those_of_pytorchs_counter(tiny_spotter, trace):
    from torch.utils.flop_counter import FlopCounterMode

    found = layer_table.layers_of(tiny_spotter, replace(trace))  # a copy, without cached values
    image = network_image(trace.image, tiny_spotter.device)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        tiny_spotter.model([image], min(word.score for word in trace.words) - 1e-4)
    assert sum(step.multiply_adds for step in found) == counter.get_total_flops() // 2
    own = next(step for step in found if step.name == "P3: output 3 × 3")
    channels, height, width = trace.levels[1].shape
    assert own.multiply_adds == 9 * channels * channels * height * width
    assert own.outputs == (("", (1, channels, height, width)),)
    assert own.nbytes == 4 * channels * height * width


def test_steps_are_in_the_order_of_the_data_with_real_shapes(tiny_spotter, trace):
    found = layer_table.layers_of(tiny_spotter, replace(trace))
    names = [step.name for step in found]
    assert names[0] == "Photo"
    assert names[-1] == "Reader"
    assert names.index("Swin stage 4") < names.index("P2: lateral 1 × 1") < names.index("Stage 1")
    assert len(names) == len(set(names))
    shapes = {step.name: dict(step.outputs) for step in found}
    assert shapes["Selected regions"]["maskK"] == (len(trace.words), 28, 28)
    assert shapes["Stage 2"]["boxes"] == (1, *trace.boxes.shape[1:])
    assert shapes["RoIAlign for recognition"][""] == trace.roi_features.shape
    for module in tiny_spotter.model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


def test_steps_of_a_photo_without_words(tiny_spotter, empty_trace):
    found = {step.name: step for step in layer_table.layers_of(tiny_spotter, empty_trace)}
    assert dict(found["Selected regions"].outputs)["boxes"] == (0, 4)


def test_every_layer_has_a_title_in_every_language(tiny_spotter, trace):
    names = [layer.name for layer in layer_table.layers_of(tiny_spotter, trace)]
    assert [layer_table.layer_title(name) for name in names] == names
    with speaking("ko"):
        titles = [layer_table.layer_title(name) for name in names]
    assert len(set(titles)) == len(names)
    assert not set(titles) & set(names)
