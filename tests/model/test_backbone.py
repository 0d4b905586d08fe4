"""The Swin backbone, its published order of padding and rolling above all."""

import pytest
import torch
import torch.nn.functional as F
from timm.models.swin_transformer import SwinTransformerBlock

from spotter.config import PRESETS
from spotter.model.backbone import Swin, SwinBlock, masked_windows
from spotter.model.spotter import SwinTextSpotter

HEADS = 2


def block(window: int, shift: int, kind: type[SwinTransformerBlock] = SwinBlock) -> SwinTransformerBlock:
    torch.manual_seed(0)
    b = kind(
        8,
        (window, window),
        HEADS,
        window_size=window,
        shift_size=shift,
        always_partition=True,
        dynamic_mask=True,
    )
    with torch.no_grad():
        b.attn.relative_position_bias_table.normal_()
        b.attn.qkv.weight.mul_(3)
    return b.eval()


def naive(b: SwinBlock, x: torch.Tensor, window: int, shift: int) -> torch.Tensor:
    """Pad to a multiple of the window, roll, let every token attend to all of its window; in plain loops."""
    height, width = x.shape[1:3]
    x = F.pad(x, (0, 0, 0, -width % window, 0, -height % window))[0]
    rows, columns, c = x.shape
    q, k, v = b.attn.qkv(x).view(rows, columns, 3, HEADS, c // HEADS).unbind(2)

    def rolled(y, x):  # where a token lies after the roll, and in which of the 3 x 3 bands
        y, x = (y - shift) % rows, (x - shift) % columns
        bands = [(i >= n - window) + (i >= n - shift) if shift else 0 for i, n in ((y, rows), (x, columns))]
        return y, x, bands

    out = torch.zeros_like(x)
    tokens = [(i, j) for i in range(rows) for j in range(columns)]
    for i, j in tokens:
        y, x0, band = rolled(i, j)
        energies, values = [], []
        for m, n in tokens:
            y2, x2, band2 = rolled(m, n)
            if (y // window, x0 // window) != (y2 // window, x2 // window):
                continue
            row = (y - y2 + window - 1) * (2 * window - 1) + x0 - x2 + window - 1
            energy = (q[i, j] * k[m, n]).sum(1) * (c // HEADS) ** -0.5 + b.attn.relative_position_bias_table[
                row
            ]
            energies.append(energy - 100.0 * (band != band2))
            values.append(v[m, n])
        weights = torch.stack(energies).softmax(0)  # (keys, heads)
        out[i, j] = (weights[..., None] * torch.stack(values)).sum(0).flatten()
    return b.attn.proj(out)[None, :height, :width]


@pytest.mark.parametrize(
    ("size", "window", "shift"),
    [((6, 6), 3, 0), ((6, 6), 3, 1), ((7, 5), 3, 0), ((7, 5), 3, 1), ((5, 10), 4, 2), ((2, 3), 4, 2)],
)
@torch.no_grad()
def test_map_is_padded_and_then_rolled(size, window, shift):
    b = block(window, shift)
    x = torch.randn(2, *size, 8)
    expected = torch.cat([naive(b, image[None], window, shift) for image in x])
    torch.testing.assert_close(b._attn(x), expected)


@torch.no_grad()
def test_timm_differs_on_maps_that_are_no_multiple():
    ours, timms = block(3, 1), block(3, 1, SwinTransformerBlock)
    timms.load_state_dict(ours.state_dict())
    whole, partial = torch.randn(1, 6, 6, 8), torch.randn(1, 7, 5, 8)
    torch.testing.assert_close(ours._attn(whole), timms._attn(whole))
    assert (ours._attn(partial) - timms._attn(partial)).abs().max() > 0.01


@pytest.mark.parametrize(
    ("preset", "shapes"),
    [
        ("official", [(96, 80, 112), (192, 40, 56), (384, 20, 28), (768, 10, 14)]),
        ("nano", [(32, 80, 112), (64, 40, 56), (128, 20, 28), (256, 10, 14)]),
    ],
)
def test_maps_and_levels_of_the_presets(preset, shapes):
    config = PRESETS[preset]()
    model = SwinTextSpotter(config).to("meta")  # shapes without numbers
    maps = model.backbone(torch.zeros(2, 3, 320, 448, device="meta"))
    assert [tuple(m.shape) for m in maps] == [(2, *shape) for shape in shapes]
    levels = model.fpn(maps)
    assert [tuple(p.shape) for p in levels] == [(2, config.channels, *shape[1:]) for shape in shapes]
    assert [p.shape for p in model.add_dilated_context(levels)] == [p.shape for p in levels]


@pytest.mark.parametrize("stem", ["patch", "conv"])
@torch.no_grad()
def test_every_map_is_normalised(stem):
    torch.manual_seed(0)
    swin = Swin(stem, 8, (1, 2, 1, 1), (1, 2, 4, 8), 4, 0.0).eval()
    for x in swin(torch.randn(1, 3, 64, 96)):
        torch.testing.assert_close(x.mean(1), torch.zeros_like(x[:, 0]), atol=1e-5, rtol=0)


def test_unknown_stem():
    with pytest.raises(ValueError, match="not 'slab'"):
        Swin("slab", 8, (1, 1, 1, 1), (1, 1, 1, 1), 4, 0.0)


def test_masks_cached_in_inference_mode_can_be_used_in_training():
    """A fine-tuning round in the app: `spot` runs in inference mode and fills the cache first."""
    masked_windows.cache_clear()
    b = block(3, 1)
    with torch.inference_mode():
        b(torch.randn(1, 6, 6, 8))
    b(torch.randn(1, 6, 6, 8)).sum().backward()
    assert b.attn.qkv.weight.grad.any()
