"""The decoder, which reads one character per step."""

import copy

import pytest
import torch

from spotter.model.reader import Argmax, Reader
from tests.pretend_gpu import DEVICE, PretendGPU, pretend, values_of

CLASSES, STEPS = 6, 9


@pytest.fixture(scope="module")
def reader() -> Reader:
    """Weights large enough for words of different lengths."""
    torch.manual_seed(4)
    r = Reader(8, (3, 5), 12, 7, 5, CLASSES, STEPS).eval()
    with torch.no_grad():
        for layer in (r.conv, r.embedding, r.classify, r.attention.key):
            layer.weight.mul_(6)
        r.gru.weight_ih.mul_(6)
        r.gru.weight_hh.mul_(6)
    return r


@pytest.fixture(scope="module")
def features() -> torch.Tensor:
    return torch.randn(12, 8, 4, 8, generator=torch.Generator().manual_seed(0)) * 2


@pytest.mark.parametrize("regions", [0, 1, 3])
@pytest.mark.parametrize("given", [None, 4, 1])
@torch.no_grad()
def test_shapes(reader, features, regions, given):
    ids = None if given is None else torch.ones(regions, given, dtype=torch.long)
    out = reader(features[:regions], ids, stop_early=False)
    steps = out.ids.shape[1]
    if regions:
        assert steps == (given or STEPS)
        torch.testing.assert_close(out.probabilities.sum(-1), torch.ones(regions, steps))
        torch.testing.assert_close(out.attention.sum(-1), torch.ones(regions, steps))
    assert out.ids.shape == (regions, steps)
    assert out.ids.dtype == torch.int64
    assert out.probabilities.shape == (regions, steps, CLASSES)
    assert out.attention.shape == (regions, steps, 15)


@torch.no_grad()
def test_early_stop_gives_the_same_characters(reader, features):
    whole = reader(features, stop_early=False)
    lengths = (whole.ids != 0).sum(1)
    ending = lengths < STEPS
    assert len(lengths[ending].unique()) > 1  # words end at different steps
    early = reader(features[ending])
    assert early.ids.shape[1] == lengths[ending].max() + 1
    assert whole.ids[ending][:, : early.ids.shape[1]].equal(early.ids)
    assert (whole.ids[ending][:, early.ids.shape[1] :] == 0).all()


@torch.no_grad()
def test_nothing_follows_the_end_sign(reader, features):
    ids = reader(features, stop_early=False).ids
    assert ((ids == 0).cummax(1).values == (ids == 0)).all()


@torch.no_grad()
def test_batch_is_single(reader, features):
    batch = reader(features, stop_early=False)
    for i in range(3):
        one = reader(features[i : i + 1], stop_early=False)
        assert one.ids.equal(batch.ids[i : i + 1])
        torch.testing.assert_close(one.probabilities[0], batch.probabilities[i], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_feeding_the_decoders_own_characters_changes_nothing(reader, features):
    free = reader(features, stop_early=False)
    forced = reader(features, free.ids)
    assert forced.ids.equal(free.ids)
    assert forced.probabilities.equal(free.probabilities)


@pytest.mark.parametrize("step", [0, 2, 4])
@torch.no_grad()
def test_a_forced_character_changes_later_steps_only(reader, features, step):
    given = torch.ones(12, 7, dtype=torch.long)
    forced = given.clone()
    forced[:, step] = 3
    a, b = reader(features, given), reader(features, forced)
    # Attention depends on the hidden state before the character is fed: it changes one step later.
    for name, first in (("probabilities", step + 1), ("attention", step + 2)):
        before, after = getattr(a, name), getattr(b, name)
        assert before[:, :first].equal(after[:, :first])
        assert not before[:, first].equal(after[:, first])


@torch.no_grad()
def test_padding_counts_as_the_end_sign(reader, features):
    given = torch.tensor([[1, 2, -1, -1]]).repeat(12, 1)
    assert reader(features, given).probabilities.equal(reader(features, given.clamp(min=0)).probabilities)


@torch.no_grad()
def test_position_codes_are_row_by_row(reader, features):
    encoded = reader.encode(features)
    assert encoded.shape == (12, 15, 8 + 5 + 3)
    assert encoded[0, :, 8:13].argmax(1).tolist() == [0, 1, 2, 3, 4] * 3  # x
    assert encoded[0, :, 13:].argmax(1).tolist() == [0] * 5 + [1] * 5 + [2] * 5  # y


def test_argmax():
    assert Argmax()(torch.tensor([[0.2, 0.8], [0.6, 0.4]])).tolist() == [1, 0]


@torch.no_grad()
def test_a_hook_chooses_the_character(reader, features):
    handle = reader.argmax.register_forward_hook(lambda module, inputs, output: torch.full_like(output, 3))
    try:
        forced = reader(features)
    finally:
        handle.remove()
    assert forced.ids.tolist() == [[3] * STEPS] * 12
    assert forced.probabilities.equal(reader(features, forced.ids).probabilities)


@torch.no_grad()
def test_hooks_see_the_softmax_of_every_step(reader, features):
    seen = []
    handle = reader.softmax.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        out = reader(features, stop_early=False)
    finally:
        handle.remove()
    assert torch.stack(seen, 1).equal(out.probabilities)


@torch.no_grad()
def test_one_step_by_hand(reader, features):
    encoded = reader.encode(features[:2])
    a = reader.attention
    hidden = torch.zeros(2, 12)
    energy = torch.tanh(a.query(hidden)[:, None] + a.key(encoded)) @ a.v
    weights = energy.softmax(1)
    context = (weights[..., None] * encoded).sum(1)
    start = reader.embedding(torch.eye(CLASSES))[0].expand(2, -1)
    hidden = reader.gru(torch.cat([start, context], 1), hidden)
    out = reader(features[:2])
    torch.testing.assert_close(out.attention[:, 0], weights)
    torch.testing.assert_close(out.probabilities[:, 0], reader.classify(hidden).softmax(1))


def test_given_characters_are_read_alike_on_cpu_and_gpu():
    """On a GPU all steps are classified at once."""
    torch.manual_seed(0)
    reader = Reader(8, (4, 8), 16, 12, 10, 20, 6)
    features, given = torch.randn(5, 8, 8, 16), torch.randint(-1, 20, (5, 4))
    expected = reader(features, given)
    expected.probabilities.square().sum().backward()
    with PretendGPU() as gpu:
        other = copy.deepcopy(reader).to(DEVICE)
        other.zero_grad()
        features, given = pretend(features), pretend(given)
        gpu.synchronisations.clear()
        reading = other(features, given)
        reading.probabilities.square().sum().backward()
        assert gpu.synchronisations == []
    assert values_of(reading.ids).equal(expected.ids)
    for name in ("probabilities", "attention", "encoded"):
        torch.testing.assert_close(values_of(getattr(reading, name)), getattr(expected, name).detach())
    for (name, a), b in zip(other.named_parameters(), reader.parameters(), strict=True):
        if b.grad is not None:
            torch.testing.assert_close(values_of(a.grad), b.grad, msg=name)
