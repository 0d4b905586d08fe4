"""The commands of `python -m annotation`."""

from __future__ import annotations

import errno
import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from annotation.__main__ import COMMANDS, main, parse
from annotation.commands.add import Add
from annotation.commands.delete import Delete
from annotation.commands.label_studio import Pull, Push, Serve
from annotation.commands.lists import Find, List
from annotation.commands.stats import Stats
from annotation.commands.transfer import Export, Import
from annotation.formats import EXPORTS, FORMATS

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-that-nobody-may-see"
NO_SERVER = ["--server", "http://127.0.0.1:9", "--project", "signs"]


def test_parse(monkeypatch):
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    url, server = "sqlite:///annotation.db", "http://127.0.0.1:8080"
    assert parse(["import", "a.json"]) == Import(Path("a.json"), None, None, False, url, "default")
    assert parse(
        ["import", "in", "--images", "x", "--format", "icdar", "--strict", "--project", "p"]
    ) == Import(Path("in"), Path("x"), "icdar", True, url, "p")
    assert parse(["export", "out", "--format", "coco"]) == Export(Path("out"), "coco", url, "default")
    assert parse(["push", "--project", "p"]) == Push(server, url, "p", False)
    assert parse(["pull", "--server", "http://x", "--database", "u"]) == Pull("http://x", "u", "default")
    assert parse(["add", "a", "b", "--recursive"]) == Add(
        [Path("a"), Path("b")], True, False, None, url, "default"
    )
    assert parse(["list"]) == List(None, url, None)
    assert parse(["find", "x", "--project", "p"]) == Find("x", False, url, "p")
    assert parse(["delete", "x", "--yes"]) == Delete(["x"], False, False, False, True, url, "default")
    assert parse(["stats", "--csv", "out.csv"]) == Stats(Path("out.csv"), url, "default")
    assert parse(["serve", "--port", "1"]) == Serve("127.0.0.1", 1, None, server, url)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fetch"],
        ["import"],
        ["import", "in", "--format", "voc"],
        ["export", "out", "--format", "art"],
        ["export", "out", "extra"],
        ["push", "--token", "x"],
        ["pull", "--project"],
        ["serve", "--port", "x"],
        ["add"],
        ["list", "--state", "finished"],
        ["find"],
        ["delete", "--older", "1"],
        ["stats", "--csv"],
    ],
    ids=" ".join,
)
def test_invalid_command_lines(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "error: " in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)], ids=" ".join)
def test_help(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(" ".join(["usage: python -m annotation", *arguments]))
    assert all(name in shown for name in COMMANDS if not arguments)


def test_help_imports_nothing_slow():
    code = """
import sys
from annotation.__main__ import main
try:
    main(["--help"])
finally:
    print({"numpy", "sqlalchemy", "torch", "gradio"} & sys.modules.keys(), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == "set()\n"


@pytest.fixture
def folder(tmp_path, picture, task) -> Path:
    """With a file of tasks and its image; the working directory is above it."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/photo.jpg").write_bytes(picture())
    (tmp_path / "in/tasks.json").write_text(json.dumps([task()]))
    return tmp_path / "in"


