"""Augmentation of whole batches: images and text maps on their device, the words' geometry on the host.

Coordinates are continuous pixels, x to the right and y down; the centre of the first pixel is (0.5, 0.5).
Nothing here waits for the device: everything that decides about shapes is drawn and computed on the host.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from spotter.data.data_config import AugmentationConfig
from spotter.data.targets import IGNORE, MAP_STRIDE, MIN_SIDE
from spotter.ops.device import to_device

POINTS = 16  # of a polygon in arrays; the last point of a shorter one is repeated
GRAY = 124  # outside of the scene
KERNEL_SIGMAS = 3  # radius of a Gaussian kernel in standard deviations


@dataclass
class WordArrays:
    """The regions of one scene, or of several one after the other, as arrays on the host; G regions."""

    polygons: np.ndarray  # (G, 16, 2) float32, the last point repeated
    text: np.ndarray  # (G, T) int16 ids, end sign 0, then -1; all -1 where the text is not trained
    centres: np.ndarray  # (G, T, 2) float32 of the characters, NaN where unknown
    ignore: np.ndarray  # (G,) bool, "do not care"

    def __len__(self) -> int:
        return len(self.ignore)


def concatenate(words: list[WordArrays]) -> tuple[WordArrays, np.ndarray]:
    """The words of several scenes one after the other, and the scene of each, (G,) int64."""
    joined = WordArrays(*(np.concatenate([getattr(w, f.name) for w in words]) for f in fields(WordArrays)))
    return joined, np.repeat(np.arange(len(words)), [len(w) for w in words])


@dataclass
class Parameters:
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
) -> Parameters:
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
    return Parameters(
        matrices=torch.cat([linear, shift], 2),
        gamma=torch.where(chosen(config.gamma_probability), gamma, 1.0)[:, 0],
        gain=gain * contrast,
        offset=(offset * contrast + level * (1 - contrast)).expand(-1, 3),
        blur=torch.where(blur < config.min_blur, 0.0, blur)[:, 0],
        noise=noise[:, 0],
        noise_seed=int(torch.randint(2**62, (), generator=generator)),
    )


@dataclass
class AugmentedWords:
    """The words of B augmented images, image after image: G to be trained and I ignored ones."""

    image: np.ndarray  # (G,) int64, the image of each
    boxes: np.ndarray  # (G, 4) float32 xyxy, clipped to the image
    words: WordArrays  # G, in pixels of the augmented image, not clipped
    heights: np.ndarray  # (G,) pixels
    areas: np.ndarray  # (G,) square pixels
    ignore_image: np.ndarray  # (I,) int64
    ignore_boxes: np.ndarray  # (I, 4) float32 xyxy, clipped to the image
    ignore_maps: np.ndarray  # (B, H/4, W/4) uint8, 1 where a word of the scene is not trained any more


def augment_words(
    words: WordArrays,
    image: np.ndarray,
    matrices: np.ndarray,
    size: tuple[int, int],
    config: AugmentationConfig,
) -> AugmentedWords:
    """Moves words (G) with their images; image: (G,) the image of each, ascending; matrices: (B, 2, 3).

    size: width and height in pixels. Words that are cut off or too low become ignored; those outside the
    image and those with a side under `MIN_SIDE` are dropped.
    """
    linear, shift = matrices[image, :, :2].transpose(0, 2, 1), matrices[image, None, :, 2]
    polygons, centres = words.polygons @ linear + shift, words.centres @ linear + shift
    low, high = polygons.min(1), polygons.max(1)
    heights, areas = heights_and_areas(polygons)
    is_cut = (low < -config.max_cut).any(1) | (high > np.array(size) + config.max_cut).any(1)
    ignore = words.ignore | is_cut | (heights < config.min_word_height)
    boxes = np.concatenate([low.clip(0, size), high.clip(0, size)], 1).astype(np.float32)
    is_large = (boxes[:, 2:] - boxes[:, :2]).min(1) >= MIN_SIDE
    trained, ignored = ~ignore & is_large, ignore & is_large
    maps = np.zeros((len(matrices), size[1] // MAP_STRIDE, size[0] // MAP_STRIDE), np.uint8)
    for g in np.flatnonzero(~trained & ~words.ignore):
        outline = np.round(polygons[g] / MAP_STRIDE * 16 - 8).astype(np.int32)
        cv2.fillPoly(maps[image[g]], [outline], 1, shift=4)
    return AugmentedWords(
        image=image[trained],
        boxes=boxes[trained],
        words=WordArrays(polygons[trained], words.text[trained], centres[trained], words.ignore[trained]),
        heights=heights[trained],
        areas=areas[trained],
        ignore_image=image[ignored],
        ignore_boxes=boxes[ignored],
        ignore_maps=maps,
    )


def heights_and_areas(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(G,) height and (G,) area of polygons (G, P, 2).

    The height is the shorter side of the rectangle with the same area and perimeter, so that it is also
    right for a curved word.
    """
    following = np.roll(polygons, -1, 1)
    x, y = polygons[..., 0], polygons[..., 1]
    areas = np.abs((x * following[..., 1] - following[..., 0] * y).sum(1)) / 2
    quarter = np.hypot(*np.moveaxis(following - polygons, -1, 0)).sum(1) / 4  # of the perimeter
    return quarter - np.sqrt(np.maximum(quarter**2 - areas, 0)), areas


