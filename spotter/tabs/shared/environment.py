"""The options of the app as environment variables: SPOTTER_PORT for --port, and so on."""

from __future__ import annotations

import os
from typing import Annotated

from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "SPOTTER_"
Names = Annotated[list[str], NoDecode]  # separated by commas or spaces


def _host() -> str:
    return "0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"  # Hugging Face passes no options


class Environment(BaseSettings):
    """Defaults of the command line; an empty variable counts as none."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True)

    host: str = ""
    port: int = 7860
    root_path: str = ""
    weights: str = "nano"
    database: str | None = None
    device: str | None = None
    auth: str | None = None
    allow_host: Names = []
    embed: Names = []
    any_server: bool = False
    user_header: str = ""
    mcp: bool = False
    demo: bool | None = None

    @field_validator("allow_host", "embed", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.replace(",", " ").split() if isinstance(value, str) else value


def read_environment() -> Environment:
    """Raises ValueError with one sentence."""
    try:
        found = Environment()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{PREFIX}{'_'.join(map(str, first['loc'])).upper()}"
        raise ValueError(f"The environment variable {name} cannot be used: {first['msg']}.") from None
    return found.model_copy(update={"host": found.host or _host()})
