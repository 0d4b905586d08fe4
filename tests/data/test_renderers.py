"""Worker processes that render: what they hand over, and what happens when something dies or fails."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from spotter.charset import Charset
from spotter.data.curriculum import SceneKind
from spotter.data.data_config import RendererConfig
from spotter.data.renderers import (
    Renderers,
    RenderingError,
)
from spotter.data.word_arrays import encode_words
from spotter.types import GroundTruth

ROOT = Path(__file__).resolve().parents[2]
CHARSET, STEPS = Charset("abc"), 4
TIMEOUT = 120.0  # seconds, generous: workers take seconds to start on a busy machine


@dataclass(frozen=True)
class Kind(SceneKind):
    """A scene of a size, or what happens instead."""

    stage: int = 0
    width: int = 32
    height: int = 32
    dense: bool = False
    what: str = "scene"


SMALL, WIDE = Kind(), Kind(width=64, height=24)
DAMAGED, DEADLY, ENDLESS = Kind(what="damaged"), Kind(what="deadly"), Kind(what="endless")
WRONG_SIZE = Kind(what="wrong size")


def rectangle(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def render(kind: Kind, number: int) -> tuple[np.ndarray, list[GroundTruth]]:
    """A noisy image with `number` in its first pixel and one word."""
    if kind.what == "damaged":
        raise ValueError("photo.jpg is damaged")
    if kind.what == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind.what == "endless":
        time.sleep(1e6)
    size = kind.height, kind.width + (kind.what == "wrong size")
    image = np.random.default_rng(number).integers(0, 256, (*size, 3), np.uint8)
    image[0, 0] = number
    return image, [GroundTruth(rectangle(4, 4, 16, 8), "ab", centres=np.array([[8, 8], [16, 8]]))]


class CannotStart:
    """Fails where it is unpickled, as where a folder is missing."""

    def __reduce__(self) -> tuple:
        return _missing, ()

    def __call__(self, kind: Kind, number: int) -> tuple[np.ndarray, list[GroundTruth]]:
        raise NotImplementedError


def _missing() -> None:
    raise FileNotFoundError("/no/such/folder holds no photographs")


@pytest.fixture(scope="module", autouse=True)
def importable() -> Iterator[None]:
    """Workers import this module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        yield


@pytest.fixture(scope="module")
def renderers(importable) -> Iterator[Renderers]:
    """Two workers for all kinds, of which SMALL is rendered."""
    kinds = SMALL, WIDE, DAMAGED, DEADLY, ENDLESS, WRONG_SIZE
    shares = {kind: float(kind == SMALL) for kind in kinds}
    config = RendererConfig(workers=2, slots=2, max_deaths=2, max_errors=5, niceness=0, close_timeout=1)
    with Renderers(render, shares, CHARSET, STEPS, config) as found:
        yield found


def collect(
    renderers: Renderers, until: Callable[[], bool], request: bool = True
) -> list[tuple[Kind, int, bytes]]:
    """Kind, number and image of the scenes that come until something is true."""
    found = []
    deadline = time.monotonic() + TIMEOUT
    while not until():
        assert time.monotonic() < deadline
        found += [(scene.kind, scene.number, scene.image.tobytes()) for scene in renderers.finished()]
        if request:
            renderers.request()
        renderers.wait(0.05)
    return found


def scenes(renderers: Renderers, count: int) -> list[tuple[Kind, int, bytes]]:
    """At least `count` scenes."""
    end = renderers.scenes + count
    return collect(renderers, lambda: renderers.scenes >= end)


def drained(renderers: Renderers) -> list[tuple[Kind, int, bytes]]:
    """The scenes that are under way; afterwards none is."""
    return collect(renderers, lambda: not any(w.tasks for w in renderers._workers), request=False)


def pids(renderers: Renderers) -> list[int]:
    return [worker.process.pid for worker in renderers._workers]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# Arrays of words


# Before a worker is needed


@pytest.mark.parametrize("shares", [{}, {SMALL: 0.0}, {SMALL: -1.0, WIDE: 1.0}])
def test_useless_shares_are_refused(shares):
    with pytest.raises(ValueError, match="positive"):
        Renderers(render, shares, CHARSET, STEPS)


