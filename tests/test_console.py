"""The command `spotter`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spotter import __version__, console

ROOT = Path(__file__).resolve().parent.parent
QUICK = set(console.PROGRAMS) - {"app", "login"}  # their --help needs no torch
HELP = f"""
import sys
from spotter import console

for arguments in (["--help"], *([name, "--help"] for name in {sorted(QUICK)})):
    sys.argv = ["spotter", *arguments]
    try:
        console.main()
    except SystemExit as stop:
        assert not stop.code
    slow = {{"torch", "gradio", "rich", "sqlalchemy", "label_studio_sdk", "ray"}} & set(sys.modules)
    assert not slow, (arguments, slow)
"""


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs a command line; returns its exit code, output and messages."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["spotter", *arguments])
        with pytest.raises(SystemExit) as stop:
            console.main()
        return (int(stop.value.code or 0), *capsys.readouterr())

    return call


def test_help_imports_nothing_slow():
    done = subprocess.run([sys.executable, "-c", HELP], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in console.PROGRAMS:
        assert f"\n  {name} " in done.stdout
    for name in QUICK:
        assert f"usage: spotter {name} " in done.stdout


def test_version(run):
    assert run("--version") == (0, f"spotter {__version__}\n", "")


def test_options_and_the_exit_code_are_those_of_the_program(run):
    code, _, error = run("read", "nowhere.jpg", "--threshold", "2")
    assert code == 2
    assert error.startswith("usage: spotter read ")
    assert "2 is not a number from 0 to 1" in error


def test_an_unknown_command(run):
    code, _, error = run("reed")
    assert code == 2
    assert "No such command 'reed'" in error


def test_the_app_is_found(run):
    code, _, error = run("app", "--port", "0")
    assert code == 2
    assert "spotter app: error: --port must be between 1 and 65535" in error


def test_a_package_that_is_not_installed(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert run("app") == (
        2,
        "",
        "`spotter app` needs gradio, which is not installed; "
        "run: pip install 'swintextspotter-opened-up[app]'\n",
    )
