"""Self-attention and the encoder layer, compared with torch's."""

import pytest
import torch
from torch import nn

from spotter.model.attention import EncoderLayer, SelfAttention


def torch_attention(ours: SelfAttention) -> nn.MultiheadAttention:
    theirs = nn.MultiheadAttention(ours.out.in_features, ours.heads, batch_first=True).eval()
    theirs.in_proj_weight.data, theirs.in_proj_bias.data = ours.qkv.weight.data, ours.qkv.bias.data
    theirs.out_proj.load_state_dict(ours.out.state_dict())
    return theirs


@pytest.mark.parametrize("shape", [(0, 5, 12), (1, 1, 12), (2, 7, 12)])
@torch.no_grad()
def test_self_attention_equals_torchs(shape):
    torch.manual_seed(0)
    ours, x = SelfAttention(12, 3), torch.randn(shape)
    expected = torch_attention(ours)(x, x, x)[0] if shape[0] else x
    torch.testing.assert_close(ours(x), expected)


@torch.no_grad()
def test_encoder_layer_equals_torchs():
    torch.manual_seed(0)
    ours, x = EncoderLayer(12, 3, 20), torch.randn(2, 7, 12)
    theirs = nn.TransformerEncoderLayer(12, 3, 20, batch_first=True).eval()
    theirs.self_attn = torch_attention(ours.attention)
    for name in ("linear1", "linear2", "norm1", "norm2"):
        getattr(theirs, name).load_state_dict(getattr(ours, name).state_dict())
    torch.testing.assert_close(ours(x), theirs(x))


@torch.no_grad()
def test_hooks_see_the_softmax():
    attention, seen = SelfAttention(12, 3), []
    attention.softmax.register_forward_hook(lambda _, args, out: seen.append(out))
    attention(torch.randn(2, 7, 12))
    assert seen[0].shape == (2, 3, 7, 7)
    torch.testing.assert_close(seen[0].sum(-1), torch.ones(2, 3, 7))


def test_heads_must_divide_the_channels():
    with pytest.raises(ValueError, match="10 channels cannot be split into 3 heads"):
        SelfAttention(10, 3)
