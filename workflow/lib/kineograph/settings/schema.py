"""Checking a configuration against its schema, with messages that name the key, its nearest known name and its unit."""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kineograph.errors import ConfigError, in_larger_unit, nearest
from kineograph.settings.plugins import plugin_literal, plugin_names, plugin_parameters

Schema = dict[str, Any]
AUTO = "auto"
"""Value of a plug-in key that leaves the choice to the data."""


def load_schema(path: Path) -> Schema:
    """Read a JSON schema in YAML and let its plug-in sections know the plug-ins that are there."""
    import yaml

    schema: Schema = yaml.safe_load(path.read_text(encoding="utf-8"))
    for section in schema["properties"].values():
        if "x-plugins" in section.get("items", {}):
            section["items"]["enum"] = plugins_of(section["items"])
        if "x-plugins" in section:
            chooser = section["properties"][section["x-plugin-key"]]
            chooser["enum"] = chooser.get("enum", []) + plugins_of(section)
    return schema


def plugins_of(section: Schema) -> list[str]:
    """The plug-ins that a section may choose: those of its folder that don't declare what it can't give (x-plugins-without)."""
    folder, barred = section["x-plugins"], section.get("x-plugins-without", "")
    return [name for name in plugin_names(folder) if not plugin_literal(folder, name, barred, False)]


def section_schema(schema: Schema, section: str, values: dict[str, Any]) -> Schema:
    """The schema of one section, with the parameters of the plug-in that `values` choose.

    Parameters of the other plug-ins are allowed and ignored, so that a switch of method needs no other edit.
    """
    base = schema["properties"][section]
    folder = base.get("x-plugins")
    if folder is None:
        plain: Schema = base
        return plain
    whole: Schema = copy.deepcopy(base)
    chosen = chosen_plugin(base, values)
    for name in plugins_of(base):
        for key, rule in plugin_parameters(folder, name).items():
            if name == chosen:
                whole["properties"][key] = rule
            else:
                whole["properties"].setdefault(
                    key, {**rule, "x-if-given": True} if chosen == AUTO else {"x-ignored": True}
                )
    return whole


def chosen_plugin(section: Schema, values: dict[str, Any]) -> str:
    """The plug-in that the values of a section choose, or its default."""
    key = section["x-plugin-key"]
    return str(values.get(key, section["properties"][key].get("default", "none")))


def complete(schema: Schema, section: str, values: dict[str, Any]) -> dict[str, Any]:
    """The section with defaults filled in, numbers as the schema types them, and without keys that don't apply."""
    wanted = section_schema(schema, section, values)["properties"]
    result: dict[str, Any] = {}
    for key, rule in wanted.items():
        if rule.get("x-ignored") or (rule.get("x-if-given") and key not in values):
            continue
        value = values.get(key, copy.deepcopy(rule.get("default")))
        result[key] = _typed(rule, value)
    return result


def check(schema: Schema, config: dict[str, Any], where: str) -> list[ConfigError]:
    """Every mistake in a configuration, in the order of its keys.

    Parameters
    ----------
    schema : dict
        From :func:`load_schema`.
    config : dict
        The configuration as it was read.
    where : str
        Where it was read, for the messages.
    """
    errors = list(_check_object(_without_sections(schema), config, "", where))
    for section, values in config.items():
        rule = schema["properties"].get(section, {})
        if "x-scope" not in rule:
            continue
        if not isinstance(values, dict):
            errors.append(_wrong_type(section, rule, values, where))
            continue
        errors += _check_object(section_schema(schema, section, values), values, section, where)
    for index, override in enumerate(_overrides(config)):
        errors += _check_override(schema, override, f"overrides[{index}]", where)
    return errors


