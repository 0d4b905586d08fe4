"""The tab as a whole."""

from __future__ import annotations

import subprocess
import sys

import gradio as gr

from spotter.tabs.look_inside.tab import build_look_inside
from spotter.tabs.shared.loading import Loader


def test_the_tab_is_built_without_torch(tiny_file):
    program = (
        "import sys, gradio as gr\n"
        "from spotter.tabs.shared.loading import Loader\n"
        "from spotter.tabs.look_inside.tab import build_look_inside\n"
        "with gr.Blocks(analytics_enabled=False):\n"
        "    with gr.Tab('Look inside') as tab:\n"
        f"        build_look_inside(Loader({str(tiny_file)!r}), tab)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_traces_of_idle_users_are_dropped(tiny_file):
    with gr.Blocks(analytics_enabled=False) as demo, gr.Tab("Look inside") as tab:
        build_look_inside(Loader(str(tiny_file)), tab)
    states = [block for block in demo.blocks.values() if isinstance(block, gr.State)]
    assert min(state.time_to_live for state in states) <= 3600
