"""Write the reference of every configuration key from the schema, or check that it is up to date."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from kineograph.cli._made_part import add_document, put
from kineograph.settings.plugins import plugin_parameters
from kineograph.settings.schema import describe_values, load_schema, plugins_of

SCHEMA = Path(__file__).resolve().parents[3] / "schemas" / "config.schema.yaml"
BEGIN, END = "<!-- keys: made from workflow/schemas/config.schema.yaml -->", "<!-- end of keys -->"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_document(parser, "config/README.md: what stands between its two marks is written anew")


def run(args: argparse.Namespace) -> None:
    """Write or check the reference."""
    text = args.file.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    fresh = f"{before}{BEGIN}\n\n{_reference()}\n{END}{after}"
    expected = "the keys, units, ranges and defaults of the schema"
    put(args, "config-reference", fresh, lacks="every key", expected=expected)


def _reference() -> str:
    properties = load_schema(SCHEMA)["properties"]
    top = {key: rule for key, rule in properties.items() if "x-scope" not in rule and key != "overrides"}
    parts = ["### Top level", _table(top)]
    shown: dict[str, str] = {}
    for section, rule in properties.items():
        if "x-scope" not in rule:
            continue
        scope = ", ".join(rule["x-scope"])
        parts += [
            f"### {section}",
            f"{rule['description']} Overrides may match it by {scope}.",
            _table(rule["properties"]),
        ]
        if "x-plugins" in rule:
            parts += _plugin_tables(rule, shown.setdefault(rule["x-plugins"], section), section)
    parts += ["### overrides", properties["overrides"]["description"]]
    return "\n\n".join(parts) + "\n"


def _plugin_tables(rule: dict[str, Any], shown_in: str, section: str) -> list[str]:
    """The keys of each plug-in of a section, or where they stand already."""
    key = rule["x-plugin-key"]
    if shown_in != section:
        return [f"The keys that go with each `{key}` are those of the section {shown_in}."]
    tables = ((name, plugin_parameters(rule["x-plugins"], name)) for name in plugins_of(rule))
    return [part for name, keys in tables if keys for part in (f"With `{key}: {name}`:", _table(keys))]


def _table(rules: dict[str, dict[str, Any]]) -> str:
    rows = ["| key | values | default | meaning |", "|---|---|---|---|"]
    for key, rule in rules.items():
        default = "required" if "default" not in rule else _plain(rule["default"])
        rows.append(f"| `{key}` | {describe_values(rule)} | {default} | {rule['description']} |")
    return "\n".join(rows)


def _plain(value: Any) -> str:
    words = {None: "null", True: "true", False: "false"}
    return f"`{words[value]}`" if isinstance(value, (bool, type(None))) else f"`{value}`"
