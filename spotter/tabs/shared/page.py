"""What every page of the app has: theme, style sheet, scripts in its head, translations for Gradio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotter.tabs.shared.fonts import font_faces
from spotter.tabs.shared.gradio_texts import gradio_translations
from spotter.tabs.shared.only_view import only_view_head
from spotter.tabs.shared.theme import CSS, theme

EVENT_STREAM = Path(__file__).with_name("event_stream.js").read_text(encoding="utf-8")


def page_options() -> dict[str, Any]:
    """Arguments of `gr.Blocks.launch`."""
    head = f"<style>{font_faces()}</style><script>{EVENT_STREAM}</script>{only_view_head()}"
    return {
        "theme": theme(),
        "css": CSS,
        "head": head,
        "ssr_mode": False,
        "i18n": gradio_translations(),
    }
