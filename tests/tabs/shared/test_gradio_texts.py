"""What Gradio has in English only."""

from __future__ import annotations

import re
from pathlib import Path

import gradio as gr

from spotter.language import LANGUAGES, speaking
from spotter.tabs.shared.gradio_texts import gradio_labels, gradio_translations

ASSETS = Path(gr.__file__).parent / "templates" / "frontend" / "assets"


def test_the_place_in_the_queue_has_its_values_in_every_language():
    translations = gradio_translations().translations_dict
    assert set(translations) == set(LANGUAGES) - {"en"}
    for texts in translations.values():
        assert set(re.findall(r"\{\w+\}", texts["status.queue_position"])) == {"{position}", "{size}"}


def test_every_label_is_translated():
    with speaking("ko"):
        assert not [english for english, own in gradio_labels().items() if english == own]


def test_this_version_of_gradio_says_them():
    """Otherwise a translation is not needed any more, or the text is worded in another way."""
    scripts = [path.read_text(encoding="utf-8") for path in ASSETS.glob("*.js")]
    unsaid = [english for english in gradio_labels() if not any(english in script for script in scripts)]
    assert not unsaid
