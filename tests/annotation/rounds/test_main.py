"""`python -m annotation.rounds`: every command, right and wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pytest

from annotation.rounds.__main__ import COMMANDS, main
from annotation.rounds.service import Rounds


class Output(NamedTuple):
    code: int
    lines: list[str]
    errors: list[str]


@pytest.fixture
def run(database, stub_path, monkeypatch, capsys) -> Callable[..., Output]:
    """`run("list")` on the project "signs", with the stub as the worker."""
    monkeypatch.setattr("annotation.commands.rounds.Rounds", partial(Rounds, worker="stub_worker"))
    monkeypatch.setattr("annotation.rounds.service.POLL_SECONDS", 0.02)

    def run_command(*arguments: object, project: str = "signs") -> Output:
        capsys.readouterr()
        code = main([*map(str, arguments), "--database", database, "--project", project])
        captured = capsys.readouterr()
        return Output(code, captured.out.splitlines(), captured.err.splitlines())

    return run_command


def test_all_commands(run, corrected, monkeypatch, tmp_path):
    corrected(10)
    code, lines, errors = run("run", "--minutes", "2", "--part", "detector")
    assert (code, errors) == (0, [])
    assert lines[0].startswith("round 1: 5 photos, 5 words.")
    assert lines[1] == "round 1 of signs: done"
    assert lines[2].startswith("5 photos, 5 words, 2 minutes.")
    assert lines[-1].startswith("Better by the rule: end-to-end H on the hold-out changes by +10.0")
    ((number, state, _, photos, *rest),) = [line.split("\t") for line in run("list").lines]
    assert (number, state, photos, rest) == ("1", "done", "5", ["detector", "0.400", "0.500", "", ""])
    assert run("promote", 1).lines == ["round 1 is served; its predictions are signs-round-1."]
    assert "served" in run("show", 1).lines[0]
    corrected(2)
    monkeypatch.setenv("STUB_WORKER", "worse")
    assert run("run").lines[-1].startswith("Not better by the rule")
    assert run("list", "--csv", tmp_path / "ledger.csv").lines[0].startswith("2\tdone")
    assert (tmp_path / "ledger.csv").read_text(encoding="utf-8-sig").startswith("project,number")
    compared = run("compare", 1, 2).lines
    assert compared[0].split() == ["round", "1", "round", "2"]
    assert any(line.startswith("difference from its parent") for line in compared)
    assert run("promote", 2, "--reason", "our own signs").code == 0
    assert "promoted by" in "\n".join(run("show", 2).lines)
    assert run("rollback", 1).lines == ["round 1 is served; its predictions are signs-round-1."]
    assert run("rollback").lines == ["The weights of the app are served."]
    assert run("delete", 2, "--yes").lines == ["round 2 is deleted."]
    assert len(run("list").lines) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run",), "No photo was corrected since nano; mark photos as done first."),
        (("run", "--minutes", "-1"), "A round takes more than 0"),
        (("run", "--resume", "4"), "There is no round 4 in this project; `list` shows them."),
        (("run", "--weights", "nowhere"), "There are no weights 'nowhere'"),
        (("show", "1"), "There is no round 1"),
        (("compare", "1", "2"), "There is no round 1"),
        (("promote", "1"), "There is no round 1"),
        (("rollback", "1"), "There is no round 1"),
        (("rollback",), "The weights of the app are served already."),
        (("delete", "1", "--yes"), "There is no round 1"),
        (("list", "--csv", "modules"), "modules already exists"),
    ],
)
def test_bad_input_is_one_sentence(run, project, arguments, message):
    code, lines, errors = run(*arguments)
    assert (code, lines, len(errors)) == (1, [], 1)
    assert message in errors[0]


def test_an_unknown_project_or_database(run, project, database, capsys):
    assert run("list", project="nowhere").errors == ["There is no project 'nowhere'."]
    assert run("list").lines == []
    assert main(["list", "--database", "sqlite:///nowhere.db"]) == 1
    assert capsys.readouterr().err == "There is no such database.\n"


def test_a_round_that_fails_and_is_resumed(run, corrected, monkeypatch):
    corrected(10)
    monkeypatch.setenv("STUB_WORKER", "fail")
    code, _, errors = run("run")
    assert (code, errors) == (1, ["Round 1 failed: The loss is not finite."])
    assert run("compare", 1).errors == ["Round 1 is failed and has no figures to compare."]
    assert run("show", 1).lines[-1] == "The loss is not finite."
    assert run("promote", 1, "--reason", "x").errors == [
        "Round 1 is failed; only one that is done has weights."
    ]
    monkeypatch.setenv("STUB_WORKER", "better")
    assert run("run", "--resume", 1).code == 0
    assert run("run", "--resume", 1).errors == ["Round 1 is done; there is nothing to resume."]


def test_warnings_are_told_before_the_training(run, corrected):
    corrected(10, "NOVA", "asdf")
    code, _, errors = run("run")
    assert (code, errors) == (0, ['Warning: 10 of 10 words have the same text, "asdf".'])
    assert "give a reason" in run("promote", 1).errors[0]


def test_deleting_asks(run, corrected, monkeypatch):
    corrected(10)
    run("run")
    monkeypatch.setattr("annotation.commands.rounds.confirm", lambda question: False)
    assert run("delete", 1).errors == ["Nothing was deleted; answer yes, or add --yes."]
    monkeypatch.setattr("annotation.commands.rounds.confirm", lambda question: "round 1" in question)
    assert run("delete", 1).code == 0


def test_help_does_not_import_torch():
    code = "import sys; from annotation.rounds.__main__ import parse, COMMANDS\n"
    code += "try: parse([sys.argv[1], '--help'], COMMANDS)\n"
    code += "except SystemExit: assert 'torch' not in sys.modules\n"
    code += "else: raise AssertionError"
    assert COMMANDS
    shown = subprocess.run([sys.executable, "-c", code, "run"], capture_output=True, text=True, check=True)
    assert "--minutes" in shown.stdout
