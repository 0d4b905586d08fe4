"""The example in spotter/README.md runs and saves its picture; the Korean README agrees with the others."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*(?:e-\d+)?")


def test_the_korean_readme_has_the_numbers_of_the_others():
    korean = (ROOT / "README.ko.md").read_text(encoding="utf-8")
    others = "".join(
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "annotation/README.md")
    )
    invented = set(NUMBER.findall(korean)) - set(NUMBER.findall(others))
    assert not invented
    results = others[others.index("## Results") : others.index("## From the paper")]
    for row in re.findall(r"^\| .*\d.* \|$", results, re.MULTILINE):
        missing = set(NUMBER.findall(row)) - set(NUMBER.findall(korean))
        assert not missing, row


def test_the_links_of_the_korean_readme_lead_to_files():
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.ko.md").read_text(encoding="utf-8"))
    assert "README.md" in links
    assert all((ROOT / link).exists() for link in links)


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
