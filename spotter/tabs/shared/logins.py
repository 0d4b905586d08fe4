"""Logins of several people, from a file that holds hashes of their passwords.

    python -m spotter.tabs.shared.logins FILE NAME

asks for a password and adds NAME to FILE, or changes the password. A line of the file is NAME:HASH, with the
hash of Argon2id (RFC 9106).
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from spotter.language import tr
from spotter.program import program_name
from spotter.tabs.shared.visitor import network_of

MIN_PASSWORD = 8  # characters
MAX_PASSWORD = 1000  # characters; hashing takes as long as the password
MAX_NAME = 100  # characters
ATTEMPTS = 10  # per minute and address
HASHER = PasswordHasher()


class LoginError(ValueError):
    """Logins that cannot be used; the message is one sentence."""


class Logins:
    """Checks names and passwords; its method `check` is Gradio's `auth`."""

    def __init__(self, file: str | Path) -> None:
        """Raises LoginError."""
        self.hashes = read_logins(Path(file))
        if not self.hashes:
            raise LoginError(f"Nobody can log in with {file}: it is empty.")
        self.unknown = HASHER.hash("")  # checking an unknown name takes as long

    async def check(self, name: str, password: str) -> bool:
        """Whether the password is that of the name; the page answers others meanwhile."""
        return await asyncio.to_thread(self.verify, name, password)

    def verify(self, name: str, password: str) -> bool:
        try:
            HASHER.verify(self.hashes.get(name, self.unknown), password[:MAX_PASSWORD])
        except Argon2Error:
            return False
        return name in self.hashes


class LoginLimit:
    """ASGI middleware that answers at most `ATTEMPTS` attempts per minute from one address."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.limiter = MovingWindowRateLimiter(MemoryStorage())
        self.limit = RateLimitItemPerMinute(ATTEMPTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_attempt = scope["type"] == "http" and scope["method"] == "POST" and is_login(scope["path"])
        if is_attempt and not self.limiter.hit(self.limit, network_of(HTTPConnection(scope))):
            text = tr("There were too many attempts from your address; try again in a minute.")
            await JSONResponse({"detail": text}, 429, {"Retry-After": "60"})(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def limit_logins() -> Middleware:
    return Middleware(LoginLimit)


def is_login(path: str) -> bool:
    return path.rstrip("/").endswith("/login")


def read_logins(file: Path) -> dict[str, str]:
    """Hashes by name. Raises LoginError."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise LoginError(f"The logins {file} cannot be read: {reason}.") from error
    logins = {}
    for number, line in enumerate(lines, 1):
        name, _, value = line.strip().partition(":")
        try:
            HASHER.check_needs_rehash(value)
        except InvalidHashError as error:
            where = f"Line {number} of {file}"
            command = "python -m spotter.tabs.shared.logins FILE NAME"
            raise LoginError(f"{where} is not NAME:HASH; make logins with {command}.") from error
        logins[name] = value
    return logins


def add_login(file: Path, name: str, password: str) -> None:
    """Adds a name or changes its password; the file is for its owner alone. Raises LoginError."""
    if not name or len(name) > MAX_NAME or name != name.strip() or not name.isprintable() or ":" in name:
        raise LoginError(f"A name has 1 to {MAX_NAME} characters, no colon, and no space at its ends.")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise LoginError(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    logins = read_logins(file) if file.exists() else {}
    logins[name] = HASHER.hash(password)
    new = file.with_name(f".{file.name}.new")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.writelines(f"{name}:{value}\n" for name, value in logins.items())
        os.replace(new, file)
    except OSError as error:
        raise LoginError(f"{file} cannot be written: {error.strerror}.") from error


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog=program_name("spotter.tabs.shared.logins"),
        description="Adds a login, or changes its password, in a file for --auth.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("name", metavar="NAME")
    options = parser.parse_args(arguments)
    # Never an argument: everybody on the machine can read those.
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        add_login(options.file, options.name, password)
    except LoginError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{options.name} can log in with --auth {options.file}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
