"""The open tab is in the page's address (`?tab=correct`): a reload or a link leads to it.

If the tab has the elem_id NAME-tab, the name is also the page's `data-tab`, for the style sheets.
"""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from spotter.tabs.shared.events import HIDDEN

# Selecting the first tab is what a page does while it loads: it must not replace what the address says.
READY = "() => { window.tabIsOpen = true; }"
WRITE = """() => {
  if (!window.tabIsOpen) return;
  const address = new URL(location.href);
  address.searchParams.set("tab", "%s");
  history.replaceState(history.state, "", address);
}"""
# Not when a tab is selected, which gradio says a moment later: the page would jump.
SHOW = """() => {
  const container = document.querySelector(".gradio-container");
  const show = () => {
    const button = container.querySelector("[role=tab][aria-selected=true]");
    if (button) container.dataset.tab = button.id.replace("-tab-button", "");
  };
  new MutationObserver(show).observe(container, { attributeFilter: ["aria-selected"], subtree: true });
  show();
}"""


def keep_tab_in_address(demo: gr.Blocks, tabs: gr.Tabs, each: Sequence[gr.Tab]) -> None:
    """Opens the tab that the address names when the page has loaded; `each` has an id: a simple word."""
    names = [str(tab.id) for tab in each]

    def open_tab(request: gr.Request) -> gr.Tabs:
        name = request.query_params.get("tab")
        return gr.Tabs(selected=name) if name in names else gr.skip()

    for tab, name in zip(each, names, strict=True):
        tab.select(None, js=WRITE % name)
    demo.load(None, js=SHOW)
    opened = demo.load(open_tab, None, tabs, queue=False, **HIDDEN)
    opened.then(None, js=READY)
