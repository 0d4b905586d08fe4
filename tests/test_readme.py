"""The example in spotter/README.md runs and saves its picture."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]


def test_example_saves_the_six_stages(tmp_path):
    blocks = (ROOT / "spotter" / "README.md").read_text(encoding="utf-8").split("```python\n")[1:]
    (example,) = (block.split("```")[0] for block in blocks if "six-stages.png" in block)
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    scores = done.stdout.strip().strip("[]").split(", ")
    assert len(scores) == 6
    with Image.open(tmp_path / "six-stages.png") as picture:
        assert picture.width > 4 * 500
        assert picture.height > 2 * 300
