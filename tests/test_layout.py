"""Import directions and file names. See "Packages" in spotter/README.md."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {"app.py", "spotter", "annotation", "assets", "tests", "requirements.txt"} | {
    "README.md",
    "README.ko.md",
    "Makefile",
    "pyproject.toml",
    "LICENSE",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "CITATION.cff",
    "SECURITY.md",
    "requirements.lock",
    "requirements-train.txt",
    "requirements-fonts.txt",
}
MEANINGLESS = {"utils.py", "util.py", "misc.py", "helpers.py", "common.py"}

# Layers from the bottom up; a module may import its own layer and those below. The longest prefix counts.
LAYERS = {
    "spotter.ops": 0,
    "spotter.config": 0,
    "spotter.types": 0,
    "spotter.charset": 0,
    "spotter.images": 0,
    "spotter.decoding": 0,
    "spotter.bit_depth": 0,
    "spotter.pdf": 0,
    "spotter.memory": 0,
    "spotter.resources": 0,
    "spotter.program": 0,
    "spotter.language": 0,
    "spotter.output_files": 0,
    "spotter.console": 13,
    "spotter.inputs": 1,
    "spotter.words_json": 1,
    "spotter.large_words": 1,
    "spotter.known_words": 1,
    "spotter.rereading": 2,
    "spotter.drawn_regions": 3,
    "spotter.drawing": 1,
    "spotter.model": 1,
    "spotter.weights": 2,
    "spotter.convert": 3,
    "spotter.convert_options": 0,
    "spotter.data": 3,
    "spotter.formats": 4,
    "spotter.tracing": 4,
    "spotter.tracing.interventions": 6,
    "spotter.predictor": 5,
    "spotter": 6,
    "spotter.bulk": 7,
    "spotter.evaluation": 7,
    "spotter.training": 8,
    "spotter.explain": 8,
    "spotter.tabs": 9,
    "annotation": 10,
    "annotation.rounds": 11,
    "annotation.commands": 12,
    "annotation.__main__": 12,
    "annotation.rounds.__main__": 12,
    "annotation.tabs": 12,
    "app": 13,
}
# What builds the page.
PAGE = ("app", "spotter.tabs", "annotation.tabs", "annotation.editor")
# Modules that only these parts may import. The longest prefix that fits an imported module counts.
RESERVED = {
    "spotter.tabs": ("app", "spotter.tabs"),
    "spotter.tabs.shared": PAGE,
    "spotter.training": ("spotter.training", "annotation.rounds"),
    "gradio": PAGE,
}
SLOW = {"torch", "torchvision", "timm"}  # seconds to import
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


def longest_prefix(module: str, prefixes) -> str:
    return max((prefix for prefix in prefixes if within(module, [prefix])), key=len)


def layer_of(module: str) -> int:
    return LAYERS[longest_prefix(module, LAYERS)]


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_imports_point_downwards(path):
    module = module_name(path)
    for imported in imports(path):
        if within(imported, ["spotter", "annotation"]):
            assert layer_of(imported) <= layer_of(module), f"{module} imports {imported}"
        if within(imported, RESERVED):
            assert within(module, RESERVED[longest_prefix(imported, RESERVED)]), (
                f"{module} imports {imported}"
            )
        if within(module, ["spotter.model"]) and not within(imported, ["spotter"]):
            assert imported.split(".")[0] in MODEL_MAY_USE, f"{module} imports {imported}"


def test_no_circular_imports():
    """Those inside of functions and those for type checkers included."""
    paths = {module_name(path): path for path in sources()}
    graph = {module: imports(path) & paths.keys() - {module} for module, path in paths.items()}
    while leaves := [module for module, imported in graph.items() if not imported & graph.keys()]:
        for module in leaves:
            del graph[module]
    assert graph == {}


def top_level_imports(tree: ast.Module) -> set[str]:
    """First part of every module that is imported when the file is; `if TYPE_CHECKING` is left out."""
    found: set[str] = set()
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            pending += ast.iter_child_nodes(node)
    return found


@pytest.mark.parametrize(
    "path", [path for path in sources() if within(module_name(path), PAGE)], ids=module_name
)
def test_the_page_imports_torch_inside_functions_only(path):
    """So that it appears before torch is loaded; `test_app.py` checks all that the app imports."""
    assert not top_level_imports(ast.parse(path.read_text(encoding="utf-8"))) & SLOW


def test_top_level_imports_are_found():
    code = """
import a.b
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import torch
else:
    import c
try:
    from d.e import f
except ImportError:
    pass
class G:
    import h
    def method(self):
        import timm
"""
    assert top_level_imports(ast.parse(code)) == {"a", "typing", "c", "d", "h"}


def test_top_level_names():
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [line.strip("/") for line in lines if line and not line.startswith("#")]
    found = {
        path.name
        for path in ROOT.iterdir()
        if not path.name.startswith(".") and not any(fnmatch(path.name, pattern) for pattern in ignored)
    }
    assert found <= TOP_LEVEL


def test_no_module_has_a_meaningless_name():
    assert not MEANINGLESS & {path.name for path in sources()}


def test_requirements_agree():
    """A Space installs requirements.txt: what reads photos, [app] and [label-studio]."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    required = [line for line in lines if line and not line.startswith("#")]
    extras = project["optional-dependencies"]
    installed = [*project["dependencies"], *extras["app"], *extras["label-studio"]]
    names = [[re.split(r"[<>=]", line)[0] for line in some] for some in (required, installed)]
    assert names[0] == names[1]
    (gradio,) = (line for line in required if line.startswith("gradio"))
    assert gradio in installed
    space = re.search(r"^sdk_version: (\d+\.\d+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert gradio.startswith(f"gradio>={space[1]}")


def test_lock_has_every_requirement_with_hashes():
    """`make lock` repairs it."""
    pins = re.findall(
        r"^([\w.-]+)(?:\[[^]]*\])?==(\S+)(.*)((?:\n    --hash=sha256:[0-9a-f]{64}.*)*)",
        (ROOT / "requirements.lock").read_text(encoding="utf-8"),
        re.M,
    )
    assert not [name for name, _, _, hashes in pins if not hashes]
    locked: dict[str, list[str]] = {}
    for name, version, *_ in pins:
        locked.setdefault(name, []).append(version)
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for requirement in (Requirement(line) for line in lines if line and not line.startswith("#")):
        assert requirement.name in locked
        assert all(requirement.specifier.contains(version) for version in locked[requirement.name])
