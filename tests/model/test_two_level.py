"""Two-level self-attention."""

import pytest
import torch
import torch.nn.functional as F

from spotter.model.two_level import (
    CHUNK,
    TwoLevelAttention,
    TwoLevelBlock,
    TwoLevelBlocks,
    relative_position,
)


@pytest.mark.parametrize("window", [2, 4, 7])
@pytest.mark.parametrize("kind", ["fine", "coarse"])
def test_index_table(window, kind):
    """Pairs with the same offset share an entry, other pairs do not, and the whole table is used."""
    key = window if kind == "fine" else 3
    table = relative_position(window, key)
    offsets = {}
    for q in range(window**2):
        for k in range(key**2):
            offset = (q // window - k // key, q % window - k % key)
            offsets.setdefault(offset, set()).add(table[q, k].item())
    assert all(len(entries) == 1 for entries in offsets.values())
    assert sorted(e for entries in offsets.values() for e in entries) == list(range((window + key - 1) ** 2))


def test_index_table_by_hand():
    assert relative_position(2, 2).tolist() == [[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]
    assert relative_position(1, 3).tolist() == [[8, 7, 6, 5, 4, 3, 2, 1, 0]]


def attention(window: int = 2) -> TwoLevelAttention:
    torch.manual_seed(0)
    a = TwoLevelAttention(8, 2, window)
    with torch.no_grad():
        a.fine_bias.normal_()
        a.coarse_bias.normal_()
    return a


@pytest.mark.parametrize("grid", [(1, 1), (2, 2), (3, 4)])
@torch.no_grad()
def test_windows_outside_the_grid_get_no_weight(grid):
    a, seen = attention(), []
    a.softmax.register_forward_hook(lambda _, args, out: seen.append(out))
    a(torch.randn(2 * grid[0] * grid[1], 4, 8), torch.randn(2, *grid, 8))
    weights = seen[0].view(2, *grid, 2, 4, 4 + 9)[..., 4:].unflatten(-1, (3, 3))  # of the pooled windows
    for y in range(grid[0]):
        for x in range(grid[1]):
            for dy in range(3):
                for dx in range(3):
                    inside = 0 <= y + dy - 1 < grid[0] and 0 <= x + dx - 1 < grid[1]
                    weight = weights[:, y, x, :, :, dy, dx]
                    assert (weight > 1e-4).all() if inside else (weight < 1e-30).all(), (y, x, dy, dx)


@torch.no_grad()
def test_attention_against_loops():
    a, gh, gw = attention(), 2, 3
    windows, pooled = torch.randn(gh * gw, 4, 8), torch.randn(1, gh, gw, 8)
    q, k, v = a.qkv(windows).unflatten(-1, (3, 2, 4)).unbind(2)  # (windows, cells, heads, 4)
    _, ck, cv = a.qkv(pooled[0]).unflatten(-1, (3, 2, 4)).unbind(2)  # (gh, gw, heads, 4)
    expected = torch.zeros(gh * gw, 4, 2, 4)
    for w in range(gh * gw):
        around = [(w // gw + dy, w % gw + dx, 3 * dy + dx + 4) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        around = [(y, x, i) for y, x, i in around if 0 <= y < gh and 0 <= x < gw]
        for cell in range(4):
            energies = [q[w, cell] @ k[w, other].T * 0.5 for other in range(4)]
            energies = [e.diagonal() + a.fine_bias[a.fine_index[cell, i]] for i, e in enumerate(energies)]
            for y, x, i in around:
                energy = (q[w, cell] * ck[y, x]).sum(1) * 0.5
                energies.append(energy + a.coarse_bias[:, a.coarse_index[cell, i]])
            values = torch.stack([*v[w], *(cv[y, x] for y, x, _ in around)])  # (keys, heads, 4)
            expected[w, cell] = (torch.stack(energies).softmax(0)[..., None] * values).sum(0)
    torch.testing.assert_close(a(windows, pooled), a.out(expected.flatten(2)))


@pytest.mark.parametrize("shape", [(0, 8, 12), (1, 4, 4), (2, 8, 16)])
@torch.no_grad()
def test_block_keeps_the_shape(shape):
    assert TwoLevelBlock(8, 2, 4).eval()(torch.randn(*shape, 8)).shape == (*shape, 8)


@torch.no_grad()
def test_a_window_attends_to_its_neighbours_only():
    torch.manual_seed(0)
    block, x = TwoLevelBlock(8, 2, 4).eval(), torch.randn(1, 4, 16, 8)
    changed = x.clone()
    changed[:, :, 12:] += torch.randn(1, 4, 4, 8)  # the fourth window
    reach = (block(changed) - block(x)).abs().amax((0, 1, 3)).view(4, 4).amax(1)
    assert reach[:2].max() == 0
    assert 0 < reach[2] < reach[3]


@torch.no_grad()
def test_pooling_and_residuals_of_a_block():
    torch.manual_seed(0)
    block, x = TwoLevelBlock(8, 2, 2).eval(), torch.randn(1, 4, 4, 8)
    tiles = torch.stack(
        [F.layer_norm(x, (8,))[0, y : y + 2, z : z + 2].reshape(4, 8) for y in (0, 2) for z in (0, 2)]
    )
    pooled = (tiles * block.pool.weight[0, :, None]).sum(1) + block.pool.bias
    out = (
        block.attention(tiles, pooled.view(1, 2, 2, 8))
        .view(2, 2, 2, 2, 8)
        .transpose(1, 2)
        .reshape(1, 4, 4, 8)
    )
    torch.testing.assert_close(block(x), x + out + block.mlp(block.norm2(x + out)))


@pytest.mark.parametrize("regions", [0, 1, CHUNK, 2 * CHUNK + 3])
@torch.no_grad()
def test_blocks_run_on_chunks_of_regions(regions):
    torch.manual_seed(0)
    blocks = TwoLevelBlocks(TwoLevelBlock(8, 2, 2), TwoLevelBlock(8, 2, 2))
    sizes = []
    blocks[0].register_forward_hook(lambda _, args, out: sizes.append(len(out)))
    x = torch.randn(regions, 4, 6, 8)
    torch.testing.assert_close(blocks(x), blocks[1](blocks[0](x)))
    assert max(sizes[:-1]) <= CHUNK
    assert sum(sizes[:-1]) == regions


def test_no_blocks():
    x = torch.randn(20, 4, 6, 8)
    torch.testing.assert_close(TwoLevelBlocks()(x), x)
