"""The loader of ES modules for gradio's HTML components."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.tabs.shared.javascript import component_script

ROOT = Path(__file__).resolve().parents[3]
COMPONENTS = [
    "annotation/editor/editor.js",
    "annotation/tabs/panels/listing.js",
    "annotation/tabs/shortcuts.js",
    "spotter/tabs/look_inside/figure.js",
    "spotter/tabs/shared/overlay.js",
]


def run(browser, script: str) -> object:
    """What `trigger` is called with, by a script that runs as gradio runs it."""
    page = browser.new_page()
    try:
        return page.evaluate(
            """(script) => {
                let triggered = null;
                const run = new Function("element", "props", "trigger", "watch", script);
                run(document.body, { value: 3 }, (event) => { triggered = event; }, () => {});
                return triggered;
            }""",
            script,
        )
    finally:
        page.close()


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder / "main.js"


@pytest.mark.browser
def test_a_module_uses_what_it_imports(tmp_path, browser):
    path = write(
        tmp_path,
        main='import { add } from "./sums.js";\nimport {\n  ONE,\n} from "./numbers.js";\n\n'
        "export function mount({ props, trigger }) {\n  trigger(String(add(props.value, ONE)));\n}\n",
        sums='import { ONE } from "./numbers.js";\n\nexport const add = (a, b) => a + b + ONE - ONE;\n',
        numbers="export const ONE = 1;\n",
    )
    assert run(browser, component_script(path)) == "4"


@pytest.mark.browser
def test_private_names_of_modules_do_not_collide(tmp_path, browser):
    path = write(
        tmp_path,
        main='import { other } from "./other.js";\n\nconst name = "main";\n'
        'export function mount({ trigger }) {\n  trigger(name + " " + other());\n}\n',
        other='const name = "other";\nexport function other() {\n  return name;\n}\n',
    )
    assert run(browser, component_script(path)) == "main other"


@pytest.mark.parametrize(
    "line",
    [
        'import * as all from "./other.js";',
        'import { mount } from "https://example.org/module.js";',
        "export default 1;",
        "export class Shape {}",
    ],
)
def test_unsupported_lines_are_rejected(tmp_path, line):
    path = write(tmp_path, main=line + "\n")
    with pytest.raises(ValueError, match=r"main\.js: cannot be loaded"):
        component_script(path)


def test_modules_that_import_each_other_are_rejected(tmp_path):
    path = write(tmp_path, main='import { b } from "./b.js";\n', b='import { a } from "./main.js";\n')
    with pytest.raises(ValueError, match="cycle"):
        component_script(path)


@pytest.mark.parametrize("path", COMPONENTS)
def test_no_component_writes_markup(path):
    """What people, files and models wrote goes through textContent and attributes."""
    script = component_script(ROOT / path)
    assert "innerHTML" not in script
    assert "outerHTML" not in script
    assert "insertAdjacentHTML" not in script
