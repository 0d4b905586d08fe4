"""The command line of the app."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest

import app
from spotter.tabs.shared.logins import add_login

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture
def error_of(capsys, monkeypatch) -> Callable[..., str]:
    """What the app writes to stderr when it ends with status 2 instead of being launched."""
    monkeypatch.setattr(gr.Blocks, "launch", lambda blocks, **options: pytest.fail("launched"))

    def end(*arguments: str) -> str:
        with pytest.raises(SystemExit) as stop:
            sys.exit(app.main(list(arguments)))
        assert stop.value.code == 2
        return capsys.readouterr().err

    return end


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--weights", "/nowhere/x.safetensors"], "There are no weights"),
        (
            ["--auth", "anna"],
            "--auth takes a file of logins or USER:PASSWORD. The logins anna cannot be read",
        ),
        (["--auth", "anna:"], "--auth takes a file of logins or USER:PASSWORD."),
        (["--port", "0"], "--port must be between 1 and 65535"),
        (["--port", "http"], "invalid int value"),
        (["--host", "203.0.113.9"], "This machine has no address '203.0.113.9'"),  # of documentation
        (["--embed", "school.example"], "--embed takes addresses such as https://school.example"),
        (["--embed", "https://a.example; script-src *"], "--embed takes addresses such as"),
        (["--colour", "red"], "unrecognized arguments"),
        (["--database", "nowhere"], "The database URL cannot be used"),
        (["--database", "sqlite:////nowhere/a.db"], "The folder of the database does not exist"),
    ],
)
def test_bad_arguments_exit_2_with_one_sentence(error_of, arguments, says):
    assert says in error_of(*arguments)


def test_a_bad_model_card_exits_2_with_one_sentence(error_of, tmp_path):
    (tmp_path / "w.safetensors").touch()
    (tmp_path / "w.json").write_text("[]", encoding="utf-8")
    assert "is invalid" in error_of("--weights", str(tmp_path / "w.safetensors"))


def test_as_a_program():
    result = run("app.py", "--weights", "/nowhere/x.safetensors")
    assert result.returncode == 2
    assert result.stderr.startswith("python app.py: error: There are no weights")
    assert result.stderr.count("\n") == 1


def test_the_command_line_is_parsed(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    options = app.parse([])
    assert options == app.Options("127.0.0.1", 7860, "nano", None, None, None, [], [])
    options = app.parse(["--port", "80", "--device", "cpu", "--auth", "ann:se:cret"])
    assert (options.port, options.device, options.auth) == (80, "cpu", ("ann", "se:cret"))


def test_people_log_in_with_a_file(tmp_path, monkeypatch, tiny_file):
    add_login(tmp_path / "logins", "ann", "correct horse")
    launched = {}
    monkeypatch.setattr(gr.Blocks, "launch", lambda blocks, **options: launched.update(options))
    database = f"sqlite:///{tmp_path}/a.db"
    arguments = ["--auth", str(tmp_path / "logins"), "--weights", str(tiny_file), "--database", database]
    assert app.main(arguments) == 0
    assert inspect.iscoroutinefunction(
        launched["auth"]
    )  # Gradio would take anything else that is async as True
    assert launched["auth"].__self__.verify("ann", "correct horse")


def test_a_space_listens_on_all_addresses(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "a/b")
    assert app.parse([]).host == "0.0.0.0"


def test_main_launches_the_app(monkeypatch, tiny_file, tmp_path):
    launched = {}
    monkeypatch.setattr(gr.Blocks, "launch", lambda blocks, **options: launched.update(options))
    database = f"sqlite:///{tmp_path}/a.db"
    assert app.main(["--weights", str(tiny_file), "--port", "7999", "--database", database]) == 0
    assert (launched["server_port"], launched["share"], launched["auth"]) == (7999, False, None)
    assert (tmp_path / "a.db").is_file()


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("[::1]", "[::1]")]
)
def test_the_host_may_be_ipv6(host, address):
    assert app.listening_address(host) == address


def test_importing_the_app_does_not_import_torch():
    result = run("-c", "import app, sys; sys.exit('torch' in sys.modules)")
    assert result.returncode == 0, result.stderr
