"""Recognition Conversion."""

import math

import pytest
import torch
from torch.nn.functional import interpolate

from spotter.model.conversion import (
    Gate,
    MaskGate,
    PlainFeatures,
    RecognitionConversion,
    UpBlock,
    position_code,
)


def conversion(roi: tuple[int, int]) -> RecognitionConversion:
    torch.manual_seed(0)
    return RecognitionConversion(8, 2, 4, 16, 2, 2, roi).eval()


@pytest.mark.parametrize("roi", [(28, 28), (16, 32)])
@pytest.mark.parametrize("regions", [0, 1, 3])
@torch.no_grad()
def test_gates_and_features(roi, regions):
    out = conversion(roi)(torch.randn(regions, 8, *roi), torch.randn(regions, 8))
    height, width = roi
    assert out.m1.shape == (regions, 8, height // 4, width // 4)
    assert out.m2.shape == (regions, 8, height // 2, width // 2)
    assert out.m3.shape == (regions, 8, height, width)
    assert out.features.shape == (regions, 8, height, width)
    for gate in (out.m1, out.m2, out.m3):
        assert ((gate >= 0) & (gate <= 1)).all()


@torch.no_grad()
def test_formulas_of_the_paper():
    c, roi = conversion((8, 16)), torch.randn(2, 8, 8, 16)
    attended = torch.randn(2, 8)
    a1 = c.stem(roi)
    a2 = c.down1(a1)
    a3 = c.down2(a2)
    d1 = c.detection_features(a3, attended)
    up1, up2 = c.up_detection1, c.up_detection2
    d2 = up1.last(up1.block(interpolate(d1, (4, 8)))) + a2
    d3 = up2.last(up2.block(interpolate(d2, (8, 16)))) + a1
    r1 = a3 * d1.sigmoid()
    r2 = (c.up_recognition1.block(interpolate(r1, (4, 8))) + a2) * d2.sigmoid()
    r3 = (c.up_recognition2.block(interpolate(r2, (8, 16))) + a1) * d3.sigmoid()
    out = c(roi, attended)
    for found, expected in zip(
        (out.m1, out.m2, out.m3, out.features),
        (d1.sigmoid(), d2.sigmoid(), d3.sigmoid(), c.output_block.block(r3)),
        strict=True,
    ):
        torch.testing.assert_close(found, expected)


def test_gates_pass_gradients_to_the_proposal_features():
    c, attended = conversion((8, 16)), torch.randn(2, 8, requires_grad=True)
    c(torch.randn(2, 8, 8, 16), attended).features.sum().backward()
    assert (attended.grad.abs().sum(1) > 0).all()


@torch.no_grad()
def test_gate_by_hand():
    features = torch.tensor([[[[2.0, -4.0]]]])
    gated, gate = Gate()(features, torch.tensor([[[[0.0, math.log(3)]]]]))
    torch.testing.assert_close(gate, torch.tensor([[[[0.5, 0.75]]]]))
    torch.testing.assert_close(gated, torch.tensor([[[[1.0, -3.0]]]]))


@pytest.mark.parametrize("gate", ["gate1", "gate2", "gate3"])
@torch.no_grad()
def test_a_hook_replaces_a_gate(gate):
    c, roi_features, attended = conversion((8, 16)), torch.randn(2, 8, 8, 16), torch.randn(2, 8)
    before = c(roi_features, attended)
    c.get_submodule(f"{gate}.sigmoid").register_forward_hook(lambda module, inputs, output: output * 0)
    after = c(roi_features, attended)
    assert getattr(after, gate.replace("gate", "m")).max() == 0
    assert not torch.equal(after.features, before.features)


def test_gates_have_no_parameters():
    c = conversion((8, 16))
    assert [name for name in c.state_dict() if "gate" in name] == []


def test_mask_gate_by_hand():
    features = torch.arange(1.0, 9.0).view(1, 2, 2, 2)
    masked = MaskGate()(features, torch.tensor([[[1.0, 0.0], [0.5, 1.0]]]))
    assert masked.tolist() == [[[[1, 0], [1.5, 4]], [[5, 0], [3.5, 8]]]]
    assert MaskGate()(features.bfloat16(), torch.ones(1, 2, 2)).dtype == torch.bfloat16


@pytest.mark.parametrize("last_conv", [True, False])
@torch.no_grad()
def test_up_block_changes_the_size(last_conv):
    assert UpBlock(4, last_conv).eval()(torch.randn(2, 4, 3, 5), (6, 10)).shape == (2, 4, 6, 10)


@pytest.mark.parametrize("regions", [0, 2])
@torch.no_grad()
def test_plain_features_have_open_gates(regions):
    plain, features = PlainFeatures(8).eval(), torch.randn(regions, 8, 8, 16)
    attended = torch.randn(regions, 8)
    assert plain.attend(attended) is attended
    out = plain(features, attended)
    assert [gate.shape[2:] for gate in (out.m1, out.m2, out.m3)] == [(2, 4), (4, 8), (8, 16)]
    assert all((gate == 1).all() for gate in (out.m1, out.m2, out.m3))
    torch.testing.assert_close(out.features, plain.stem(features))


@torch.no_grad()
def test_attend_is_within_an_image():
    c, x = conversion((8, 16)), torch.randn(2, 5, 8)
    before = c.attend(x)
    x[0, 4] += 1
    after = c.attend(x)
    assert (after[0] - before[0]).abs().amax(1).min() > 1e-4  # all attend to the changed one
    assert torch.equal(after[1], before[1])


def test_position_code_by_hand():
    code = position_code(3, 4)
    for p in range(3):
        expected = [math.sin(p), math.cos(p), math.sin(p / 100), math.cos(p / 100)]
        assert code[p].tolist() == pytest.approx(expected, abs=1e-6)
