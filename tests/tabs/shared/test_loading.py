"""Loading of the weights for the app."""

from __future__ import annotations

from threading import Event

import gradio as gr
import pytest

from spotter.tabs.shared.loading import Loader


def test_missing_weights_raise_at_once():
    with pytest.raises(FileNotFoundError, match="There are no weights 'nowhere'"):
        Loader("nowhere")


def test_broken_weights_show_an_error(tmp_path):
    file = tmp_path / "broken.safetensors"
    file.write_bytes(b"not weights")
    with pytest.raises(gr.Error, match="could not be loaded"):
        Loader(str(file)).spotter()


def test_other_weights_are_served_without_a_restart(tiny_file, tmp_path, monkeypatch):
    monkeypatch.setattr("spotter.tabs.shared.loading.WATCH_SECONDS", 0.01)
    promoted = tmp_path / "promoted.safetensors"
    promoted.write_bytes(tiny_file.read_bytes())
    promoted.with_suffix(".json").write_text('{"name": "promoted"}')
    loader = Loader(str(tiny_file), "cpu")
    served, changed = [(None, str(tiny_file))], Event()
    loader.follow(lambda: served[0])
    loader.on_change(changed.set)
    assert loader.spotter().card["name"] == loader.card()["name"] == "tiny"
    assert not changed.is_set()
    served[0] = ("signs-round-1", promoted)
    assert changed.wait(60)
    assert loader.spotter().card["model_version"] == "signs-round-1"
    assert loader.card() == {"name": "promoted"}


def test_an_unknown_state_of_the_database_is_one_sentence(tiny_file):
    def served():
        raise ValueError("The database cannot be used now.")

    loader = Loader(str(tiny_file), "cpu")
    loader.follow(served)
    assert loader.card()["name"] == "tiny"
    with pytest.raises(gr.Error, match="could not be loaded: The database cannot be used now"):
        loader.spotter()
