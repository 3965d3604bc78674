"""Settings as text: one canonical JSON string a stage, which Snakemake compares and the command line carries."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, TypeVar

from kineograph.errors import ConfigError, nearest

T = TypeVar("T")

PARAMETERS_FIELD = "parameters"
"""A settings class with this field takes the parameters of its chosen plug-in there, as a dict."""


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, so that equal settings are equal strings."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def from_json(cls: type[T], text: str) -> T:
    """Make the settings dataclass `cls` from the JSON text of its section.

    Keys that the text leaves out keep the dataclass's defaults, so that a person can paste a command and change one
    value. Lists become tuples.

    Raises
    ------
    ConfigError
        Where the text isn't a JSON object or has a key that the class does not know.
    """
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"--settings of {cls.__name__} is not JSON",
            expected="a JSON object such as {}",
            found=f"{text[:60]!r} ({error.msg} at character {error.pos})",
            hint="quote the whole object for the shell, in single quotes",
        ) from error
    if not isinstance(values, dict):
        raise ConfigError(
            f"--settings of {cls.__name__} is not a JSON object",
            expected="a JSON object such as {}",
            found=f"{text[:60]!r}",
            hint="quote the whole object for the shell, in single quotes",
        )
    known = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    extra = {key: value for key, value in values.items() if key not in known}
    if extra and PARAMETERS_FIELD not in known:
        key = sorted(extra)[0]
        raise ConfigError(
            f"--settings of {cls.__name__} has an unknown key '{key}'",
            expected=f"one of {', '.join(sorted(known))}",
            found=f"'{key}'",
            hint=nearest(key, known) or "remove the key",
        )
    arguments = {key: _frozen(value) for key, value in values.items() if key in known}
    if PARAMETERS_FIELD in known:
        arguments[PARAMETERS_FIELD] = extra
    return cls(**arguments)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
