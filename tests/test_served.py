"""The spotter follows the weights that are served."""

from __future__ import annotations

import threading

import pytest

from annotation.store.predictions import model_version
from spotter.served import ServedSpotter
from spotter.weights import WeightsError


def test_the_spotter_is_loaded_once_and_replaced_when_others_are_served(tiny_file):
    served = [(None, tiny_file)]
    spotter = ServedSpotter(lambda: served[0], "cpu")
    first = spotter.get()
    assert spotter.get() is first
    assert model_version(first.card).startswith("tiny-")
    served[0] = ("signs-round-1", tiny_file)
    second = spotter.get()
    assert second is not first
    assert model_version(second.card) == "signs-round-1"
    assert model_version(first.card).startswith("tiny-")


def test_broken_weights_leave_the_others_loaded(tiny_file, tmp_path):
    (tmp_path / "half.safetensors").write_bytes(tiny_file.read_bytes()[:5000])
    served = [(None, tiny_file)]
    spotter = ServedSpotter(lambda: served[0], "cpu")
    first = spotter.get()
    served[0] = ("signs-round-1", tmp_path / "half.safetensors")
    with pytest.raises(WeightsError):
        spotter.get()
    served[0] = (None, tiny_file)
    assert spotter.get() is first


def test_several_threads_load_it_once(tiny_file):
    spotter = ServedSpotter(lambda: (None, tiny_file), "cpu")
    found = []
    threads = [threading.Thread(target=lambda: found.append(spotter.get())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(map(id, found))) == 1