def test_a_function_that_cannot_be_pickled_is_refused():
    with pytest.raises((AttributeError, pickle.PicklingError)):
        Renderers(lambda kind, number: None, {SMALL: 1.0}, CHARSET, STEPS)


def test_closed_workers_do_nothing():
    found = Renderers(render, {SMALL: 1.0}, CHARSET, STEPS, RendererConfig(workers=1, close_timeout=0))
    (pid,) = pids(found)
    found.close()
    found.close()
    assert not is_alive(pid)
    assert list(found.finished()) == []
    found.request()
    assert found.next_number == 0


# Two workers: the tests are in the order in which things get worse


def test_scenes_are_what_is_rendered(renderers):
    assert list(renderers.finished()) == []
    renderers.request({SMALL: 1})
    renderers.request({SMALL: 1})
    assert renderers.next_number == 1  # there was room for one
    renderers.wait(TIMEOUT)
    (scene,) = ((s.kind, s.number, s.image.copy(), s.text_map.copy(), s.words) for s in renderers.finished())
    kind, number, image, text_map, words = scene
    expected, regions = render(SMALL, 0)
    expected_words, expected_map = encode_words(regions, 32, 32, CHARSET, STEPS)
    assert (kind, number) == (SMALL, 0)
    assert np.array_equal(image, expected.transpose(2, 0, 1))
    assert np.array_equal(text_map, expected_map)
    for name in ("polygons", "text", "centres", "ignore"):
        assert np.array_equal(
            getattr(words, name), getattr(expected_words, name), equal_nan=name == "centres"
        )


def test_each_scene_is_rendered_once_and_both_workers_are_used(renderers):
    first = renderers.next_number
    found = scenes(renderers, 30)
    assert all(len(worker.tasks) == 2 for worker in renderers._workers)
    found += drained(renderers)
    assert sorted(number for _, number, _ in found) == list(range(first, renderers.next_number))
    for kind, number, image in found:
        assert image == render(kind, number)[0].transpose(2, 0, 1).tobytes()


def test_shares_can_be_changed(renderers):
    renderers.set_shares({SMALL: 1, WIDE: 3})
    found = scenes(renderers, 40) + drained(renderers)
    counts = Counter(kind for kind, _, _ in found)
    assert abs(counts[WIDE] - 3 * counts[SMALL]) <= 8  # of at least 40
    renderers.set_shares({WIDE: 1})
    assert {kind for kind, _, _ in scenes(renderers, 5)} == {WIDE}
    drained(renderers)
    with pytest.raises(ValueError, match="unknown"):
        renderers.set_shares({Kind(width=1, height=1): 1})


def test_kinds_without_room_are_not_rendered(renderers):
    renderers.set_shares({SMALL: 1, WIDE: 1})
    renderers.request({SMALL: 1, WIDE: 2})
    assert Counter(kind for kind, _, _ in drained(renderers)) == {SMALL: 1, WIDE: 2}
    renderers.request({WIDE: 9})
    assert Counter(kind for kind, _, _ in drained(renderers)) == {WIDE: 4}  # as many as there are slots
    renderers.request({})
    assert not any(worker.tasks for worker in renderers._workers)


def test_numbers_continue_from_a_checkpoint(renderers):
    renderers.set_shares({SMALL: 1})
    before = renderers.state()
    renderers.load_state({"next_number": 200})
    assert min(number for _, number, _ in scenes(renderers, 3) + drained(renderers)) == 200
    renderers.load_state(before)
    assert renderers.state() == before


def test_workers_ignore_signals_to_their_group(renderers):
    before = pids(renderers)
    for pid in before:
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)
    scenes(renderers, 10)
    drained(renderers)
    assert pids(renderers) == before
    assert renderers.deaths == 0


