"""Pictures decoded in worker processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from annotation.store.images import ImageFolder
from spotter import decoding
from spotter.decoding import Answer, ImageError, WorkerPool, damaged, decode_apart, run, too_long
from spotter.images import count_pages, read_image
from spotter.language import current_language, speaking

PHOTO = Path(__file__).parent.parent / "assets" / "samples" / "cat.jpg"


@pytest.fixture
def pool(monkeypatch):
    """One worker, used as in the app."""
    found = WorkerPool(1)
    monkeypatch.setattr(decoding, "_pool", found)
    yield found
    found.end()


# What the workers run. They import this module for it.
def number(data: bytes, factor: int = 1) -> Answer:
    return {"number": len(data) * factor, "process": os.getpid()}, None


def language(data: bytes) -> Answer:
    return {"language": current_language()}, None


def crash(data: bytes) -> Answer:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}, None


def hang(data: bytes) -> Answer:
    time.sleep(60)
    return {}, None


def take_memory(data: bytes) -> Answer:
    return {}, np.ones((decoding.MAX_MEMORY // 3, 3), np.uint8)


def write_a_file(data: bytes) -> Answer:
    with open(data.decode(), "w") as file:
        file.write("not allowed")
    return {}, None


def send_markup(data: bytes) -> Answer:
    raise ImageError("<img src=x onerror=alert(1)>")


def send_another_shape(data: bytes) -> Answer:
    return {}, np.zeros((2, 2), np.uint8)


def print_something(data: bytes) -> Answer:
    print('{"known": "false"}', flush=True)
    os.write(1, b'{"known": "false"}\n')
    return {"known": "true"}, None


def test_without_workers_it_runs_here(monkeypatch):
    monkeypatch.setattr(decoding, "_pool", None)
    assert run(number, b"abc", factor=2) == ({"number": 6, "process": os.getpid()}, None)


@pytest.mark.parametrize("data", [b"", b"a", b"a" * 3_000_000])
def test_with_workers_it_runs_elsewhere(pool, data):
    known, pixels = run(number, data, factor=2)
    assert (known["number"], pixels) == (2 * len(data), None)
    assert known["process"] != os.getpid()


def test_a_worker_answers_in_the_language_of_the_page(pool):
    assert run(language, b"")[0] == {"language": "en"}
    with speaking("ko"):
        assert run(language, b"")[0] == {"language": "ko"}


def test_a_worker_is_used_again(pool):
    assert run(number, b"")[0]["process"] == run(number, b"")[0]["process"]


@pytest.mark.parametrize(
    "function", [crash, take_memory, send_markup, send_another_shape], ids=lambda function: function.__name__
)
def test_what_goes_wrong_is_one_sentence_and_the_next_is_read(pool, function):
    with pytest.raises(ImageError) as error:
        run(function, b"")
    assert str(error.value) == damaged()
    assert run(number, b"ab")[0]["number"] == 2


def test_a_worker_that_takes_too_long_is_ended(pool, monkeypatch):
    run(number, b"")  # it has started
    monkeypatch.setattr(decoding, "SECONDS", 0.5)
    with pytest.raises(ImageError) as error:
        run(hang, b"")
    assert str(error.value) == too_long()
    monkeypatch.setattr(decoding, "SECONDS", 60)
    assert run(number, b"ab")[0]["number"] == 2


def test_a_worker_writes_no_file(pool, tmp_path):
    path = tmp_path / "written"
    with pytest.raises(ImageError):
        run(write_a_file, str(path).encode())
    assert not path.exists() or not path.read_bytes()


def test_what_a_library_prints_is_no_answer(pool):
    assert run(print_something, b"")[0] == {"known": "true"}


def test_many_at_once_wait_for_the_worker(pool):
    found = []
    threads = [
        threading.Thread(target=lambda i=i: found.append(run(number, b"a" * i)[0]["number"]))
        for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(8))


def test_a_photo_is_the_same_apart(pool, monkeypatch):
    data = PHOTO.read_bytes()
    apart, pages = read_image(data), count_pages(data)
    monkeypatch.setattr(decoding, "_pool", None)
    assert np.array_equal(apart, read_image(data))
    assert apart.flags.writeable
    assert pages == 1


def test_the_sentence_about_a_photo_is_the_same_apart(pool, monkeypatch):
    sentences = []
    for used in (pool, None):
        monkeypatch.setattr(decoding, "_pool", used)
        with pytest.raises(ImageError) as error:
            read_image(b"not a picture")
        sentences.append(str(error.value))
    assert sentences[0] == sentences[1]


def test_a_stored_photo_is_the_same_apart(pool, tmp_path, monkeypatch):
    data = PHOTO.read_bytes()
    apart = ImageFolder(tmp_path / "apart").add(data)
    monkeypatch.setattr(decoding, "_pool", None)
    assert apart == ImageFolder(tmp_path / "here").add(data)


def test_decode_apart_starts_the_workers_once(monkeypatch):
    monkeypatch.setattr(decoding, "_pool", None)
    decode_apart()
    pool = decoding._pool
    try:
        decode_apart()
        assert decoding._pool is pool
    finally:
        pool.end()


def test_the_workers_end_with_the_process(tmp_path):
    code = (
        "import os, signal\n"
        "from spotter import decoding\n"
        "pool = decoding.WorkerPool(1)\n"
        "worker = pool._idle.get()\n"
        "print(worker._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    worker = int(done.stdout)
    for _ in range(200):
        try:
            os.kill(worker, 0)
            with open(f"/proc/{worker}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.1)
    pytest.fail("the worker is still there")
