"""Augmentation of batches of images and text maps, on their device (`augmentation` has the conventions)."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from spotter.data.augmentation import AugmentationParameters
from spotter.data.targets import GRAY, IGNORE, MAP_STRIDE
from spotter.ops.device import to_device

KERNEL_SIGMAS = 3  # radius of a Gaussian kernel in standard deviations


def augment_images(images: Tensor, parameters: AugmentationParameters, cutouts: list[np.ndarray]) -> Tensor:
    """Images (B, 3, H, W) uint8 moved, recoloured, blurred, with noise and cut-outs: the same shape, uint8.

    cutouts: for each image (N, 4) xyxy in pixels of the result.
    """
    device, p = images.device, parameters
    height, width = images.shape[-2:]
    result = images.float() - GRAY  # so that the zeros around the images are gray
    if (blurred := p.blur.nonzero()[:, 0]).numel():
        index = to_device(blurred, device)
        result.index_copy_(0, index, gaussian_blur(result[index], p.blur[blurred]))
    result = warp(result, p.matrices, "bilinear").add_(GRAY).clamp_(0, 255)
    if (curved := (p.gamma != 1).nonzero()[:, 0]).numel():
        index = to_device(curved, device)
        exponent = to_device(p.gamma[curved], device)[:, None, None, None]
        result.index_copy_(0, index, (result[index] / 255).pow_(exponent).mul_(255))
    result.mul_(to_device(p.gain, device)[:, :, None, None]).add_(
        to_device(p.offset, device)[:, :, None, None]
    )
    if (noisy := p.noise.nonzero()[:, 0]).numel():
        generator = torch.Generator(device).manual_seed(p.noise_seed)
        noise = torch.randn(len(noisy), 3, height, width, generator=generator, device=device)
        noise.mul_(to_device(p.noise[noisy], device)[:, None, None, None])
        result.index_add_(0, to_device(noisy, device), noise)
    colours = torch.Generator().manual_seed(p.noise_seed)
    for b, rectangles in enumerate(cutouts):
        if not len(rectangles):
            continue
        fill = to_device(torch.rand(len(rectangles), 3, 1, 1, generator=colours) * 255, device)
        for colour, (x1, y1, x2, y2) in zip(fill, rectangles.tolist(), strict=True):
            result[b, :, y1:y2, x1:x2] = colour
    return result.round_().clamp_(0, 255).to(torch.uint8)


def augment_text_maps(maps: Tensor, matrices: Tensor, ignore_maps: np.ndarray) -> Tensor:
    """Text maps (B, H/4, W/4) uint8 moved with their images by matrices (B, 2, 3) in pixels of the images.

    ignore_maps: (B, H/4, W/4) uint8 of the host, 1 where the result is to be ignored.
    """
    scaled = matrices.clone()
    scaled[:, :, 2] /= MAP_STRIDE
    moved = warp(maps[:, None].float(), scaled, "nearest")[:, 0].to(torch.uint8)
    return moved.masked_fill_(to_device(torch.from_numpy(ignore_maps), maps.device).bool(), IGNORE)


def warp(images: Tensor, matrices: Tensor, mode: str) -> Tensor:
    """Images (B, C, H, W) float moved by matrices (B, 2, 3) of the host, old to new pixels; zeros outside.

    mode: "bilinear" or "nearest".
    """
    height, width = images.shape[-2:]
    half = torch.tensor([width, height], dtype=torch.float64) / 2
    inverse = torch.linalg.inv(matrices[:, :, :2].double())
    shift = inverse @ (half - matrices[:, :, 2].double())[:, :, None] - half[:, None]
    theta = torch.cat([inverse * half, shift], 2) / half[:, None]  # from -1..1 to -1..1, as PyTorch counts
    grid = F.affine_grid(to_device(theta.float(), images.device), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode=mode, padding_mode="zeros", align_corners=False)


def gaussian_blur(images: Tensor, sigmas: Tensor) -> Tensor:
    """Images (B, C, H, W) float, blurred; zeros outside.

    sigmas: (B,) standard deviations in pixels, positive, on the host.
    """
    radius = math.ceil(KERNEL_SIGMAS * float(sigmas.max()))
    kernels = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigmas[:, None]) ** 2)
    kernels /= kernels.sum(1, keepdim=True)
    kernels = to_device(kernels.repeat_interleave(images.shape[1], 0)[:, None, None], images.device)
    channels = images.flatten(0, 1)[None]  # (1, B * C, H, W), each with its own kernel
    channels = F.conv2d(channels, kernels, padding=(0, radius), groups=len(kernels))
    channels = F.conv2d(channels, kernels.transpose(2, 3), padding=(radius, 0), groups=len(kernels))
    return channels.view(images.shape)
