"""Colours and fonts of the app. The fonts are files of the gradio package and ours, see `fonts`."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.themes.utils.fonts import LocalFont

from spotter.tabs.shared.fonts import HANGUL

# Teal from the middle of the confidence scale (viridis), on paper and ink.
TEAL = gr.themes.Color(
    name="teal",
    c50="#eef8f6",
    c100="#d5efea",
    c200="#abded5",
    c300="#78c7bb",
    c400="#44aa9d",
    c500="#238d82",
    c600="#14716a",
    c700="#115b56",
    c800="#114946",
    c900="#0f3b39",
    c950="#062322",
)
INK = gr.themes.Color(
    name="ink",
    c50="#f7f6f2",
    c100="#edece6",
    c200="#dcdad2",
    c300="#bdbbb4",
    c400="#8f9196",
    c500="#6a6f78",
    c600="#4d535e",
    c700="#333a46",
    c800="#1e2530",
    c900="#141a23",
    c950="#0c1118",
)
CSS = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def theme() -> gr.themes.Base:
    """The theme, for light and dark mode."""
    return gr.themes.Base(
        primary_hue=TEAL,
        secondary_hue=TEAL,
        neutral_hue=INK,
        radius_size=gr.themes.sizes.radius_md,
        # No 600: gradio 6.31 ships Cyrillic letters only in those files.
        font=[LocalFont("IBM Plex Sans", weights=(400, 700)), HANGUL, "system-ui", "sans-serif"],
        font_mono=[LocalFont("IBM Plex Mono", weights=(400, 700)), HANGUL, "ui-monospace", "monospace"],
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_300",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_700",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_700",
        color_accent="*primary_600",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_text_color="white",
    )
