"""CUDA graphs of the backbone: its many small kernels, forward and backward, are launched at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


class GraphedBackbone:
    """Replays a graph for each shape of images that it is trained on; all else goes to the backbone itself.

    Takes the place of `SwinTextSpotter.backbone.forward`, so that names of parameters stay. Autocast must not
    cache casts (`cache_enabled=False`), as graphs hold on to the memory they were captured with.
    """

    def __init__(self, backbone: nn.Module) -> None:
        self.backbone, self.forward_of_backbone = backbone, backbone.forward
        self.graphs: dict[tuple[int, ...], nn.Module] = {}

    def __call__(self, images: Tensor) -> list[Tensor]:
        """As `Swin.forward`."""
        if not (self.backbone.training and torch.is_grad_enabled() and images.is_cuda):
            return self.forward_of_backbone(images)
        shape = tuple(images.shape)
        if shape not in self.graphs:
            plain = PlainBackbone(self.backbone, self.forward_of_backbone)
            self.graphs[shape] = torch.cuda.make_graphed_callables(plain, (torch.zeros_like(images),))
        # The graph's outputs are overwritten by its next replay: one backward pass per forward pass.
        return list(self.graphs[shape](images))


class PlainBackbone(nn.Module):
    """The backbone as `make_graphed_callables` wants it: one module per graph, a tuple as result."""

    def __init__(self, backbone: nn.Module, forward: Callable[[Tensor], list[Tensor]]) -> None:
        super().__init__()
        self.backbone, self.forward_of_backbone = backbone, forward

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.forward_of_backbone(images))


def use_cuda_graphs(backbone: nn.Module) -> None:
    """Lets a backbone replay CUDA graphs in training."""
    backbone.forward = GraphedBackbone(backbone)
