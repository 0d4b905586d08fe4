"""The command `spotter`: all programs of the project. Only the one that is asked for is imported."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from types import ModuleType

import typer

from spotter.program import COMMAND, VERSION
from spotter.resources import APP

DISTRIBUTION = "swintextspotter-opened-up"


@dataclass(frozen=True)
class Program:
    """A module whose `main` takes the arguments and returns the exit code."""

    module: str
    summary: str
    extra: str = ""  # what to install for it, besides what reads photos
    options: str = ""  # a module that checks the command line first, if the program's takes seconds to import


PROGRAMS = {
    "read": Program("spotter.__main__", "Read the words on photos and in PDF documents."),
    "bulk": Program("spotter.bulk.__main__", "Read millions of photos, on many machines.", "bulk"),
    "app": Program("app", "Start the web app: read, look inside, correct, fine-tune.", "app"),
    "login": Program("spotter.tabs.shared.logins", "Add a login for the web app.", "app"),
    "annotate": Program("annotation.__main__", "Photos and annotations of a project.", "app"),
    "rounds": Program("annotation.rounds.__main__", "Fine-tune on the corrected photos of a project.", "app"),
    "train": Program("spotter.training.__main__", "Train a spotter.", "train"),
    "pack": Program("spotter.training.pack", "Pack what training needs into one file.", "train"),
    "export": Program(
        "spotter.training.export",
        "Export the weights of a training run.",
        "train",
        "spotter.training.export_options",
    ),
    "convert": Program(
        "spotter.convert", "Convert a published checkpoint.", options="spotter.convert_options"
    ),
    "evaluate": Program("spotter.evaluation.__main__", "Measure how well words are found and read.", "train"),
    "benchmark": Program(
        "spotter.evaluation.benchmark",
        "Measure speed and memory.",
        "train",
        "spotter.evaluation.benchmark_options",
    ),
}

console = typer.Typer(
    name=COMMAND,
    help="SwinTextSpotter, opened up: reads the words on photos. `spotter COMMAND --help` lists the options.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # which takes longer to import than all the rest
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"{COMMAND} {VERSION}")
        raise typer.Exit


@console.callback()
def common_options(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Show it."),
) -> None:
    """Options of `spotter` itself."""


def _add(name: str, program: Program) -> None:
    """A command whose options, `--help` among them, are those of the program."""

    def run(context: typer.Context) -> None:
        sys.argv = [f"{COMMAND} {name}", *context.args]
        if program.options:
            importlib.import_module(program.options).parse(context.args)
        raise typer.Exit(_load(name, program).main(context.args))

    settings = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
    console.command(name, help=program.summary, context_settings=settings)(run)


for _name, _program in PROGRAMS.items():
    _add(_name, _program)


def _load(name: str, program: Program) -> ModuleType:
    """Exits with code 2 and one sentence if a package is missing."""
    try:
        if program.module != "app":
            return importlib.import_module(program.module)
        spec = importlib.util.spec_from_file_location(program.module, APP)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[program.module] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    except ModuleNotFoundError as error:
        if not program.extra or (error.name or "").partition(".")[0] in ("spotter", "annotation"):
            raise
        print(
            f"`{COMMAND} {name}` needs {error.name}, which is not installed; "
            f"run: pip install '{DISTRIBUTION}[{program.extra}]'",
            file=sys.stderr,
        )
        raise typer.Exit(2) from None


def main() -> None:
    console(prog_name=COMMAND)


if __name__ == "__main__":
    main()
