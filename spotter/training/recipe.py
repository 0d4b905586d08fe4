"""Recipes (TOML) and overrides, from which a run's `TrainConfig` is built.

A recipe names a preset and sets stages, data, losses, optimiser and pool; other settings keep their defaults.
Its tables `[cpu]` and `[gpu]` hold what differs between devices. `settings.json` in a run's folder holds the
complete configuration and is a recipe too: `--recipe runs/nano/settings.json` repeats the run.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
import types
import typing
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from spotter.config import PRESETS
from spotter.data.data_config import RecipeError
from spotter.training.train_config import TrainConfig

FOLDER = Path(__file__).parent / "recipes"


def load_recipe(recipe: str, device: str = "cpu", overrides: Iterable[str] = ()) -> TrainConfig:
    """The configuration of a built-in recipe ("nano"), of a .toml file or of a run's settings.json.

    device: "cpu", "cuda", ...; chooses between the recipe's tables `[cpu]` and `[gpu]`
    overrides: "loss.recognition=0.5", "stages.scenes.photographs=0.4": dotted keys, values as in TOML

    Raises RecipeError in one sentence.
    """
    values = _read(recipe)
    by_device = {kind: values.pop(kind, {}) for kind in ("cpu", "gpu")}
    values |= {"device": device}
    _merge(values, by_device["cpu" if device.startswith("cpu") else "gpu"])
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise RecipeError(
                f"{override!r} is not an override; expected KEY=VALUE, such as loss.recognition=0.5."
            )
        _set(values, key.strip().split("."), _parse_value(text.strip()), key)
    model = values.get("model", {})
    preset = model.pop("preset", None)
    if preset is not None:
        if preset not in PRESETS:
            raise RecipeError(f"There is no preset {preset!r}; there are {', '.join(sorted(PRESETS))}.")
        values["model"] = PRESETS[preset]().to_json() | model
    return _build(TrainConfig, values, "")


def _read(recipe: str) -> dict[str, Any]:
    built_in = FOLDER / f"{recipe}.toml"
    path = built_in if built_in.is_file() else Path(recipe)
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.toml")))
        raise RecipeError(
            f"There is no recipe {recipe!r}; give a .toml file, a settings.json or one of {known}."
        )
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:  # or not UTF-8
        raise RecipeError(f"The recipe {path} cannot be read: {error}.") from error
    if not isinstance(values, dict):
        raise RecipeError(f"The recipe {path} holds no settings.")
    return values if path.suffix == ".json" else {"recipe": path.stem} | values


def _merge(values: dict[str, Any], others: dict[str, Any]) -> None:
    """Updates nested `values` with `others`, in place; stages by name."""
    for key, value in others.items():
        inner = values.get(key)
        if isinstance(inner, list):
            inner = {stage.get("name"): stage for stage in inner}
        if isinstance(value, dict) and isinstance(inner, dict):
            _merge(inner, value)
        else:
            values[key] = value


def _parse_value(text: str) -> object:
    """A value in TOML; a bare word is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _set(values: dict[str, Any], keys: list[str], value: object, name: str) -> None:
    """Sets a nested value, in place; stages are addressed by name."""
    for i, key in enumerate(keys[:-1]):
        inner = values.setdefault(key, {})
        if keys[:i] == ["stages"] and not inner:
            raise RecipeError(f"{name}: there is no stage {key!r}; there are {', '.join(list(values)[:-1])}.")
        if isinstance(inner, list):
            inner = {stage.get("name"): stage for stage in inner}
        if not isinstance(inner, dict):
            raise RecipeError(f"{name}: {key} has no settings below it.")
        values = inner
    values[keys[-1]] = value


def _build(kind: type, values: object, path: str) -> Any:
    """An instance of a dataclass from nested plain values. Raises RecipeError, which names the key."""
    if not isinstance(values, dict):
        raise RecipeError(f"{path or 'The recipe'} must be a table of settings.")
    hints = typing.get_type_hints(kind)
    if unknown := sorted(set(values) - set(hints)):
        close = get_close_matches(unknown[0], hints, 1)
        hint = f"; did you mean {close[0]}?" if close else "."
        raise RecipeError(f"There is no setting {_key(path, unknown[0])}{hint}")
    built = {name: _convert(hints[name], value, _key(path, name)) for name, value in values.items()}
    for field in dataclasses.fields(kind):
        default, given = field.default, values.get(field.name)
        if dataclasses.is_dataclass(default) and not isinstance(default, type) and isinstance(given, dict):
            complete = dataclasses.asdict(default) | given  # a table changes single fields of the default
            built[field.name] = _build(hints[field.name], complete, _key(path, field.name))
    try:
        return kind(**built)
    except TypeError as error:
        raise RecipeError(f"{path or 'The recipe'} is incomplete: {error}.") from error


def _key(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _convert(hint: Any, value: Any, path: str) -> Any:
    """A plain value converted to the type of its field."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):  # only `X | None` occurs
        (inner,) = (a for a in arguments if a is not type(None))
        return None if value is None else _convert(inner, value, path)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _build(hint, value, path)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise RecipeError(f"{path} must be a list.")
        kinds = [arguments[0]] * len(value) if arguments[-1] is ... else arguments
        if len(kinds) != len(value):
            raise RecipeError(f"{path} must be a list of {len(kinds)} values.")
        return tuple(
            _convert(k, v, f"{path}[{i}]") for i, (k, v) in enumerate(zip(kinds, value, strict=True))
        )
    if origin is dict:
        if not isinstance(value, dict):
            raise RecipeError(f"{path} must be a table.")
        return {str(k): _convert(arguments[1], v, _key(path, str(k))) for k, v in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise RecipeError(f"{path} must be a {hint.__name__}, not {value!r}.")
    return value