def without_keys(config: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """The configuration without the keys that :func:`check` found wrong, so that they have their defaults.

    Of a section only that key is left out, but all overrides or all of a sweep, and a whole section that is none.
    """
    kept = copy.deepcopy(config)
    for key in keys:
        section, _, rest = key.partition(".")
        name = rest.partition(".")[0].partition("[")[0]
        whole = section.partition("[")[0]
        if whole in ("overrides", "sweep"):
            kept.pop(whole, None)
        elif name and isinstance(kept.get(section), dict):
            kept[section].pop(name, None)
        else:
            kept.pop(section.partition("[")[0], None)
    return kept


def check_section(schema: Schema, section: str, values: Any, path: str, where: str) -> list[ConfigError]:
    """Every mistake in the values of one section, which the messages call `path`."""
    return list(_check_object(section_schema(schema, section, values), values, path, where))


def _overrides(config: dict[str, Any]) -> list[Any]:
    overrides = config.get("overrides") or []
    return overrides if isinstance(overrides, list) else []


def _without_sections(schema: Schema) -> Schema:
    top = dict(schema)
    top["properties"] = {
        key: {} if "x-scope" in rule else rule for key, rule in schema["properties"].items() if key != "overrides"
    }
    top["properties"]["overrides"] = {"type": ["array", "null"]}
    return top


def _check_override(schema: Schema, override: Any, path: str, where: str) -> Iterator[ConfigError]:
    rule = schema["properties"]["overrides"]["items"]
    mistakes = list(_check_object(rule, override, path, where))
    yield from mistakes
    if mistakes:
        return
    for section, values in override["set"].items():
        section_rule = schema["properties"].get(section, {})
        known = [name for name, item in schema["properties"].items() if "x-scope" in item]
        if "x-scope" not in section_rule:
            yield _unknown(f"{path}.set", section, known, where)
            continue
        if not isinstance(values, dict):
            yield _wrong_type(f"{path}.set.{section}", section_rule, values, where)
            continue
        foreign = sorted(set(override["match"]) - set(section_rule["x-scope"]))
        if foreign:
            yield ConfigError(
                f"{path} sets {section} for one {foreign[0]}, but there is one {section} a {_scope_words(section_rule)}",
                expected=f"a match by {', '.join(section_rule['x-scope'])}",
                found=f"a match by {', '.join(sorted(override['match']))}",
                hint=f"match by {section_rule['x-scope'][-1]} instead",
                where=where,
                key=path,
            )
        yield from _check_object(section_schema(schema, section, values), values, f"{path}.set.{section}", where)


def _scope_words(section: Schema) -> str:
    return " and ".join(section["x-scope"])


def _check_object(rule: Schema, value: Any, path: str, where: str) -> Iterator[ConfigError]:
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator({key: item for key, item in rule.items() if not key.startswith("x-")})
    for error in sorted(
        validator.iter_errors(_typed(rule, value)), key=lambda item: [str(p) for p in item.absolute_path]
    ):
        place = ".".join(filter(None, [path, *map(str, error.absolute_path)]))
        if error.validator == "additionalProperties":
            known = list(error.schema["properties"])
            for key in sorted(set(error.instance) - set(known)):
                yield _unknown(place, key, known, where)
        elif error.validator == "required":
            missing = [key for key in error.validator_value if key not in error.instance]
            for key in missing:
                description = error.schema["properties"].get(key, {}).get("description", "")
                yield ConfigError(
                    f"the key '{'.'.join(filter(None, [place, key]))}' is missing",
                    expected=description.rstrip(".") or "a value",
                    found="nothing",
                    hint=f"add '{key}:' to {where}",
                    where=where,
                    key=".".join(filter(None, [place, key])),
                )
        else:
            yield _wrong_type(place, error.schema, error.instance, where)


def _unknown(place: str, key: str, known: list[str], where: str) -> ConfigError:
    full = ".".join(filter(None, [place, key]))
    return ConfigError(
        f"unknown key '{full}'",
        expected=f"one of {', '.join(sorted(known))}",
        found=f"'{key}'",
        hint=nearest(key, known) or "remove the key, or see config/README.md for the keys there are",
        where=where,
        key=full,
    )


def _wrong_type(place: str, rule: Schema, value: Any, where: str) -> ConfigError:
    hint = str(rule.get("description", "")).strip() or "see config/README.md"
    if "enum" in rule and isinstance(value, str):
        hint = nearest(value, map(str, rule["enum"])) or hint
    if isinstance(value, (int, float)) and (meant := in_larger_unit(value, str(rule.get("x-unit")), _allows(rule))):
        hint = meant
    return ConfigError(
        f"the value of '{place}' can't be used",
        expected=describe_values(rule),
        found=repr(value),
        hint=hint,
        where=where,
        key=place,
    )


def _allows(rule: Schema) -> Callable[[float], bool]:
    """Whether a number is within the bounds of a rule."""
    low, above = rule.get("minimum", -math.inf), rule.get("exclusiveMinimum", -math.inf)
    high, below = rule.get("maximum", math.inf), rule.get("exclusiveMaximum", math.inf)
    return lambda value: low <= value <= high and above < value < below


def describe_values(rule: Schema) -> str:
    """The values that a schema allows, in words: type, range and unit."""
    if "enum" in rule:
        return "one of " + ", ".join("null" if item is None else str(item) for item in rule["enum"])
    kinds = rule.get("type", "value")
    words = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    words = words.replace("array", _list(rule))
    bounds = [
        f"{sign} {rule[key]:g}"
        for key, sign in (("minimum", ">="), ("exclusiveMinimum", ">"), ("maximum", "<="), ("exclusiveMaximum", "<"))
        if key in rule
    ]
    unit = f" ({rule['x-unit']})" if "x-unit" in rule else ""
    return (words + (" " + " and ".join(bounds) if bounds else "") + unit).replace("object", "mapping")


def _list(rule: Schema) -> str:
    """A list in words: how many of what."""
    items, fewest, most = rule.get("items", {}), rule.get("minItems"), rule.get("maxItems")
    of = items.get("type") if isinstance(items, dict) else None
    count = f"{fewest} " if fewest is not None and fewest == most else ""
    return f"list of {count}{'texts' if of == 'string' else f'{of}s'}" if isinstance(of, str) else "list"


def _typed(rule: Schema, value: Any) -> Any:
    """The value with numbers as the schema types them: 6 and 6.0 are the same setting.

    Snakemake's --config hands nested numbers over as strings; those become numbers too.
    """
    kinds = rule.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if isinstance(value, str) and "string" not in kinds and ("number" in kinds or "integer" in kinds):
        try:
            value = float(value)
        except ValueError:
            return value
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and "integer" in kinds:
        return value
    if isinstance(value, (int, float)) and abs(value) <= sys.float_info.max:
        if "number" in kinds:
            return float(value)
        if "integer" in kinds and float(value).is_integer():
            return int(value)
    if isinstance(value, dict) and "object" in kinds:
        properties = rule.get("properties", {})
        other = rule.get("additionalProperties")
        other = other if isinstance(other, dict) else {}
        return {key: _typed(properties.get(key, other), item) for key, item in value.items()}
    if isinstance(value, list) and "array" in kinds and isinstance(rule.get("items"), dict):
        return [_typed(rule["items"], item) for item in value]
    return value
