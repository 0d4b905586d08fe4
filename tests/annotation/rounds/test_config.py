"""Numbers of the rounds, and requests that they forbid."""

from __future__ import annotations

import os

import pytest

from annotation.rounds.config import RoundConfig, check_request
from annotation.rounds.records import RoundError


def test_no_photographs_are_named(monkeypatch):
    monkeypatch.delenv("SPOTTER_PHOTOGRAPHS", raising=False)
    assert RoundConfig().shipped_photographs == ()
    assert check_request(RoundConfig(), None, "auto") == RoundConfig().minutes
    assert check_request(RoundConfig(), 2.5, "detector") == 2.5


def test_photographs_of_the_shipped_weights_are_named_by_the_environment(monkeypatch, tmp_path):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        for name in ("images", "gt"):
            (folder / name).mkdir(parents=True)
    monkeypatch.setenv("SPOTTER_PHOTOGRAPHS", os.pathsep.join(map(str, folders)))
    config = RoundConfig()
    assert config.shipped_photographs == tuple(map(str, folders))
    check_request(config, None, "auto")
    (folders[1] / "gt").rmdir()
    with pytest.raises(RoundError, match="two has no folders images and gt"):
        check_request(config, None, "auto")
