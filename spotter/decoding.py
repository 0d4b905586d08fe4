"""Runs functions on untrusted picture files, in worker processes if that is wanted.

Decoders are large C libraries. A picture that crashes one, or takes too much time or memory, then ends a
worker and not the app. A worker cannot write files, and what it sends is not unpickled.

    decode_apart()  # from now on; without it, pictures are decoded in this process
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from queue import LifoQueue
from threading import Lock, Timer
from typing import IO, Any

import numpy as np

from spotter.language import current_language, speaking, tr

# What is known about the picture, and pixels (height, width, 3) uint8 if the function returns any.
Answer = tuple[dict[str, Any], np.ndarray | None]

WORKERS = 2
SECONDS = 10.0  # per picture
MAX_MEMORY = 3 * 2**30  # bytes of addresses, per worker; 40 megapixels of 16 bits take 2.2 GB
MAX_HEADER = 2**16  # bytes
MAX_PIXELS = 40_000_000  # of a picture, 120 MB as RGB
ROOT = Path(__file__).resolve().parent.parent


class ImageError(ValueError):
    """An unreadable image; the message is one sentence for the person who chose it."""


def too_long() -> str:
    return tr(
        "The image takes more than {seconds:g} seconds to decode; save it again, as JPEG or smaller.",
        seconds=SECONDS,
    )


def damaged() -> str:
    return tr("The image is damaged, or takes too much memory; choose another image or save it again.")


def run(function: Callable[..., Answer], data: bytes, **arguments: int) -> Answer:
    """Calls `function(data, **arguments)`, which must be at the top of a module. Raises ImageError."""
    return function(data, **arguments) if _pool is None else _pool.run(function, data, arguments)


def decode_apart() -> None:
    """From now on, `run` uses worker processes. They end with this process."""
    global _pool
    with _lock:
        if _pool is None:
            _pool = WorkerPool(WORKERS)


class WorkerPool:
    """Thread-safe: a caller waits for a worker that is free."""

    def __init__(self, count: int) -> None:
        self._idle: LifoQueue[Worker] = LifoQueue()
        for _ in range(count):
            self._idle.put(Worker())

    def run(self, function: Callable[..., Answer], data: bytes, arguments: dict[str, int]) -> Answer:
        """Raises ImageError; a worker that has died is replaced."""
        worker = self._idle.get()
        try:
            return worker.run(function, data, arguments)
        except BaseException:
            if not worker.is_alive():
                worker.end()
                worker = Worker()
            raise
        finally:
            self._idle.put(worker)

    def end(self) -> None:
        """Ends all workers, which must be idle."""
        while not self._idle.empty():
            self._idle.get().end()


class Worker:
    """A process that answers one request after another."""

    def __init__(self) -> None:
        places = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places), "OMP_NUM_THREADS": "1"}
        environment["OPENBLAS_NUM_THREADS"] = "1"  # each thread of it takes memory
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {__name__} import work; work()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        self._is_late = False

    def run(self, function: Callable[..., Answer], data: bytes, arguments: dict[str, int]) -> Answer:
        """Raises ImageError; the worker may have died then."""
        timer = Timer(SECONDS, self._stop_late)
        timer.start()
        try:
            name = f"{function.__module__}:{function.__qualname__}"
            request = {"function": name, "arguments": arguments, "bytes": len(data)}
            _write(self._requests, request | {"language": current_language()}, data)
            header = _read_header(self._answers)
            pixels = _read_pixels(self._answers, header["shape"]) if header.get("shape") else None
        except Exception as error:  # it has died, or what it sends cannot be trusted
            self._process.kill()
            self._process.wait()
            raise ImageError(too_long() if self._is_late else damaged()) from error
        finally:
            timer.cancel()
        if sentence := header.get("error"):
            raise ImageError(_plain(sentence))
        return header["known"], pixels

    def _stop_late(self) -> None:
        self._is_late = True
        self._process.kill()

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._requests, self._answers):
            with suppress(OSError):
                pipe.close()


_pool: WorkerPool | None = None
_lock = Lock()


def _plain(sentence: str) -> str:
    """A worker that has been taken over could send markup."""
    return sentence if not set("<>&") & set(sentence) else damaged()


def _write(pipe: IO[bytes], header: dict[str, Any], data: bytes | memoryview) -> None:
    left = memoryview(json.dumps(header).encode() + b"\n")
    for part in (left, memoryview(data)):
        while part:
            part = part[pipe.write(part) :]


def _read_header(pipe: IO[bytes]) -> dict[str, Any]:
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = pipe.read(1)
        if not byte or len(line) > MAX_HEADER:
            raise EOFError
        line += byte
    return json.loads(line)


def _read_pixels(pipe: IO[bytes], shape: list[int]) -> np.ndarray:
    height, width, channels = (int(size) for size in shape)
    if min(height, width) < 1 or channels != 3 or height * width > MAX_PIXELS:
        raise ValueError(f"not the shape of a picture: {shape}")
    pixels = np.empty((height, width, 3), np.uint8)
    _read_into(pipe, pixels.data.cast("B"))
    return pixels


def _read_into(pipe: IO[bytes], target: memoryview) -> None:
    while target:
        count = pipe.readinto(target)  # type: ignore[attr-defined] # of a file without a buffer
        if not count:
            raise EOFError
        target = target[count:]


def _limit() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the app, whose end closes the pipes
    with suppress(ImportError):  # there is no such module on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answers one request. Raises EOFError if there are no more."""
    request = _read_header(requests)
    data = bytearray(request["bytes"])
    _read_into(requests, memoryview(data))
    module, name = request["function"].split(":")
    try:
        with speaking(request["language"]):
            known, pixels = getattr(import_module(module), name)(bytes(data), **request["arguments"])
    except ImageError as error:
        _write(answers, {"error": str(error)}, b"")
        return
    if pixels is None:
        _write(answers, {"known": known}, b"")
        return
    assert pixels.dtype == np.uint8
    assert math.prod(pixels.shape) <= 3 * MAX_PIXELS
    pixels = np.ascontiguousarray(pixels)
    _write(answers, {"known": known, "shape": pixels.shape}, pixels.data.cast("B"))


def work() -> None:
    """What a worker does."""
    import_module("spotter.images")  # before the limits: files of compiled Python may be written
    # Pipes of its own: what a library prints must not end up in an answer, nor in the log of the app.
    requests, answers = (os.fdopen(os.dup(end), mode, buffering=0) for end, mode in ((0, "rb"), (1, "wb")))
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    _limit()
    with suppress(EOFError, BrokenPipeError):
        while True:
            _answer(requests, answers)
