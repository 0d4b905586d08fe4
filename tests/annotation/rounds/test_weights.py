"""The folder of weights, each named by its content."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from annotation.rounds.records import RoundError
from annotation.rounds.weights import WeightsFolder


@pytest.fixture
def folder(tmp_path) -> WeightsFolder:
    return WeightsFolder(tmp_path / "weights")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "new.safetensors"
    save_file({"a": np.zeros(3)}, path, {"config": "{}"})
    path.with_suffix(".json").write_text('{"name": "new"}')
    return path


def test_add_and_remove(folder, file):
    folder.remove_unused(set())
    sha256 = folder.add(file)
    assert sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert folder.path(sha256).read_bytes() == file.read_bytes()
    assert folder.card(sha256) == {"name": "new", "sha256": sha256}
    assert folder.add(file) == sha256
    (folder.folder / ".new-half").write_bytes(b"half")
    folder.remove_unused({sha256})
    assert sorted(p.suffix for p in folder.folder.iterdir()) == [".json", ".safetensors"]
    folder.remove_unused(set())
    assert list(folder.folder.iterdir()) == []


def test_what_does_not_fit_is_one_sentence(folder, file, tmp_path):
    (tmp_path / "half.safetensors").write_bytes(file.read_bytes()[:20])
    save_file({"a": np.zeros(3)}, tmp_path / "other.safetensors")
    for name in ("half", "other"):
        with pytest.raises(RoundError, match="not a file of weights of this project"):
            folder.add(tmp_path / f"{name}.safetensors")
    for card, message in (
        (json.dumps({"sha256": "0" * 64}), "sha256 differs"),
        ("{", "not valid JSON"),
        ("[]", "not a JSON object"),
    ):
        file.with_suffix(".json").write_text(card)
        with pytest.raises(RoundError, match=message):
            folder.add(file)
    with pytest.raises(RoundError, match="missing"):
        folder.add(tmp_path / "none.safetensors")
    for name in ("../../etc/passwd", "", "A" * 64):
        with pytest.raises(RoundError, match="not the sha256"):
            folder.path(name)
    assert not folder.folder.exists()
