"""A pretended GPU, on which tests find device faults and synchronisations where there is no GPU.

Its tensors compute on the CPU but claim to lie on the device `DEVICE`. Mixing them with CPU tensors raises an
error as on a GPU; operations for which the host waits, and operations that launch kernels, are counted.
"""

from __future__ import annotations

import traceback
from collections import Counter
from contextlib import ExitStack, nullcontext
from pathlib import Path
from unittest import mock

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from spotter.model.backbone import masked_windows
from spotter.model.two_level import neighbour_index, outside_mask
from spotter.ops.device import constant

ROOT = Path(__file__).resolve().parents[1]
CACHES = (constant, neighbour_index, outside_mask, masked_windows)  # of tensors, per device
# Autograd's engine needs no driver for it, and factory functions with this device reach `__torch_dispatch__`.
DEVICE = torch.device("meta")

aten = torch.ops.aten
COPIES = {aten._to_copy, aten.copy_}
INDEXING = {aten.index, aten.index_put, aten.index_put_, aten._index_put_impl_, aten._unsafe_index}
# The size of their result, or their result itself, is needed on the host.
SYNCHRONISING = {
    aten._local_scalar_dense,
    aten.is_nonzero,
    aten.nonzero,
    aten.masked_select,
    aten.equal,
    aten._unique2,
    aten.unique_consecutive,
    aten.unique_dim,
    aten.bincount,
}
# Without a kernel, as are views.
WITHOUT_KERNEL = {aten._unsafe_view, aten.empty, aten.new_empty, aten.empty_like, aten.empty_strided}
FROM_LISTS = {torch.tensor, torch.as_tensor, torch.asarray, Tensor.new_tensor}


class DeviceError(RuntimeError):
    """An operation that fails on a GPU."""


class PretendTensor(Tensor):
    """A tensor that claims to lie on `DEVICE`; `values` is the CPU tensor that it computes with."""

    values: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, values: Tensor) -> PretendTensor:
        tensor = Tensor._make_wrapper_subclass(
            cls,
            values.shape,
            strides=values.stride(),
            storage_offset=values.storage_offset(),
            dtype=values.dtype,
            device=DEVICE,
        )
        tensor.values = values
        return tensor

    def __repr__(self) -> str:
        return f"PretendTensor({self.values!r})"

    @classmethod
    def __torch_dispatch__(cls, function, types, arguments=(), options=None):
        return compute(function, arguments, options or {})


def pretend(tensor: Tensor) -> PretendTensor:
    """The tensor on the pretended device, without the history of its computation."""
    return PretendTensor(tensor.detach().clone())


def values_of(tensor: Tensor) -> Tensor:
    """The CPU tensor behind a pretended one."""
    return tensor.detach().values


def compute(function, arguments: tuple, options: dict):
    """Calls the operation on the CPU; pretended arguments, or `device`, make its results pretended ones."""
    written = {
        id(value.values): value
        for name, value in named(function, arguments, options)
        if isinstance(value, PretendTensor) and name.alias_info is not None and name.alias_info.is_write
    }
    device = options.get("device")
    on_device = device == DEVICE or (
        device is None and any(isinstance(leaf, PretendTensor) for leaf in tree_leaves((arguments, options)))
    )
    if function.overloadpacket is aten.copy_:
        on_device = isinstance(arguments[0], PretendTensor)
    arguments, options = tree_map_only(PretendTensor, lambda tensor: tensor.values, (arguments, options))
    if device is not None:
        options["device"] = torch.device("cpu")
    if function.overloadpacket is aten._to_copy and not options.get("non_blocking"):
        options.pop("non_blocking", None)
    result = function(*arguments, **options)
    if not on_device:
        return result
    return tree_map_only(
        Tensor, lambda tensor: written[id(tensor)] if id(tensor) in written else PretendTensor(tensor), result
    )


def named(function, arguments: tuple, options: dict) -> list[tuple]:
    """(argument of the operation's schema, value) for all that are given."""
    schema = function._schema.arguments
    return [
        *zip(schema, arguments, strict=False),
        *((argument, options[argument.name]) for argument in schema if argument.name in options),
    ]


def place() -> str:
    """The innermost line of the project in the stack, and in backward the line that calls it."""
    for frame in reversed(traceback.extract_stack()):
        path = Path(frame.filename)
        if path.is_relative_to(ROOT / "spotter"):
            return f"{path.relative_to(ROOT)}:{frame.lineno}"
    return "elsewhere"


class Intercept(TorchDispatchMode):
    """Passes every operation below autograd to the pretended GPU."""

    def __init__(self, gpu: PretendGPU) -> None:
        super().__init__()
        self.gpu = gpu

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        options = options or {}
        self.gpu.check(function, arguments, options)
        return compute(function, arguments, options)


