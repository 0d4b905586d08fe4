"""Rounds of fine-tuning on the corrected photos of a project: `python -m annotation.rounds COMMAND`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from annotation.__main__ import parse
from annotation.__main__ import run as run_command
from spotter.program import program_name

COMMANDS = {
    "run": ("rounds.Run", "Fine-tunes the spotter on the corrected photos and judges the result."),
    "list": ("rounds.List", "Lists the rounds of a project."),
    "show": ("rounds.Show", "Shows a round, its figures and every word that changed."),
    "compare": ("rounds.Compare", "Shows the figures of several rounds side by side."),
    "promote": ("rounds.Promote", "Serves the weights of a round from now on."),
    "rollback": ("rounds.Rollback", "Serves the weights of an earlier round, or those of the app."),
    "delete": ("rounds.Delete", "Deletes a round with its weights."),
    "simulate": ("simulate.Simulate", "Simulates the loop on photographs whose words are known."),
}


def main(arguments: Sequence[str] | None = None) -> int:
    return run_command(parse(arguments, COMMANDS, program_name("annotation.rounds"), __doc__))


if __name__ == "__main__":
    sys.exit(main())
