"""CUDA graphs of the backbone: same outputs, gradients and parameter names."""

from __future__ import annotations

import copy

import pytest
import torch

from spotter.training.cuda_graphs import use_cuda_graphs


def maps_and_gradients(backbone, images) -> list[torch.Tensor]:
    backbone.zero_grad()
    maps = backbone(images)
    sum(each.square().mean() for each in maps).backward()
    return [each.detach().cpu() for each in (*maps, *(p.grad for p in backbone.parameters()))]


def test_on_the_cpu_nothing_changes(tiny_model):
    plain, graphed = (copy.deepcopy(tiny_model.backbone).train() for _ in range(2))
    use_cuda_graphs(graphed)
    assert list(graphed.state_dict()) == list(plain.state_dict())
    images = torch.randn(2, 3, 64, 96)
    found, expected = maps_and_gradients(graphed, images), maps_and_gradients(plain, images)
    assert all(a.equal(b) for a, b in zip(found, expected, strict=True))
    assert graphed.forward.graphs == {}
    with torch.no_grad():
        assert all(a.equal(b) for a, b in zip(graphed.eval()(images), plain.eval()(images), strict=True))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_one_graph_per_shape_with_equal_results(tiny_model):
    plain, graphed = (copy.deepcopy(tiny_model.backbone).cuda().train() for _ in range(2))
    use_cuda_graphs(graphed)
    for shape in ((2, 3, 64, 96), (1, 3, 96, 96), (2, 3, 64, 96)):
        images = torch.randn(shape, device="cuda")
        found, expected = maps_and_gradients(graphed, images), maps_and_gradients(plain, images)
        for a, b in zip(found, expected, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-2, atol=1e-4)
    assert len(graphed.forward.graphs) == 2
