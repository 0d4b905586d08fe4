"""What augmentation does to a batch of images, drawn at random on the host.

Coordinates are continuous pixels, x to the right and y down; the centre of the first pixel is (0.5, 0.5).
Nothing waits for the device: everything that shapes depend on is drawn and computed on the host.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from spotter.data.data_config import AugmentationConfig


@dataclass
class AugmentationParameters:
    """What is done with each of B images; tensors on the host."""

    matrices: Tensor  # (B, 2, 3) float32, scene to augmented image in pixels
    gamma: Tensor  # (B,)
    gain: Tensor  # (B, 3)
    offset: Tensor  # (B, 3) of 255
    blur: Tensor  # (B,) standard deviation in pixels of the scene
    noise: Tensor  # (B,) standard deviation of 255
    noise_seed: int


def draw_parameters(
    count: int, size: tuple[int, int], config: AugmentationConfig, generator: torch.Generator
) -> AugmentationParameters:
    """Parameters for `count` images; size: width and height in pixels of the scenes and of the result."""

    def uniform(low: float, high: float, channels: int = 1) -> Tensor:
        return low + (high - low) * torch.rand(count, channels, generator=generator)

    def chosen(probability: float) -> Tensor:
        return torch.rand(count, 1, generator=generator) < probability

    is_moved = chosen(config.affine_probability)
    scale = uniform(math.log(config.min_scale), math.log(config.max_scale)).exp()
    scale = torch.where(is_moved, scale, 1.0)
    angle = torch.randn(count, 1, generator=generator) * math.radians(config.rotation)
    angle = torch.where(is_moved, angle, 0.0)
    # A larger scene fills the image, a smaller one lies inside it (but for the rotation).
    half = torch.tensor(size) / 2
    centre = half + uniform(-1, 1, 2) * half * (1 - 1 / scale).abs()
    cos, sin = scale * angle.cos(), scale * angle.sin()
    linear = torch.cat([cos, -sin, sin, cos], 1).view(count, 2, 2)
    shift = half[:, None] - linear @ centre[:, :, None]

    is_coloured = chosen(config.colour_probability)
    brightness = uniform(1 - config.max_gain, 1 + config.max_gain)
    tint = uniform(1 - config.max_channel_gain, 1 + config.max_channel_gain, 3)
    gain = torch.where(is_coloured, brightness * tint, 1.0)
    offset = torch.where(is_coloured, uniform(-config.max_offset, config.max_offset), 0.0)
    contrast = torch.where(chosen(config.contrast_probability), uniform(config.min_contrast, 1), 1.0)
    level = uniform(config.min_level, config.max_level)
    gamma = uniform(-math.log(config.max_gamma), math.log(config.max_gamma)).exp()

    blur = torch.where(chosen(config.blur_probability), uniform(0, config.max_blur), 0.0) / scale
    antialias = 0.5 * (scale**-2 - 1).clamp(min=0).sqrt()  # before a reduction
    blur = torch.hypot(blur, antialias)
    noise = torch.where(chosen(config.noise_probability), uniform(0, config.max_noise), 0.0)
    return AugmentationParameters(
        matrices=torch.cat([linear, shift], 2),
        gamma=torch.where(chosen(config.gamma_probability), gamma, 1.0)[:, 0],
        gain=gain * contrast,
        offset=(offset * contrast + level * (1 - contrast)).expand(-1, 3),
        blur=torch.where(blur < config.min_blur, 0.0, blur)[:, 0],
        noise=noise[:, 0],
        noise_seed=int(torch.randint(2**62, (), generator=generator)),
    )