class InterceptLists(TorchFunctionMode):
    """`torch.tensor(list, device=DEVICE)` and `tolist`, which do not pass the dispatcher."""

    def __init__(self, gpu: PretendGPU) -> None:
        super().__init__()
        self.gpu = gpu

    def __torch_function__(self, function, types, arguments=(), options=None):
        options = dict(options or {})
        if function is Tensor.tolist:  # PyTorch refuses it for subclasses
            return arguments[0].cpu().tolist()
        if function not in FROM_LISTS:
            return function(*arguments, **options)
        like = arguments[0] if function is Tensor.new_tensor else None
        device = torch.device(options.pop("device", None) or (like.device if like is not None else "cpu"))
        if like is not None:
            options.setdefault("dtype", like.dtype)
        tensor = torch.tensor(arguments[-1], **options)
        if device != DEVICE:
            return tensor
        self.gpu.synchronisations.append(f"list to the device, {place()}")
        return PretendTensor(tensor)


class PretendGPU:
    """A context in which `DEVICE` can be used like a GPU.

    `strict`: mixed devices raise DeviceError; else they are only noted in `faults`.
    """

    def __init__(self, strict: bool = True) -> None:
        self.strict = strict
        self.synchronisations: list[str] = []  # what waited for the GPU, and where
        self.copies = 0  # to the GPU, without waiting
        self.launches: Counter[str] = Counter()  # operations with kernels on the GPU, by name
        self.faults: list[str] = []

    def __enter__(self) -> PretendGPU:
        for cache in CACHES:
            cache.cache_clear()
        self.contexts = ExitStack()
        self.contexts.enter_context(mock.patch("torch.autocast", self.autocast))
        self.contexts.enter_context(Intercept(self))
        self.contexts.enter_context(InterceptLists(self))
        return self

    def __exit__(self, *error: object) -> None:
        self.contexts.close()
        for cache in CACHES:  # the device is a real one of PyTorch
            cache.cache_clear()

    @staticmethod
    def autocast(device_type: str, *arguments, **options):
        """`torch.autocast`, which does not know the pretended device: there it does nothing."""
        if device_type == DEVICE.type:
            return nullcontext()
        return torch.amp.autocast(device_type, *arguments, **options)

    def check(self, function, arguments: tuple, options: dict) -> None:
        """Counts an operation, and raises if a GPU refuses it."""
        operation = function.overloadpacket
        tensors = [leaf for leaf in tree_leaves((arguments, options)) if isinstance(leaf, Tensor)]
        on_device = [tensor for tensor in tensors if isinstance(tensor, PretendTensor)]
        if not on_device and options.get("device") != DEVICE:
            return
        name = str(operation).removeprefix("aten.")
        if not is_view(function) and operation not in WITHOUT_KERNEL:
            self.launches[name] += 1
        if operation in COPIES and self.count_copy(function, arguments, options):
            return
        others = [tensor for tensor in tensors if tensor.ndim and not isinstance(tensor, PretendTensor)]
        if operation in INDEXING:
            indices = [index for index in arguments[1] if index is not None]
            if any(index.dtype in (torch.bool, torch.uint8) for index in indices):
                self.synchronisations.append(f"{name} with a mask, {place()}")
            on_host = [index for index in indices if not isinstance(index, PretendTensor)]
            self.synchronisations += [f"{name} with an index on the host, {place()}"] * len(on_host)
            others = [tensor for tensor in others if not any(tensor is index for index in on_host)]
        elif operation in SYNCHRONISING or (
            operation is aten.repeat_interleave and "output_size" not in options
        ):
            self.synchronisations.append(f"{name}, {place()}")
        if others and on_device:
            fault = f"{name} of tensors on the device and the CPU, {place()}"
            self.faults.append(fault)
            if self.strict:
                raise DeviceError(fault)

    def count_copy(self, function, arguments: tuple, options: dict) -> bool:
        """Whether this copies between the devices; counts it."""
        if function.overloadpacket is aten.copy_:
            to, source = (isinstance(tensor, PretendTensor) for tensor in arguments[:2])
            waits = not (arguments[2] if len(arguments) > 2 else options.get("non_blocking", False))
        else:
            source = isinstance(arguments[0], PretendTensor)
            to = source if options.get("device") is None else options["device"] == DEVICE
            waits = not options.get("non_blocking", False)
        if to == source:
            return False
        if source or waits:
            self.synchronisations.append(f"copy to the {'host' if source else 'device'}, {place()}")
        else:
            self.copies += 1
        return True


def is_view(function) -> bool:
    """Whether an operation returns a view of an argument, or an argument itself unchanged."""
    return any(r.alias_info is not None and not r.alias_info.is_write for r in function._schema.returns)
