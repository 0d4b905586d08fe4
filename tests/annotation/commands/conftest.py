"""The command line on a database with a project."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from annotation.__main__ import main


class Output(NamedTuple):
    code: int
    lines: list[str]
    errors: list[str]


@pytest.fixture
def run(database, tmp_path, monkeypatch, capsys) -> Callable[..., Output]:
    """`run("list", "--project", "p")` in an empty folder, with its database."""
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments: object) -> Output:
        capsys.readouterr()
        code = main([*map(str, arguments), "--database", database])
        captured = capsys.readouterr()
        return Output(code, captured.out.splitlines(), captured.err.splitlines())

    return run_command
