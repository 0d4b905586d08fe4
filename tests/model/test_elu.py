"""ELU, on CPUs with a gradient of its own."""

from __future__ import annotations

import torch

from spotter.model.elu import _ELU, ELU, elu
from tests.pretend_gpu import PretendGPU, pretend, values_of


def test_elu_equals_torchs():
    x = torch.linspace(-20, 20, 401)
    torch.testing.assert_close(elu(x), torch.nn.functional.elu(x), atol=1e-6, rtol=1e-6)


def test_gradient_equals_torchs():
    x = torch.linspace(-5, 5, 50).requires_grad_()
    found, expected = (torch.autograd.grad(f(x).sum(), x)[0] for f in (elu, torch.nn.functional.elu))
    torch.testing.assert_close(found, expected)


def test_gradients_are_equal_on_cpu_and_gpu():
    x = torch.linspace(-5, 5, 50).requires_grad_()
    expected = torch.autograd.grad(_ELU.apply(x).square().sum(), x)[0]
    with PretendGPU():
        other = pretend(x).requires_grad_()
        elu(other).square().sum().backward()
    torch.testing.assert_close(values_of(other.grad), expected)


def test_module_calls_the_function():
    x = torch.tensor([-1.0, 2.0])
    assert ELU()(x).equal(elu(x))
