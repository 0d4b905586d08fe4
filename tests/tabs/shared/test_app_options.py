"""The options of the app."""

from __future__ import annotations

from dataclasses import fields

import pytest

from spotter.tabs.shared.app_options import Options, parse
from spotter.tabs.shared.environment import Environment


def test_the_command_line_is_parsed(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    options = parse([])
    assert options == Options(
        "127.0.0.1", 7860, "nano", None, None, None, [], [], "", False, False, False, ""
    )
    options = parse(["--port", "80", "--device", "cpu", "--auth", "ann:se:cret"])
    assert (options.port, options.device, options.auth) == (80, "cpu", ("ann", "se:cret"))


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
    assert parse(arguments).demo is is_demo


def test_a_space_listens_on_all_addresses(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "a/b")
    assert parse([]).host == "0.0.0.0"


def test_every_option_may_be_in_the_environment():
    assert set(Environment.model_fields) == {field.name for field in fields(Options)}
