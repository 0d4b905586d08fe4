"""The list of known words is made again."""

from __future__ import annotations

import lzma

import pytest

from spotter.training import known_word_list

pytest.importorskip("wordfreq", reason="words: pip install -r requirements-train.txt")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    words = known_word_list.known_word_list
    monkeypatch.setattr(known_word_list, "known_word_list", lambda: words(50, 20))


def test_the_most_frequent_words_come_first(tmp_path, capsys):
    out = tmp_path / "words/list.txt.xz"
    assert known_word_list.main(["--out", str(out)]) == 0
    words = lzma.decompress(out.read_bytes()).decode("ascii").splitlines()
    assert words[0] == "the"
    assert "und" in words[50:]
    assert len(set(words)) == len(words)
    assert f"{len(words)} words" in capsys.readouterr().out


def test_a_file_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert known_word_list.main(["--out", str(tmp_path / "file/list.txt.xz")]) == 2
    assert "cannot be written" in capsys.readouterr().err
