"""Photos and annotations of a project: `python -m annotation COMMAND`."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Protocol

from spotter.program import program_name

INTERRUPTED, BROKEN_PIPE = 130, 141  # exit codes, as in shells

# Name: class, and what it does. Its module is only imported if it is asked for.
COMMANDS = {
    "add": ("add.Add", "Adds photos to a project."),
    "list": ("lists.List", "Lists projects, or the photos of one."),
    "find": ("lists.Find", "Finds photos by name and words by text."),
    "delete": ("delete.Delete", "Deletes photos or a project."),
    "roles": ("roles.Roles", "Shows and gives roles in a project."),
    "stats": ("stats.Stats", "Shows work, agreement and corrections of a project."),
    "import": ("transfer.Import", "Imports a file or folder."),
    "export": ("transfer.Export", "Exports a project into a new folder or file."),
    "push": ("label_studio.Push", "Sends a project to a Label Studio server."),
    "pull": ("label_studio.Pull", "Imports a project from a Label Studio server."),
    "serve": ("label_studio.Serve", "Runs an ML backend for a Label Studio server."),
}


class Command(Protocol):
    """A command with its options."""

    def run(self) -> Iterable[str]:
        """Does it; the lines to print. Raises AnnotationError."""
        ...


def parse(
    arguments: Sequence[str] | None = None,
    commands: Mapping[str, tuple[str, str]] = COMMANDS,
    program: str | None = None,
    description: str | None = __doc__,
) -> Command:
    """Exits with code 2 if the command line is invalid."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(program or program_name("annotation"), description=description)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (path, summary) in commands.items():
        subparser = subparsers.add_parser(name, help=summary)
        if name in arguments[:1]:
            module, _, class_name = path.partition(".")
            command = getattr(import_module(f"annotation.commands.{module}"), class_name)
            command.add_options(subparser)
            subparser.description = command.__doc__
            subparser.set_defaults(command=command)
    values = vars(parser.parse_args(arguments))
    return values.pop("command")(**values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0, or 1 after a sentence (and a line per fault) on stderr, with nothing changed."""
    return run(parse(arguments))


def run(command: Command) -> int:
    """Prints its lines, or on stderr why it failed; the exit code, 0 or 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # any name or text on any terminal
    from sqlalchemy.exc import SQLAlchemyError  # late: `--help` needs neither

    from annotation.region import AnnotationError

    try:
        for line in command.run():
            print(line)
        sys.stdout.flush()
    except AnnotationError as error:
        print(error, file=sys.stderr)
        return 1
    except SQLAlchemyError as error:
        # Without the statement, which may contain texts of the user.
        reason = " ".join(str(getattr(error, "orig", None) or type(error).__name__).split())
        print(f"The database could not be read or written: {reason}.", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the program that reads the output has enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is left in the buffer
        return BROKEN_PIPE
    except OSError as error:  # disk full, no permission
        print(f"A file could not be read or written: {error.strerror or error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