def test_import_and_export(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert main(["import", "in/tasks.json"]) == 0
    assert "images: 1 added" in capsys.readouterr().out
    assert Path("annotation.db").is_file()
    for form in EXPORTS:
        assert main(["export", form, "--format", form]) == 0
        if form not in FORMATS:
            continue
        options = ["--database", f"sqlite:///{form}.db", *(["--images", "in"] if form == "csv" else [])]
        assert main(["import", form, "--format", form, *options]) == 0
        assert main(["import", form, *options]) == 0
        assert capsys.readouterr().err == ""


def test_import_leaves_out_what_is_invalid_unless_strict(folder, task, capsys, monkeypatch):
    monkeypatch.chdir(folder.parent)
    missing = [task() | {"data": {"image": f"{name}.jpg"}} for name in ("one", "two")]
    (folder / "tasks.json").write_text(json.dumps([missing[0], task(), missing[1]]))
    assert main(["import", "in", "--strict"]) == 1
    output, error = capsys.readouterr()
    assert output == ""
    assert [line.count(".jpg") > 0 for line in error.splitlines()] == [False, True, True]
    assert not Path("annotation.db").exists()
    assert main(["import", "in"]) == 0
    assert "invalid and left out: 2" in capsys.readouterr().out
    (folder / "tasks.json").write_text(json.dumps(missing))
    assert main(["import", "in"]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export", "in"], "in already exists; choose another name."),
        (["export", "out", "--project", "nobody's"], 'There is no project "nobody\'s".'),
        (["export", "out", "--database", "sqlite:///missing.db"], "There is no such database."),
        (["import", "in/tasks.json", "--images", "nowhere"], "nowhere is not a folder."),
        (["import", "nowhere"], "nowhere does not exist."),
        (["import", "in/tasks.json", "--database", "nonsense"], "The database URL cannot be used; "),
    ],
)
def test_an_impossible_command_fails_with_one_sentence(folder, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(folder.parent)
    main(["import", "in"])
    capsys.readouterr()
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(message)
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("command", ["import", "export"])
@pytest.mark.parametrize("failure", ["damaged", "locked", "full"])
def test_a_failure_of_the_machine_gives_one_sentence(
    store, image_id, task, tmp_path, capsys, monkeypatch, command, failure
):

    def fail(*_, **__):
        if failure == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        message = "database disk image is malformed" if failure == "damaged" else "database is locked"
        raise OperationalError("SELECT secret", {}, sqlite3.OperationalError(message))

    (tmp_path / "tasks.json").write_text(json.dumps([task()]))
    (tmp_path / "photo.jpg").write_bytes(store.image_path(store.image(image_id)).read_bytes())
    monkeypatch.setattr("annotation.store.store.Store.read", fail)
    url = f"sqlite:///{tmp_path}/{'new' if command == 'import' else 'annotation'}.db"
    path = tmp_path / ("tasks.json" if command == "import" else "out")
    assert main([command, str(path), "--database", url]) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "secret" not in captured.err
    assert not (tmp_path / "new.db").exists()
    assert not (tmp_path / "out").exists()


def test_any_name_can_be_printed_on_any_terminal(tmp_path, picture):
    (tmp_path / "咖啡.jpg").write_bytes(picture())
    (tmp_path / "tasks.json").write_text(json.dumps([{"data": {"image": "咖啡.jpg"}}]))
    done = subprocess.run(
        [sys.executable, "-m", "annotation", "import", tmp_path, "--database", f"sqlite:///{tmp_path}/a.db"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u5496\\u5561.jpg: It has no annotation." in done.stdout


def test_who_reads_the_output_may_stop_early(store, image_id, database):
    command = [sys.executable, "-m", "annotation", "list", "--database", database]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 141)


def test_push_and_pull_without_a_server(database, store, image_id, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", TOKEN)
    store.ensure_project("signs")
    store.add_image(store.ensure_project("signs"), store.image_path(store.image(image_id)))
    assert main(["push", "--database", database, *NO_SERVER]) == 1
    assert main(["pull", "--database", f"sqlite:///{tmp_path}/new.db", *NO_SERVER]) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 2
    assert captured.err.count("cannot be reached") == 2
    assert TOKEN not in captured.err
    assert not (tmp_path / "new.db").exists()
    assert main(["push", "--database", f"sqlite:///{tmp_path}/new.db", *NO_SERVER]) == 1
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    assert main(["pull", "--database", f"sqlite:///{tmp_path}/new.db", *NO_SERVER]) == 1
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize(
    ("arguments", "token", "message"),
    [
        ([], "", "A token is needed"),
        (["--server", "ftp://x"], TOKEN, "The server's address cannot be used"),
        (["--server", "http://me:secret@x"], TOKEN, "The server's address must not contain a login"),
        (["--weights", "nothing"], TOKEN, "There are no weights"),
    ],
)
def test_serve_with_invalid_settings(tmp_path, monkeypatch, capsys, arguments, token, message):
    """Fails with one sentence, and creates no database."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", token)
    assert main(["serve", "--database", f"sqlite:///{tmp_path}/a.db", *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1
    assert "secret" not in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("host", "password", "warnings"), [("127.0.0.1", "", 0), ("0.0.0.0", "", 1), ("0.0.0.0", "x", 0)]
)
def test_serve_warns_about_a_public_port_without_a_password(
    monkeypatch, tmp_path, capsys, tiny_file, host, password, warnings
):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", TOKEN)
    monkeypatch.setenv("ML_BACKEND_TOKEN", password)
    monkeypatch.setattr("annotation.label_studio.http_server.serve", lambda *_: None)
    monkeypatch.setattr("annotation.commands.label_studio.decode_apart", lambda: None)  # it would last
    command = ["serve", "--database", f"sqlite:///{tmp_path}/a.db", "--weights", str(tiny_file)]
    assert main([*command, "--host", host]) == 0
    assert capsys.readouterr().err.count("ML_BACKEND_TOKEN") == warnings


@pytest.mark.parametrize("port", ["taken", "99999"])
def test_serve_on_an_unusable_port(tmp_path, monkeypatch, capsys, tiny_file, port):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", TOKEN)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1]) if port == "taken" else port
        command = ["serve", "--database", f"sqlite:///{tmp_path}/a.db", "--weights", str(tiny_file)]
        assert main([*command, "--port", port]) == 1
    assert "cannot be used" in capsys.readouterr().err
