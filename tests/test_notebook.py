"""The notebook runs and draws what it says; it is stored without outputs."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from PIL import Image

NOTEBOOK = Path(__file__).parents[1] / "assets" / "lesson.ipynb"
FIGURES = 12


@pytest.fixture(scope="module")
def cells() -> list[dict]:
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def run(source: str, names: dict):
    """Runs a cell and returns its last expression, which a notebook shows."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def test_all_cells_run_and_draw_their_figures(cells):
    """It takes ten seconds, since it reads a photo with the built-in weights, as the reader of it does."""
    names: dict = {}
    shown = [run("".join(cell["source"]), names) for cell in cells if cell["cell_type"] == "code"]
    pictures = [one for one in shown if isinstance(one, Image.Image)]
    assert len(pictures) == FIGURES
    assert all(picture.width > 100 for picture in pictures)


def test_it_is_stored_without_outputs(cells):
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    assert NOTEBOOK.stat().st_size < 20_000
