"""Ours is the published model, tensor by tensor."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from spotter.evaluation.parity import Difference, compare, main

CASE = Path(__file__).parents[1] / "golden" / "case_public"
DECODED = ("final.text", "decoder.first_word.probabilities", "decoder.first_word.attention")


@pytest.fixture(scope="module")
def differences() -> dict[str, Difference]:
    return {difference.name: difference for difference in compare(CASE)[1]}


def test_every_tensor_is_compared(differences):
    assert set(differences) == set(np.load(CASE.with_suffix(".npz")).files) - {"image"}
    assert len(differences) == 60


def test_tensors_up_to_the_decoder_are_the_published_ones(differences):
    assert {
        d.name: d.relative for d in differences.values() if d.name not in DECODED and d.relative > 1e-4
    } == {}


@pytest.mark.parametrize("name", DECODED)
def test_the_decoder_is_the_published_one(differences, name):
    """With tables that were fitted to the first word (see `parity`), so the first word's two tensors
    show that the decoder's steps can give what was recorded; they are no proof of the tables."""
    assert differences[name].relative <= 1e-4
    assert differences[name].agrees


@pytest.mark.parametrize("missing", ["case", "weights"])
def test_a_case_that_cannot_be_used(tmp_path, capsys, missing):
    if missing == "weights":
        facts = {"seed": 7, "kept_proposals": 6, "shapes": {}}
        (tmp_path / "case.json").write_text(json.dumps(facts), encoding="utf-8")
        np.savez(tmp_path / "case.npz", image=np.zeros((3, 32, 32), np.uint8))
    assert main([str(tmp_path / "case")]) == 2
    assert re.match(r"The golden case cannot be used: .*No such file", capsys.readouterr().err)
