"""This is the published model, tensor by tensor."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from spotter.evaluation import parity
from spotter.evaluation.parity import Difference, compare, constructed_tables, main

CASE = Path(__file__).parents[1] / "golden" / "case_public"


@pytest.fixture(scope="module")
def compared() -> tuple[str, list[Difference]]:
    return compare(CASE)


def test_every_tensor_is_compared(compared):
    names = [difference.name for difference in compared[1]]
    assert set(names) == set(np.load(CASE.with_suffix(".npz")).files) - {"image"}
    assert len(names) == 60


def test_all_tensors_agree(compared):
    """From the backbone to the last character, with nothing fitted to the recording."""
    assert compared[0] == "as constructed"
    assert {d.name: d.relative for d in compared[1] if d.relative > 1e-4} == {}
    assert [d.name for d in compared[1] if not d.agrees] == []


def test_constructed_tables_are_xavier_uniform(schema):
    tables = constructed_tables(schema)
    assert sorted(tables) == sorted(key for key in schema if schema[key]["kind"] == "identity")
    for key, table in tables.items():
        bound = (3 / len(table)) ** 0.5
        assert list(table.shape) == schema[key]["shape"]
        assert 0.97 * bound < table.abs().max() <= bound
        assert table.std() == pytest.approx(bound / 3**0.5, rel=0.1)


@pytest.mark.parametrize("missing", ["case", "weights"])
def test_command_with_missing_files(tmp_path, capsys, missing):
    if missing == "weights":
        facts = {"seed": 7, "kept_proposals": 6, "shapes": {}}
        (tmp_path / "case.json").write_text(json.dumps(facts), encoding="utf-8")
        np.savez(tmp_path / "case.npz", image=np.zeros((3, 32, 32), np.uint8))
    assert main([str(tmp_path / "case")]) == 2
    assert re.match(r"The golden case cannot be used: .*No such file", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("agrees", "code", "verdict", "last"),
    [
        (True, 0, "ok", "1 of 1 tensors agree (decoder tables: as constructed)"),
        (False, 1, "DIFFERS", "0 of 1 tensors agree (decoder tables: as constructed)"),
    ],
)
def test_command(monkeypatch, capsys, agrees, code, verdict, last):
    found = [Difference("fpn.p2", 0.25, 0.5, agrees)]
    monkeypatch.setattr(parity, "compare", lambda case: ("as constructed", found))
    assert main(["case"]) == code
    row, total = capsys.readouterr().out.splitlines()
    assert row.split() == ["fpn.p2", "absolute", "2.50e-01", "relative", "5.00e-01", verdict]
    assert total == last
