"""People with passwords."""

from __future__ import annotations

import io
import stat
import sys

import gradio as gr
import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from spotter.tabs.shared import logins
from spotter.tabs.shared.logins import ATTEMPTS, LoginError, LoginLimit, Logins, add_login, limit_logins, main

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def fast_hashes(monkeypatch):
    monkeypatch.setattr(logins, "HASHER", logins.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def test_nobody_can_log_in_with_an_empty_file(tmp_path):
    (tmp_path / "logins").touch()
    with pytest.raises(LoginError, match="it is empty"):
        Logins(tmp_path / "logins")


def test_one_person(tmp_path):
    add_login(tmp_path / "logins", "ann", PASSWORD)
    people = Logins(tmp_path / "logins")
    assert people.verify("ann", PASSWORD)
    for name, password in [("ann", PASSWORD + " "), ("ann", ""), ("bob", PASSWORD), ("bob", ""), ("", "")]:
        assert not people.verify(name, password)


def test_the_file_holds_no_password_and_is_for_its_owner(tmp_path):
    file = tmp_path / "logins"
    add_login(file, "ann", PASSWORD)
    add_login(file, "유나", PASSWORD)
    assert PASSWORD not in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(logins.read_logins(file)) == ["ann", "유나"]


def test_a_changed_password_replaces_the_one_before(tmp_path):
    add_login(tmp_path / "logins", "ann", PASSWORD)
    add_login(tmp_path / "logins", "ann", "battery staple")
    people = Logins(tmp_path / "logins")
    assert (people.verify("ann", PASSWORD), people.verify("ann", "battery staple")) == (False, True)


@pytest.mark.parametrize("name", ["", " ann", "ann:bob", "a\nb", "a" * 101])
def test_names_that_a_line_cannot_hold(tmp_path, name):
    with pytest.raises(LoginError, match="A name has"):
        add_login(tmp_path / "logins", name, PASSWORD)


@pytest.mark.parametrize("password", ["", "short", "a" * 1001])
def test_short_and_endless_passwords(tmp_path, password):
    with pytest.raises(LoginError, match="A password has"):
        add_login(tmp_path / "logins", "ann", password)


@pytest.mark.parametrize("content", [b"ann:secret\n", b"ann\n", b"\xff", b"\n"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "logins").write_bytes(content)
    with pytest.raises(LoginError, match=r"is not NAME:HASH|cannot be read"):
        Logins(tmp_path / "logins")


def test_there_is_no_such_file(tmp_path):
    with pytest.raises(LoginError, match="cannot be read: No such file"):
        Logins(tmp_path / "logins")


def test_the_command_adds_a_person(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    assert main([str(tmp_path / "logins"), "ann"]) == 0
    assert Logins(tmp_path / "logins").verify("ann", PASSWORD)
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    assert main([str(tmp_path / "logins"), "bob"]) == 2
    assert capsys.readouterr().err == "A password has 8 to 1000 characters.\n"


def test_an_ipv6_network_counts_as_one_visitor():
    async def app(scope, receive, send):
        await PlainTextResponse("checked")(scope, receive, send)

    guarded, answers = LoginLimit(app), []
    for number in range(ATTEMPTS + 1):
        client = TestClient(guarded, client=(f"2001:db8::{number + 1:x}", 1))
        answers.append(client.post("/login").status_code)
    assert answers == [200] * ATTEMPTS + [429]
    assert TestClient(guarded, client=("2001:db8:1::1", 1)).post("/login").status_code == 200


def test_attempts_are_limited(tmp_path):
    add_login(tmp_path / "logins", "ann", PASSWORD)
    with gr.Blocks() as demo:
        gr.Textbox()
    options = {
        "quiet": True,
        "prevent_thread_lock": True,
        "share": False,
        "ssr_mode": False,
        "_frontend": False,
    }
    people = Logins(tmp_path / "logins")
    _, url, _ = demo.launch(**options, auth=people.check, app_kwargs={"middleware": [limit_logins()]})

    def log_in(password: str) -> int:
        return httpx.post(
            f"{url}login", data={"username": "ann", "password": password}, timeout=60
        ).status_code

    try:
        assert log_in(PASSWORD) == 200
        assert [log_in("wrong") for _ in range(ATTEMPTS)] == [400] * (ATTEMPTS - 1) + [429]
        assert log_in(PASSWORD) == 429
    finally:
        demo.close()
