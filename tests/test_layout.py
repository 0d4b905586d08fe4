"""Who may import whom, and which names there are. See "Layout" in CONTRIBUTING.md."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {"app.py", "spotter", "annotation", "assets", "tests", "requirements.txt"} | {
    "README.md",
    "Makefile",
    "pyproject.toml",
    "LICENSE",
    "CONTRIBUTING.md",
    "requirements-train.txt",
    "requirements-fonts.txt",
}
NAMELESS = {"utils.py", "util.py", "misc.py", "helpers.py", "common.py"}

# Module prefix -> what it may import of ours. The longest prefix that fits a module counts.
OURS = {
    "app": ("spotter.tabs", "spotter.images", "annotation.tabs"),
    "annotation": ("annotation", "spotter"),
    "spotter": ("spotter",),
    "spotter.model": ("spotter.model", "spotter.config", "spotter.types"),
    "spotter.explain": ("spotter",),
    "spotter.tabs": (
        "spotter.tabs",
        "spotter.predictor",
        "spotter.explain",
        "spotter.images",
        "spotter.config",
        "spotter.types",
    ),
    # Its command renders the sample scenes; the tab itself does not.
    "spotter.tabs.samples": ("spotter",),
}
TRAINING_USERS = ("spotter.training", "spotter.evaluation", "annotation", "spotter.tabs.samples")
# Modules that only these parts may import. The longest prefix that fits an imported module counts.
RESERVED = {
    "spotter.tabs": ("app", "spotter.tabs", "annotation.tabs"),
    # Two views show the very functions the network was trained with: a copy could drift from them.
    "spotter.training.matcher": (*TRAINING_USERS, "spotter.explain.matching"),
    "spotter.training.fit_masks": (*TRAINING_USERS, "spotter.explain.matching", "spotter.explain.masks"),
    "spotter.training": TRAINING_USERS,
    "gradio": ("app", "spotter.tabs", "annotation.tabs", "annotation.editor"),
}
MODEL_MAY_USE = {"torch", "torchvision", "timm", "numpy", *sys.stdlib_module_names}


def sources() -> list[Path]:
    folders = [ROOT / "spotter", ROOT / "annotation"]
    return [ROOT / "app.py", *(path for folder in folders for path in sorted(folder.rglob("*.py")))]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Every module a file imports, at the top or inside of functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            of_package = (ROOT / node.module.replace(".", "/")).is_dir()
            found |= {f"{node.module}.{alias.name}" for alias in node.names} if of_package else {node.module}
    return found


def within(module: str, prefixes) -> bool:
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_imports_point_the_right_way(path):
    module = module_name(path)
    allowed = OURS[max((prefix for prefix in OURS if within(module, [prefix])), key=len)]
    for imported in imports(path):
        if within(imported, ["spotter", "annotation"]):
            assert within(imported, allowed), f"{module} imports {imported}"
        if reserved := [prefix for prefix in RESERVED if within(imported, [prefix])]:
            assert within(module, RESERVED[max(reserved, key=len)]), f"{module} imports {imported}"
        if within(module, ["spotter.model"]) and not within(imported, ["spotter"]):
            assert imported.split(".")[0] in MODEL_MAY_USE, f"{module} imports {imported}"


def test_top_level_names():
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [line.strip("/") for line in lines if line and not line.startswith("#")]
    found = {
        path.name
        for path in ROOT.iterdir()
        if not path.name.startswith(".") and not any(fnmatch(path.name, pattern) for pattern in ignored)
    }
    assert found <= TOP_LEVEL


def test_every_file_has_a_noun_for_a_name():
    assert not NAMELESS & {path.name for path in sources()}


def test_what_is_installed_agrees():
    """A Space installs requirements.txt and the README's Gradio, `make` the rest by pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    required = [line for line in lines if line and not line.startswith("#")]
    names = [{re.split(r"[<>=]", line)[0] for line in some} for some in (required, project["dependencies"])]
    assert names[0] == names[1]
    (gradio,) = (line for line in required if line.startswith("gradio"))
    assert gradio in project["dependencies"]
    space = re.search(r"^sdk_version: (\d+\.\d+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert gradio.startswith(f"gradio>={space[1]}")
