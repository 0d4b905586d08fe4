"""Texts that are made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.data.user_cache import cached_text, user_cache


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return user_cache()


def test_a_text_is_made_once(cache):
    calls = []
    for _ in range(2):
        assert cached_text("a/b.txt", lambda: calls.append(1) or "é") == "é"
    assert calls == [1]
    assert [path.name for path in (cache / "a").iterdir()] == ["b.txt"]


def test_without_a_cache_it_is_made_each_time(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder would be")
    assert [cached_text("a.txt", lambda: "x") for _ in range(2)] == ["x", "x"]


def test_a_damaged_file_is_replaced(cache):
    cache.mkdir(parents=True)
    (cache / "a.txt").write_bytes(b"\xff")
    assert cached_text("a.txt", lambda: "x") == "x"
    assert (cache / "a.txt").read_text() == "x"
