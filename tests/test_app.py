"""The command line of the app."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import gradio as gr
import pytest

import app
from annotation.store.store import open_store
from annotation.tabs.visitor_stores import VisitorCookie
from spotter.tabs.shared.environment import Environment
from spotter.tabs.shared.fair_queue import FairQueue
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.logins import add_login
from spotter.tabs.shared.visitor import LOGIN, HeaderGuard

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
        (["--weights", str(ROOT / "assets/samples/cat.jpg")], "There are no weights"),
        (
            ["--auth", "anna"],
            "--auth takes a file of logins or USER:PASSWORD. The logins anna cannot be read",
        ),
        (["--auth", "anna:"], "--auth takes a file of logins or USER:PASSWORD."),
        (["--mcp", "--auth", "ann:secret"], "--mcp is for a page without logins"),
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
    assert options == app.Options(
        "127.0.0.1", 7860, "nano", None, None, None, [], [], "", False, False, False, ""
    )
    options = app.parse(["--port", "80", "--device", "cpu", "--auth", "ann:se:cret"])
    assert (options.port, options.device, options.auth) == (80, "cpu", ("ann", "se:cret"))


@pytest.fixture
def launched(monkeypatch, tmp_path):
    """The options that the app is launched with."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "temporary"))
    options = {"decoded apart": False}
    monkeypatch.setattr(gr.Blocks, "launch", lambda blocks, **given: options.update(given))
    monkeypatch.setattr(app, "name_people_by", lambda source: options.update({"people": source}))
    monkeypatch.setattr(app, "decode_apart", lambda: options.update({"decoded apart": True}))
    return options


def test_people_log_in_with_a_file(tmp_path, launched, tiny_file):
    add_login(tmp_path / "logins", "ann", "correct horse")
    database = f"sqlite:///{tmp_path}/a.db"
    arguments = ["--auth", str(tmp_path / "logins"), "--weights", str(tiny_file), "--database", database]
    assert app.main(arguments) == 0
    assert inspect.iscoroutinefunction(
        launched["auth"]
    )  # Gradio would take anything else that is async as True
    assert launched["auth"].__self__.verify("ann", "correct horse")
    assert launched["people"] == LOGIN


def test_people_log_in_at_a_proxy(launched, tiny_file, tmp_path):
    database = f"sqlite:///{tmp_path}/a.db"
    assert app.main(["--user-header", "X-User", "--weights", str(tiny_file), "--database", database]) == 0
    assert launched["people"] == "X-User"
    guards = [guard for guard in launched["app_kwargs"]["middleware"] if guard.cls is HeaderGuard]
    assert [guard.kwargs for guard in guards] == [{"name": "X-User"}]


@pytest.mark.parametrize(
    ("space", "arguments", "is_demo"),
    [
        (False, [], False),
        (False, ["--demo"], True),
        (True, [], True),
        (True, ["--no-demo"], False),
        (True, ["--database", "sqlite:///a.db"], False),
        (True, ["--auth", "ann:secret"], False),
        (True, ["--user-header", "X-User"], False),
    ],
)
def test_a_space_is_a_demo_unless_it_keeps_photos_or_has_logins(monkeypatch, space, arguments, is_demo):
    monkeypatch.delenv("SPACE_ID", raising=False)
    if space:
        monkeypatch.setenv("SPACE_ID", "a/b")
    assert app.parse(arguments).demo is is_demo


def test_a_demo_takes_no_database(error_of):
    assert "takes no --database" in error_of("--demo", "--database", "sqlite:///a.db")


def test_a_demo_has_no_rounds_and_tells_visitors_apart(launched, monkeypatch, tiny_file, tmp_path):
    monkeypatch.setattr(app, "own_folder", lambda name: tmp_path)
    built = []
    build = app.build
    monkeypatch.setattr(app, "build", lambda *given: built.append(build(*given)) or built[0])
    assert app.main(["--demo", "--weights", str(tiny_file)]) == 0
    assert not [block for block in built[0].blocks.values() if getattr(block, "elem_id", "") == "rounds"]
    assert VisitorCookie in [guard.cls for guard in launched["app_kwargs"]["middleware"]]
    assert launched["app_kwargs"]["routes"]


@pytest.mark.parametrize(
    ("arguments", "any_server"),
    [([], True), (["--host", "0.0.0.0"], False), (["--host", "0.0.0.0", "--any-server"], True)],
)
def test_other_visitors_name_no_server(launched, monkeypatch, tiny_file, tmp_path, arguments, any_server):
    built = []
    monkeypatch.setattr(
        app, "build", lambda loader, store, any_server: built.append(any_server) or gr.Blocks()
    )
    options = ["--weights", str(tiny_file), "--database", f"sqlite:///{tmp_path}/a.db"]
    assert app.main([*options, *arguments]) == 0
    assert built == [any_server]


def test_a_header_is_not_a_second_login(error_of):
    assert "choose one" in error_of("--user-header", "X-User", "--auth", "ann:secret")
    assert "X-Forwarded-User" in error_of("--user-header", "X User:")


def test_a_space_listens_on_all_addresses(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "a/b")
    assert app.parse([]).host == "0.0.0.0"


def test_options_may_be_in_the_environment(monkeypatch, error_of):
    monkeypatch.setenv("SPOTTER_PORT", "80")
    monkeypatch.setenv("SPOTTER_AUTH", "ann:secret")
    assert (app.parse([]).port, app.parse([]).auth) == (80, ("ann", "secret"))
    assert app.parse(["--port", "81"]).port == 81
    monkeypatch.setenv("SPOTTER_PORT", "http")
    assert "The environment variable SPOTTER_PORT cannot be used" in error_of()


def test_every_option_may_be_in_the_environment():
    assert set(Environment.model_fields) == {field.name for field in fields(app.Options)}


def test_main_launches_the_app(launched, tiny_file, tmp_path):
    database = f"sqlite:///{tmp_path}/a.db"
    assert app.main(["--weights", str(tiny_file), "--port", "7999", "--database", database]) == 0
    assert (launched["server_port"], launched["share"], launched["auth"]) == (7999, False, None)
    assert (tmp_path / "a.db").is_file()
    assert launched["decoded apart"]
    assert launched["people"] == ""
    assert (tmp_path / "temporary").is_dir()
    assert launched["allowed_paths"] == [str(tmp_path / "temporary")]
    guards = {guard.cls.__name__ for guard in launched["app_kwargs"]["middleware"]}
    assert guards == {"WebsiteGuard", "LanguageChooser", "LoginLimit", "UploadLimits"}


def test_the_queue_has_shares(tiny_file, tmp_path):
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        assert isinstance(app.build(Loader(str(tiny_file)), store)._queue, FairQueue)


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("[::1]", "[::1]")]
)
def test_the_host_may_be_ipv6(host, address):
    assert app.listening_address(host) == address


def test_importing_the_app_does_not_import_torch():
    result = run("-c", "import app, sys; sys.exit('torch' in sys.modules)")
    assert result.returncode == 0, result.stderr