def draw_cutouts(
    words: AugmentedWords,
    count: int,
    size: tuple[int, int],
    config: AugmentationConfig,
    generator: torch.Generator,
) -> list[np.ndarray]:
    """Rectangles that hide parts of words: for each of `count` images (N, 4) int64 xyxy in pixels.

    size: width and height of the images in pixels.
    """
    chosen = torch.rand(count, generator=generator) < config.cutout_probability
    rectangles = [np.zeros((0, 4), np.int64)] * count
    for b in np.flatnonzero(chosen.numpy()):
        here = words.image == b
        if not here.any():
            continue
        boxes, areas = words.boxes[here], words.areas[here]
        number = int(torch.randint(1, config.max_cutouts + 1, (), generator=generator))
        on = torch.randint(len(boxes), (number,), generator=generator).numpy()  # the word of each rectangle
        place, extent = torch.rand(2, number, 2, generator=generator).numpy()
        share = config.min_cutout_side + (config.max_cutout_side - config.min_cutout_side) * extent
        sides = share * words.heights[here][on, None]
        corner = boxes[on, :2] + place * (boxes[on, 2:] - boxes[on, :2]) - sides / 2
        found = np.concatenate([corner.clip(0, size), (corner + sides).clip(0, size)], 1).round().astype(int)
        low, high = np.maximum(found[:, None, :2], boxes[:, :2]), np.minimum(found[:, None, 2:], boxes[:, 2:])
        hidden = ((high - low).clip(0).prod(-1) / areas).cumsum(0).max(1)  # (N,) of the word hidden most
        covered = (found[:, 2:] - found[:, :2]).prod(1).cumsum() / (size[0] * size[1])
        rectangles[b] = found[(hidden <= config.max_hidden) & (covered <= config.max_covered)]
    return rectangles


def augment_images(images: Tensor, parameters: Parameters, cutouts: list[np.ndarray]) -> Tensor:
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


def rasterise_batch(polygons: Tensor, boxes: Tensor, size: int) -> Tensor:
    """The masks of polygons (M, P, 2) inside boxes (M, 4) xyxy: (M, size, size) uint8.

    Each is what `polygons.rasterise` makes of it. Repeated points change nothing.
    """
    polygons, boxes = polygons.double(), boxes.double()
    corner, extent = boxes[:, None, :2], boxes[:, None, 2:] - boxes[:, None, :2]
    start = (polygons - corner) / extent.clamp(min=1e-6) * size
    end = start.roll(-1, 1)
    (x1, y1), (x2, y2) = start[:, None].unbind(-1), end[:, None].unbind(-1)  # (M, 1, P)
    y = (torch.arange(size, device=polygons.device) + 0.5)[:, None]
    crosses = (y1 <= y) != (y2 <= y)  # (M, rows, P)
    x = x1 + (y - y1) / torch.where(crosses, y2 - y1, 1.0) * (x2 - x1)
    # A crossing turns inside to outside, and back, in all columns from the first with its centre beyond it.
    column = (x - 0.5).ceil().clamp(0, size).long()
    turns = torch.zeros(*crosses.shape[:2], size + 1, dtype=torch.int32, device=polygons.device)
    turns.scatter_add_(2, column, crosses.int())
    return (turns[..., :size].cumsum(2) % 2).to(torch.uint8)
