"""What can be taken away: slides of the photo, and one view alone to embed in other pages.

`?only=view` in the address shows one view without the page around it, see spotter/tabs/shared/only_view.py.
"""

from __future__ import annotations

import gradio as gr

from spotter.language import tr
from spotter.tabs.look_inside.deck import LessonDeck
from spotter.tabs.shared.events import HIDDEN
from spotter.tabs.shared.loading import Loader

TOGGLE = """() => {
  const drawer = document.querySelector("#inside-take-away");
  const button = document.querySelector("#inside-take-away-open");
  button.setAttribute("aria-expanded", drawer.classList.toggle("open"));
}"""
# The address of the open view as it is shown, in the language of the page. It cannot hold a visitor's photo.
LINK = """() => {
  const address = new URL(location.href);
  const title = document.querySelector("#views [role=tab][aria-selected=true]");
  if (!address.searchParams.get("photo")) return "";
  address.searchParams.set("tab", "inside");
  address.searchParams.set("lang", document.documentElement.lang);
  address.searchParams.set("only", "view");
  const frame = document.createElement("iframe");
  frame.src = address.href;
  frame.title = title?.textContent.trim() ?? "";
  frame.width = 1280;
  frame.height = 720;
  frame.style.border = "0";
  return frame.outerHTML;
}"""


class TakeAway:
    """A button in the bar, and a drawer that it opens."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.open = gr.Button(tr("Take away"), size="sm", elem_id="inside-take-away-open")

    def panel(self) -> None:
        """Lays the drawer out where it is called."""
        with (
            gr.Column(elem_id="inside-take-away", elem_classes="drawer"),
            gr.Row(equal_height=False),
        ):
            with gr.Column(scale=3, min_width=280):
                self.deck = LessonDeck(self.loader)
            with gr.Column(scale=2, min_width=280):
                self.link = gr.Textbox(
                    label=tr("The open view alone, to embed"),
                    info=tr(
                        "A line of HTML for slides, a course page or a blog: photo, word, view and settings "
                        "as they are now."
                    ),
                    placeholder=tr("Only for samples: a photo of your own is in no address."),
                    lines=4,
                    max_lines=4,
                    interactive=False,
                    buttons=["copy"],
                    elem_id="inside-embed",
                )
                gr.Markdown(
                    tr(
                        "Other websites may show this page only if whoever runs it has named them (option "
                        "`--embed`). Each figure has buttons of its own to save it."
                    ),
                    elem_id="inside-embed-note",
                )

    def wire(self, trace: gr.State, word: gr.Dropdown, truth: gr.Textbox) -> None:
        self.deck.wire(trace, word, truth)
        self.open.click(None, None, None, js=TOGGLE, **HIDDEN)
        self.open.click(None, None, self.link, js=LINK, **HIDDEN)
