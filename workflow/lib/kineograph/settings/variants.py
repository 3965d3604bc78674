"""Variants: one key of one section set to another value, as the key ``sweep`` of a configuration lists them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kineograph.errors import ConfigError, nearest
from kineograph.settings.schema import Schema, check_section, complete, section_schema
from kineograph.settings.text import canonical

MARK = "~"
"""Between a session's name and that of a variant, in the name of the session that has the variant's results."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]")


@dataclass(frozen=True)
class Variant:
    """One key with another value.

    Attributes
    ----------
    section, key : str
        The key.
    value : object
        Its value.
    leaves_out : str
        The camera whose turn it is to be left out; empty where the accuracy is not what is asked.
    """

    section: str
    key: str
    value: Any
    leaves_out: str = ""

    @property
    def path(self) -> str:
        """The key with its section, such as ``filtering.cutoff_hz``."""
        return f"{self.section}.{self.key}"

    @property
    def shown(self) -> str:
        """The value as a person reads it."""
        return _as_text(self.value)

    @property
    def name(self) -> str:
        """Key and value in characters that may stand in a folder's name, such as ``filtering.cutoff_hz=4``."""
        return f"{self.path}={_in_a_path(self.value)}"

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """What it sets, by section."""
        return {self.section: {self.key: self.value}}


def varied_session(session: str, variant: Variant) -> str:
    """The name of a session under other settings."""
    return f"{session}{MARK}{variant.name}"


def listed_variants(schema: Schema, config: dict[str, Any]) -> list[Variant]:
    """The variants that the key ``sweep`` of a checked configuration lists, one for each value of each key."""
    variants = []
    for path, values in (config.get("sweep") or {}).items():
        section, dot, key = path.partition(".")
        for value in values if dot else ():
            variants.append(Variant(section, key, complete(schema, section, _varied(config, section, key, value))[key]))
    return list({variant.name: variant for variant in variants}.values())


def check_sweep(schema: Schema, config: dict[str, Any], where: str) -> Iterator[ConfigError]:
    """Every mistake in the key ``sweep``: keys that there are not, and values that their section can't have."""
    sweep = config.get("sweep") or {}
    if not isinstance(sweep, dict):
        return  # the schema's own complaint
    keys = _keys(schema)
    plain = list(schema["properties"]["sweep"]["properties"])
    known = [*plain, *(f"{section}.{key}" for section, rules in keys.items() for key in rules)]
    for path, values in sweep.items():
        section, _, key = path.partition(".")
        if path in plain or not isinstance(values, list):
            continue
        if key not in keys.get(section, {}):
            yield ConfigError(
                f"sweep names an unknown key '{path}'",
                expected="a section and its key, such as filtering.cutoff_hz, or one of " + ", ".join(plain),
                found=f"'{path}'",
                hint=nearest(path, known) or "see config/README.md for the keys there are",
                where=where,
                key="sweep",
            )
            continue
        given = config.get(section) or {}
        if not isinstance(given, dict) or check_section(schema, section, given, section, where):
            continue  # said already
        for value in values:
            varied = _varied(config, section, key, value)
            mistakes = check_section(schema, section, varied, f"sweep.{section}", where)
            yield from _about_sweep(mistakes)
            if not mistakes and key not in complete(schema, section, varied):
                yield ConfigError(
                    f"sweep varies '{path}', which does not apply with the other settings",
                    expected=f"a key that the section {section} reads",
                    found=f"'{path}' beside {canonical(given)}",
                    hint=f"choose the method of {section} that has this key",
                    where=where,
                    key="sweep",
                )
                break


def _about_sweep(mistakes: list[ConfigError]) -> list[ConfigError]:
    for mistake in mistakes:
        mistake.key = "sweep"
    return mistakes


def _keys(schema: Schema) -> dict[str, list[str]]:
    """The keys of each section, those of its plug-ins as well."""
    sections = [name for name, rule in schema["properties"].items() if "x-scope" in rule]
    return {name: list(section_schema(schema, name, {})["properties"]) for name in sections}


def _varied(config: dict[str, Any], section: str, key: str, value: Any) -> dict[str, Any]:
    return {**(config.get(section) or {}), key: value}


def _as_text(value: Any) -> str:
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, str) for item in value):
        return "+".join(value)
    if isinstance(value, float):
        return f"{value:.15g}"
    return value if isinstance(value, str) else canonical(value)


def _in_a_path(value: Any) -> str:
    """A value in characters that may stand in a folder's name; with a digest where some could not."""
    text = _as_text(value)
    safe = _UNSAFE.sub("-", text)[:60]
    return safe if safe == text else f"{safe}-{hashlib.sha256(canonical(value).encode()).hexdigest()[:6]}"
