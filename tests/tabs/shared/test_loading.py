"""Loading of the weights for the app."""

from __future__ import annotations

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
