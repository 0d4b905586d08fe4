"""CUDA graphs of the backbone: one launch replaces those of its many small kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn


class GraphedBackbone:
    """Captures and replays one graph per shape of training images; calls the backbone otherwise.

    It replaces `SwinTextSpotter.backbone.forward`, so that parameter names do not change. Autocast must not
    cache casts (`cache_enabled=False`), as graphs keep the memory they were captured with.
    """

    def __init__(self, backbone: nn.Module) -> None:
        self.backbone, self.original_forward = backbone, backbone.forward
        self.graphs: dict[tuple[int, ...], nn.Module] = {}

    def __call__(self, images: Tensor) -> list[Tensor]:
        """As `Swin.forward`."""
        if not (self.backbone.training and torch.is_grad_enabled() and images.is_cuda):
            return self.original_forward(images)
        shape = tuple(images.shape)
        if shape not in self.graphs:
            module = GraphableBackbone(self.backbone, self.original_forward)
            graphed = torch.cuda.make_graphed_callables(module, (torch.zeros_like(images),))
            self.graphs[shape] = cast(nn.Module, graphed)
        # The graph's outputs are overwritten by its next replay: one backward pass per forward pass.
        return list(self.graphs[shape](images))


class GraphableBackbone(nn.Module):
    """The backbone as `make_graphed_callables` needs it: one module per graph, returning a tuple."""

    def __init__(self, backbone: nn.Module, forward: Callable[[Tensor], list[Tensor]]) -> None:
        super().__init__()
        self.backbone, self.original_forward = backbone, forward

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.original_forward(images))


def use_cuda_graphs(backbone: nn.Module) -> None:
    """Makes a backbone replay CUDA graphs in training."""
    backbone.forward = GraphedBackbone(backbone)