def test_scenes_that_cannot_be_rendered_are_skipped_with_one_warning_per_cause(renderers):
    renderers.set_shares({SMALL: 1, DAMAGED: 1, WRONG_SIZE: 1})
    found = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(5):
            renderers.request({SMALL: 1, DAMAGED: 1, WRONG_SIZE: 1})
            found += drained(renderers)
    messages = sorted(str(w.message) for w in caught)
    assert len(messages) == 2
    assert "(32, 33, 3)" in messages[0]
    assert "photo.jpg is damaged" in messages[1]
    assert [kind for kind, _, _ in found] == [SMALL] * 5
    assert renderers.errors == 10


def test_nothing_but_errors_end_the_run(renderers):
    renderers.set_shares({DAMAGED: 1})
    with pytest.raises(RenderingError, match=r"failed 5 times .* photo.jpg is damaged"):
        scenes(renderers, 1)


def test_a_killed_worker_is_named_and_replaced(renderers):
    with pytest.MonkeyPatch.context() as patch:  # what the last test has left does not count here
        patch.setattr(renderers, "_errors_in_a_row", -100)
        drained(renderers)
    before = pids(renderers)
    renderers.set_shares({DEADLY: 1})
    renderers.request({DEADLY: 1})
    (index,) = (i for i, worker in enumerate(renderers._workers) if worker.tasks)
    renderers.set_shares({SMALL: 1})
    expected = rf"worker {index} died at scene {renderers.next_number - 1} \(killed by SIGKILL\)"
    with pytest.warns(RuntimeWarning, match=expected):
        collect(renderers, lambda: renderers.deaths == 1, request=False)
    assert [a == b for a, b in zip(pids(renderers), before, strict=True)] == [index != 0, index != 1]
    renderers.request({SMALL: 2})  # one scene of each worker
    assert all(len(worker.tasks) == 1 for worker in renderers._workers)
    assert [kind for kind, _, _ in drained(renderers)] == [SMALL, SMALL]


def test_workers_that_only_die_end_the_run(renderers):
    drained(renderers)
    renderers.set_shares({DEADLY: 1})
    with (
        pytest.warns(RuntimeWarning, match="SIGKILL"),
        pytest.raises(RenderingError, match=r"worker \d died at scene .* the last of 2 without a scene"),
    ):
        scenes(renderers, 1)


def test_closing_ends_all_workers(renderers):
    """One is dead, one is starting."""
    before = pids(renderers)
    renderers.close()
    assert not any(map(is_alive, before))


# Alone


def test_a_worker_that_cannot_start_reports_the_reason():
    with Renderers(CannotStart(), {SMALL: 1.0}, CHARSET, STEPS, RendererConfig(workers=1)) as found:
        found.request()
        found.wait(TIMEOUT)
        with pytest.raises(RenderingError, match=r"cannot start: /no/such/folder holds no photographs"):
            list(found.finished())


SCRIPT = """
import sys
from spotter.data.data_config import RendererConfig
from spotter.data.renderers import Renderers
from tests.data.test_renderers import CHARSET, ENDLESS, SMALL, STEPS, TIMEOUT, pids, render

if __name__ == "__main__":
    config = RendererConfig(workers=1, slots=2, close_timeout=0.5)
    renderers = Renderers(render, {SMALL: 1, ENDLESS: 1}, CHARSET, STEPS, config)
    renderers.request({SMALL: 1, ENDLESS: int(sys.argv[1] == "exit")})
    renderers.wait(TIMEOUT)  # for a scene that is not collected
    print(*pids(renderers), flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("end", ["kill", "exit"])
def test_no_worker_outlives_its_parent(end, tmp_path):
    """Whether that is killed or ends without `close`: quietly, and even if a scene takes for ever."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    parent = subprocess.Popen(
        [sys.executable, str(script), end],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        (worker,) = (int(pid) for pid in parent.stdout.readline().split())
        assert is_alive(worker)
        if end == "kill":
            parent.kill()
            parent.wait()
            wait_until(lambda: not is_alive(worker))
        else:
            _, errors = parent.communicate("", timeout=TIMEOUT)
            assert parent.returncode == 0
            assert not is_alive(worker)
            assert errors == ""
    finally:
        parent.kill()
        parent.communicate()
