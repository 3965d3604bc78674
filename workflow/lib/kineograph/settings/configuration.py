"""Configuration: the settings of each stage for each trial, with overrides applied."""

from __future__ import annotations

import functools
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from kineograph.errors import ConfigError, Mistakes, noted_in
from kineograph.settings.plugins import plugin_module, plugin_names
from kineograph.settings.schema import Schema, check, chosen_plugin, complete, load_schema, section_schema, without_keys
from kineograph.settings.text import canonical
from kineograph.settings.variants import Variant, check_sweep, listed_variants


class Configuration:
    """A checked configuration.

    Parameters
    ----------
    config : dict
        As read from YAML.
    schema_path : Path
        The schema, ``workflow/schemas/config.schema.yaml``.
    where : str
        The file that `config` came from, for messages.
    mistakes : Mistakes, optional
        Where to note what is wrong; keys that are wrong then have their defaults, so that the rest can still be looked at.

    Raises
    ------
    ConfigError
        Where something is wrong and `mistakes` is not given: the first mistake, with the others beside it.
    """

    def __init__(
        self,
        config: dict[str, Any],
        schema_path: Path,
        where: str = "the configuration",
        mistakes: Mistakes | None = None,
    ) -> None:
        self._schema: Schema = load_schema(schema_path)
        errors = [*check(self._schema, config, where), *check_sweep(self._schema, config, where)]
        with noted_in(mistakes) as noted:
            noted.add(*errors)
        self._config = without_keys(config, [error.key for error in errors])
        self._overrides: list[dict[str, Any]] = self._config.get("overrides") or []
        self._variants: dict[str, tuple[str, Variant]] = {}
        self._told_apart = {name for override in self._overrides for name in override["match"]}
        self._section = functools.cache(self._resolve)
        self._text = functools.cache(self._as_text)

    @property
    def sections(self) -> list[str]:
        """The names of the sections, one a stage."""
        return [name for name, rule in self._schema["properties"].items() if "x-scope" in rule]

    def keys_of_sections(self) -> dict[str, list[str]]:
        """The keys of each section, those of plug-ins included."""
        return {name: list(section_schema(self._schema, name, {})["properties"]) for name in self.sections}

    def scope(self, section: str) -> list[str]:
        """The wildcards that a section depends on: session and trial, say."""
        return list(self._schema["properties"][section]["x-scope"])

    def value(self, key: str) -> Any:
        """A top-level value that belongs to no stage, with its default."""
        rule = self._schema["properties"][key]
        return self._config.get(key, rule.get("default"))

    def section(self, section: str, **wildcards: str) -> dict[str, Any]:
        """The complete settings of a section for one trial, camera or participant.

        Only the section's own scope counts: other wildcards are left aside.
        """
        return self._section(section, self._key(section, wildcards))

    def text(self, section: str, part: str | None = None, **wildcards: str) -> str:
        """The same as canonical JSON: the string that Snakemake compares and the job is given.

        Keys that say where something runs, not what comes out (x-untracked), are left out. A section that several stages
        read has parts (x-part): the text is that of one of them, or of the keys that belong to none.
        """
        return self._text(section, part, self._key(section, wildcards))

    def _as_text(self, section: str, part: str | None, key: tuple[tuple[str, str], ...]) -> str:
        rules = self._schema["properties"][section]["properties"]
        values = self._section(section, key)
        read = {key: value for key, value in values.items() if rules.get(key, {}).get("x-part") == part}
        return canonical({key: value for key, value in read.items() if not rules.get(key, {}).get("x-untracked")})

    def plugin(self, section: str, **wildcards: str) -> str | None:
        """The module of the plug-in that a section chooses, None where it chooses none."""
        rule = self._schema["properties"][section]
        folder = rule.get("x-plugins")
        if folder is None:
            return None
        chosen = chosen_plugin(rule, self.section(section, **wildcards))
        return plugin_module(folder, chosen) if chosen in plugin_names(folder) else None

    def variants(self) -> list[Variant]:
        """The variants that the configuration lists (sweep)."""
        return listed_variants(self._schema, self._config)

    def vary(self, name: str, session: str, variant: Variant) -> None:
        """Let the session `name` have the settings of another one, with a variant's over them."""
        self._variants[name] = session, variant

    def check_overrides(self, known: dict[str, set[str]]) -> None:
        """Raise ConfigError where an override matches nothing: a misspelt trial would be ignored in silence.

        Parameters
        ----------
        known : dict of str to set of str
            The sessions, trials, participants and cameras of the dataset.
        """
        with Mistakes() as mistakes:
            for index, override in enumerate(self._overrides):
                for wildcard, pattern in override["match"].items():
                    if not any(fnmatchcase(name, pattern) for name in known[wildcard]):
                        mistakes.add(_matches_nothing(index, wildcard, pattern, known[wildcard]))

    def _key(self, section: str, wildcards: dict[str, str]) -> tuple[tuple[str, str], ...]:
        """What of the wildcards may change a section: names that some override or variant looks at."""
        names = self._told_apart | {"session"} if self._variants else self._told_apart
        return tuple((name, wildcards[name]) for name in self.scope(section) if name in wildcards and name in names)

    def _resolve(self, section: str, key: tuple[tuple[str, str], ...]) -> dict[str, Any]:
        values: dict[str, Any] = dict(self._config.get(section) or {})
        names = dict(key)
        variant = None
        if names.get("session") in self._variants:
            names["session"], variant = self._variants[names["session"]]
        for override in self._overrides:
            patterns = override["match"]
            if all(name in names and fnmatchcase(names[name], pattern) for name, pattern in patterns.items()):
                values.update(override["set"].get(section, {}))
        values |= variant.settings.get(section, {}) if variant else {}
        return complete(self._schema, section, values)


def _matches_nothing(index: int, wildcard: str, pattern: str, known: set[str]) -> ConfigError:
    return ConfigError(
        f"overrides[{index}] matches no {wildcard}",
        expected=f"a {wildcard} of the dataset: {', '.join(sorted(known)[:8]) or 'there is none'}",
        found=f"'{pattern}'",
        hint="correct the name, or remove the override",
        key=f"overrides[{index}]",
    )
