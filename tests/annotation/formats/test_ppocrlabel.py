"""PPOCRLabel's Label.txt."""

from __future__ import annotations

import json

from annotation.formats import export_to


def test_lost_content_is_reported(store, awkward, tmp_path):
    notes = export_to(store, awkward, tmp_path / "out", "ppocrlabel").notes
    assert [note.split(":")[1].split()[0] for note in notes] == ["'hidden'", "'*'", "''"]


def test_one_line_per_image(store, awkward, tmp_path):
    export_to(store, awkward, tmp_path / "out", "ppocrlabel")
    name, words = (tmp_path / "out/Label.txt").read_text(encoding="utf-8").split("\t")
    assert name == "out/photo.jpg"
    assert [word["transcription"] for word in json.loads(words)][:3] == ["two\nlines", "fine", "###"]
