"""ES modules for `gr.HTML`, which takes the JavaScript of a component as one string."""

from __future__ import annotations

import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

IMPORT = re.compile(r'^import \{([^}]+)\} from "(\.[^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:const|function) (\w+))", re.MULTILINE)
JSDOC = re.compile(r"/\*\*.*?\*/\s?", re.DOTALL)
MODULE_LINE = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


@cache
def component_script(path: Path) -> str:
    """One script out of the module at `path` and all modules it imports, for `js_on_load`.

    gradio runs it once per mount; it calls the module's `mount` with `element`, `props`, `trigger` and
    `watch`. The modules are not served as files: gradio's file route sends no Cache-Control, so that after an
    update browsers could mix modules of two versions.

    Each module becomes a function that returns its exports, so that its other names stay private. It may use
    `import { a, b } from "./file.js";`, `export const` and `export function`, nothing else. JSDoc is left
    out, as a page may have dozens of components, each with its script.

    Raises:
        ValueError: other forms of import and export, or modules that import each other.
    """
    sources: dict[Path, str] = {}
    pending = [path.resolve()]
    while pending:
        module = pending.pop()
        if module not in sources:
            sources[module] = module.read_text(encoding="utf-8")
            pending += imported_modules(module, sources[module])
    graph = {module: imported_modules(module, source) for module, source in sources.items()}
    order = list(TopologicalSorter(graph).static_order())  # a CycleError is a ValueError
    functions = [as_function(module, sources[module], order) for module in order]
    call = f"modules[{len(order) - 1}].mount({{ element, props, trigger, watch }});"
    return "\n".join(['"use strict";', "const modules = [];", *functions, call])


def imported_modules(module: Path, source: str) -> list[Path]:
    return [(module.parent / target).resolve() for _, target in IMPORT.findall(source)]


def as_function(module: Path, source: str, order: list[Path]) -> str:
    """The module as a call that appends its exports to the array `modules`."""
    targets = iter(imported_modules(module, source))
    body = IMPORT.sub(lambda found: f"const {{{found[1]}}} = modules[{order.index(next(targets))}];", source)
    names = ", ".join(name for _, name in EXPORT.findall(body))
    body = JSDOC.sub("", EXPORT.sub(r"\1", body))
    if line := MODULE_LINE.search(body):
        raise ValueError(f"{module.name}: cannot be loaded: {line[0]}")
    return f"// {module.name}\nmodules.push((() => {{\n{body}\nreturn {{ {names} }};\n}})());"
