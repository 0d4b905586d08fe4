"""The views of Look inside, one a file. A module with NUMBER, TITLE, PAPER, NOTICE and `build` registers
itself.

NUMBER = 5                              # its place in the order of the data
TITLE = "Proposals"                     # of the sub-tab
PAPER = "section 3.2"                   # where the paper says it
NOTICE = "One sentence: what to notice."
def build() -> View: ...                # lays the components out, see spotter/tabs/look_inside/view.py
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def registered() -> list[ModuleType]:
    """The modules of this folder that hold a view, by their NUMBER."""
    modules = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
    return sorted((module for module in modules if hasattr(module, "build")), key=lambda view: view.NUMBER)


VIEWS = [(module.TITLE, module.build) for module in registered()]
