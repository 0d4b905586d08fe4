"""Options of the app in environment variables."""

from __future__ import annotations

import pytest

from spotter.tabs.shared.environment import read_environment


def test_none(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.setenv("SPOTTER_PORT", "")
    found = read_environment()
    assert (found.host, found.port, found.database, found.allow_host) == ("127.0.0.1", 7860, None, [])


def test_all_kinds(monkeypatch):
    for name, value in (
        ("DATABASE", "postgresql://u@h/d"),
        ("PORT", "8000"),
        ("MCP", "1"),
        ("ALLOW_HOST", "a.example, b.example"),
        ("EMBED", "https://c.example"),
    ):
        monkeypatch.setenv(f"SPOTTER_{name}", value)
    found = read_environment()
    assert (found.database, found.port, found.mcp) == ("postgresql://u@h/d", 8000, True)
    assert (found.allow_host, found.embed) == (["a.example", "b.example"], ["https://c.example"])


@pytest.mark.parametrize(("name", "value"), [("PORT", "http"), ("MCP", "maybe")])
def test_an_invalid_value_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"SPOTTER_{name}", value)
    with pytest.raises(ValueError, match=f"The environment variable SPOTTER_{name} cannot be used"):
        read_environment()
