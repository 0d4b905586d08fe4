"""Shows and gives roles in a project."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from annotation.commands.stores import add_database_option, add_project_option, existing_store
from annotation.commands.terminal import tab_separated
from annotation.region import AnnotationError
from annotation.store.roles import ROLES

NO_ROLE = "none"


@dataclass(frozen=True)
class Roles:
    """Shows who has which role in a project, after giving NAME the role ROLE if they are named.

    Roles count where people log in; whoever can use this command may do everything.
    """

    name: str | None
    role: str | None
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", metavar="NAME", help="with which a person logs in")
        parser.add_argument(
            "role", nargs="?", metavar="ROLE", choices=[*ROLES, NO_ROLE], help=", ".join([*ROLES, NO_ROLE])
        )
        add_database_option(parser)
        add_project_option(parser)

    def run(self) -> list[str]:
        with existing_store(self.database) as store:
            project = store.find_project(self.project)
            if self.name is not None:
                if self.role is None:
                    raise AnnotationError(f"Which role? Add one of {', '.join([*ROLES, NO_ROLE])}.")
                store.give_role(project, self.name, None if self.role == NO_ROLE else self.role)
            members = store.members(project)
        lines = [tab_separated(person, role) for person, role in members.items()]
        return lines or ["This project has no owner: everybody who can log in may do everything."]
