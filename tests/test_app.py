"""The command line of the app."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--weights", "/nowhere/x.safetensors"], "There are no weights"),
        (["--auth", "anna"], "--auth must look like USER:PASSWORD."),
        (["--auth", "anna:"], "--auth must look like USER:PASSWORD."),
        (["--port", "0"], "--port must be between 1 and 65535"),
        (["--port", "http"], "invalid int value"),
        (["--colour", "red"], "unrecognized arguments"),
        (["--database", "nowhere"], "The database URL cannot be used"),
        (["--database", "sqlite:////nowhere/a.db"], "The folder of the database does not exist"),
    ],
)
def test_bad_arguments_exit_2_with_a_sentence(arguments, says):
    result = run("app.py", *arguments)
    assert result.returncode == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_bad_model_card_ends_with_a_sentence(tmp_path):
    (tmp_path / "w.safetensors").touch()
    (tmp_path / "w.json").write_text("[]", encoding="utf-8")
    result = run("app.py", "--weights", str(tmp_path / "w.safetensors"))
    assert result.returncode == 2
    assert "is no card of this project" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_gpu_is_used_when_there_is_one():
    import app

    assert app.parse([]).device is None  # the predictor's choice
    assert app.parse(["--device", "cpu"]).device == "cpu"


def test_importing_the_app_does_not_import_torch():
    result = run("-c", "import app, sys; sys.exit('torch' in sys.modules)")
    assert result.returncode == 0, result.stderr
