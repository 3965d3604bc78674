"""Reading a run's configuration, with single values set on the command line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kineograph.errors import ConfigError
from kineograph.io.atomic import write_text

DEFAULT = Path("config") / "config.yaml"
MADE = Path(".kineograph") / "configurations"


def read_configuration(path: Path, changes: Sequence[str] = ()) -> dict[str, Any]:
    """The configuration of a file, with changes such as ``filtering.cutoff_hz=8``; values are YAML.

    Raises
    ------
    ConfigError
        Where the file is not there or no mapping in YAML, or a change is none.
    """
    import yaml

    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"the configuration {path} is not there",
            expected="a file in YAML",
            found="no such file",
            hint="name it by --configfile, from the folder that paths in it start from",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the configuration {path} is not YAML",
            expected="a file in YAML",
            found=" ".join(str(error).split()),
            hint="correct that line (YAML is indented by spaces, not tabs)",
        ) from error
    if not isinstance(config, dict):
        raise ConfigError(
            f"the configuration {path} holds no keys",
            expected="keys and values, such as 'dataset: data/my_study'",
            found=type(config).__name__,
            hint="start from config/config.yaml",
        )
    for change in changes:
        _set(config, change)
    return config


def _set(config: dict[str, Any], change: str) -> None:
    import yaml

    key, sign, text = change.partition("=")
    if not sign or not key:
        raise ConfigError(
            f"--set can't understand {change!r}",
            expected="section.key=value",
            found=repr(change),
            hint="for example --set filtering.cutoff_hz=8",
        )
    *parents, last = key.strip().split(".")
    place = config
    for parent in parents:
        inner = place.setdefault(parent, {})
        if not isinstance(inner, dict):
            inner = place[parent] = {}
        place = inner
    place[last] = yaml.safe_load(text)


def configuration_file(path: Path, config: dict[str, Any], changes: Sequence[str]) -> Path:
    """The file to hand to Snakemake: `path` itself, or one with the changes in it, named by its content."""
    if not changes:
        return path
    text = json.dumps(config, indent=1, sort_keys=True)
    made = MADE / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.yaml"
    write_text(made, text + "\n")
    return made
