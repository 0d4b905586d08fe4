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
from annotation.store import database
from annotation.store.store import open_store
from annotation.tabs.visitor_stores import VisitorCookie
from spotter.tabs.shared.events import is_urgent
from spotter.tabs.shared.fair_queue import FairQueue
from spotter.tabs.shared.hugging_face import VARIABLES, SignInGuard
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.logins import add_login
from spotter.tabs.shared.visitor import HUGGING_FACE, LOGIN, HeaderGuard

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


@pytest.fixture
def launched(monkeypatch, tmp_path):
    """The options that the app is launched with."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "temporary"))
    options = {"decoded apart": False}
    monkeypatch.setattr(gr.Blocks, "launch", lambda blocks, **given: options.update(given))
    monkeypatch.setattr(app, "name_people_by", lambda source: options.update({"people": source}))
    monkeypatch.setattr(app, "decode_apart", lambda: options.update({"decoded apart": True}))
    monkeypatch.setattr(app, "make_paths_private", lambda: options.update({"private paths": True}))
    monkeypatch.setattr(app, "make_sessions_small", lambda: options.update({"small sessions": True}))
    monkeypatch.setattr(app, "retain_freed_memory", lambda: options.update({"freed memory retained": True}))
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
        app, "build", lambda loader, store, any_server, signs_in: built.append(any_server) or gr.Blocks()
    )
    options = ["--weights", str(tiny_file), "--database", f"sqlite:///{tmp_path}/a.db"]
    assert app.main([*options, *arguments]) == 0
    assert built == [any_server]


@pytest.fixture
def space(monkeypatch):
    """A Hugging Face Space where people can sign in."""
    for name in ("SPACE_ID", *VARIABLES):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("SYSTEM", "spaces")


@pytest.mark.parametrize(
    ("arguments", "is_offered", "is_required"),
    [
        (["--demo"], True, False),
        (["--no-demo", "--database", "{}"], True, True),
        (["--no-demo", "--database", "{}", "--auth", "ann:secret"], False, False),
    ],
)
def test_people_sign_in_on_a_space(
    launched, monkeypatch, space, tiny_file, tmp_path, arguments, is_offered, is_required
):
    built = []
    monkeypatch.setattr(app, "build", lambda *given: built.append(given[3]) or gr.Blocks())
    monkeypatch.setattr(app, "own_folder", lambda name: tmp_path / "demo")
    (tmp_path / "demo").mkdir()
    monkeypatch.setattr(database, "SPACE_DATA", tmp_path)
    arguments = [argument.format(f"sqlite:///{tmp_path}/a.db") for argument in arguments]
    assert app.main(["--weights", str(tiny_file), *arguments]) == 0
    assert built == [is_required]
    assert launched["people"] == (HUGGING_FACE if is_offered else "")
    guards = [guard.cls for guard in launched["app_kwargs"]["middleware"]]
    assert (SignInGuard in guards) == is_required
    assert (tmp_path / "swintextspotter/people").is_dir() == (arguments == ["--demo"])


def test_assistants_cannot_sign_in(error_of, space, tmp_path):
    assert "assistants cannot log in" in error_of("--mcp", "--database", f"sqlite:///{tmp_path}/a.db")


def test_a_header_is_not_a_second_login(error_of):
    assert "choose one" in error_of("--user-header", "X-User", "--auth", "ann:secret")
    assert "X-Forwarded-User" in error_of("--user-header", "X User:")


def test_options_may_be_in_the_environment(monkeypatch, error_of):
    monkeypatch.setenv("SPOTTER_PORT", "80")
    monkeypatch.setenv("SPOTTER_AUTH", "ann:secret")
    assert (app.parse([]).port, app.parse([]).auth) == (80, ("ann", "secret"))
    assert app.parse(["--port", "81"]).port == 81
    monkeypatch.setenv("SPOTTER_PORT", "http")
    assert "The environment variable SPOTTER_PORT cannot be used" in error_of()


def test_main_launches_the_app(launched, tiny_file, tmp_path):
    database = f"sqlite:///{tmp_path}/a.db"
    assert app.main(["--weights", str(tiny_file), "--port", "7999", "--database", database]) == 0
    assert (launched["server_port"], launched["share"], launched["auth"]) == (7999, False, None)
    assert (tmp_path / "a.db").is_file()
    assert launched["decoded apart"]
    assert launched["private paths"]
    assert launched["small sessions"]
    assert launched["freed memory retained"]
    assert not launched["_frontend"]
    assert launched["people"] == ""
    assert (tmp_path / "temporary").is_dir()
    assert launched["allowed_paths"] == [str(tmp_path / "temporary")]
    guards = {guard.cls.__name__ for guard in launched["app_kwargs"]["middleware"]}
    assert guards == {"WebsiteGuard", "LanguageChooser", "LoginLimit", "UploadLimits", "PageTurns"}


def test_the_queue_has_shares_and_one_endpoint_is_offered(tiny_file, tmp_path):
    with open_store(f"sqlite:///{tmp_path}/a.db") as store:
        demo = app.build(Loader(str(tiny_file)), store)
    assert isinstance(demo._queue, FairQueue)
    assert list(demo.get_api_info()["named_endpoints"]) == ["/read"]
    urgent = [function for function in demo.fns.values() if is_urgent(function.fn)]
    assert [function.page for function in urgent] == ["", "ko"]
    targets = {
        (demo.blocks[number].elem_id, event) for function in urgent for number, event in function.targets
    }
    assert targets == {("correct-editor", "input")}  # an edit is saved


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("[::1]", "[::1]")]
)
def test_the_host_may_be_ipv6(host, address):
    assert app.listening_address(host) == address


def test_importing_the_app_does_not_import_torch():
    result = run("-c", "import app, sys; sys.exit('torch' in sys.modules)")
    assert result.returncode == 0, result.stderr
