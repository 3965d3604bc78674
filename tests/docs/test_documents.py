"""The documentation against the repository: links, pictures, paths, keys of the configuration, reasons of verdicts."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest
import yaml

from docs.pages import NAMES, REPOSITORY, anchors, blocks, inline_code, links
from kineograph.cli.__main__ import main
from kineograph.errors import ConfigError
from kineograph.layout import PATHS
from kineograph.settings.configuration import Configuration
from kineograph.settings.plugins import plugin_parameters
from kineograph.settings.schema import load_schema, plugins_of
from kineograph.stages.verdict import STAGE_ORDER

SCHEMA = REPOSITORY / "workflow" / "schemas" / "config.schema.yaml"
LIBRARY = "workflow/lib/kineograph"
MADE = ("results", "data", "site", ".snakemake", ".venv", "FOLDER", "path", "keypoints", "calibration", "videos", "intrinsics",
        "extrinsics", "report", "pose", "boards", "pictures", "kinematics", "models")  # fmt: skip
"""First parts of paths that a run or a reader makes."""


@pytest.mark.parametrize("name", NAMES)
def test_links_and_pictures_lead_somewhere(name):
    folder = (REPOSITORY / name).parent
    for target in links(name):
        if "://" in target:
            continue
        path, _, part = target.partition("#")
        file = (folder / path).resolve() if path else REPOSITORY / name
        assert file.exists(), f"{name}: {target}"
        if part:
            assert part in anchors(str(file.relative_to(REPOSITORY))), f"{name}: {target}"


@pytest.mark.parametrize("name", NAMES)
def test_files_that_are_named_are_there(name):
    places = [REPOSITORY, REPOSITORY / LIBRARY, (REPOSITORY / name).parent]
    for code in inline_code(name):
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?", code):
            continue
        if PurePosixPath(code).parts[0] in MADE and not code.endswith(".py"):
            continue
        if not re.search(
            r"\.(py|toml|yaml|md|tsv|txt|lock|smk|sh)$|^(docs|tests|workflow|resources|envs|profiles)/", code
        ):
            continue
        if PurePosixPath(code).stem == "mine":  # the reader's own file
            continue
        assert any((place / code).exists() for place in places), f"{name}: {code}"


def known_keys() -> dict[str, set[str]]:
    schema = load_schema(SCHEMA)
    keys = {}
    for section, rule in schema["properties"].items():
        if "x-scope" in rule:
            keys[section] = set(rule["properties"])
            for plugin in plugins_of(rule) if "x-plugins" in rule else ():
                keys[section] |= set(plugin_parameters(rule["x-plugins"], plugin))
    return keys


@pytest.mark.parametrize("name", NAMES)
def test_keys_that_are_named_are_in_the_schema(name):
    keys = known_keys()
    for code in inline_code(name):
        key = re.fullmatch(r"(\w+)\.(\w+)", code)
        if key and key[1] in keys and key[2] not in ("py", "toml", "json", "npz", "smk"):
            assert key[2] in keys[key[1]], f"{name}: {code}"


def test_settings_that_are_shown_are_valid():
    """Fenced YAML, and inline `section: {key: value}`."""
    keys = known_keys()
    count = 0
    for name in NAMES:
        shown = [block.text for block in blocks(name) if block.language == "yaml"]
        shown += [code for code in inline_code(name) if (m := re.match(r"(\w+): \{", code)) and m[1] in keys]
        for text in shown:
            config = yaml.safe_load(text)
            if text.count("mine") or text.count("three_frames"):  # of the page's own example
                continue
            try:
                Configuration({"dataset": "data", **config}, SCHEMA, name)
            except ConfigError as error:
                raise AssertionError(f"{name}: {text}\n{error}") from error
            count += 1
    assert count >= 15


def test_every_reason_of_every_stage_is_in_the_reference():
    """The tables are made from the source: ``python -m kineograph.cli verdict-reference docs/verdicts.md``."""
    page = REPOSITORY / "docs" / "verdicts.md"
    assert main(["verdict-reference", str(page), "--check"]) == 0
    text = page.read_text()
    for stage in STAGE_ORDER:
        assert f"<!-- reasons: {stage} -->" in text, stage
        section = text.partition(f"<!-- reasons: {stage} -->")[2].partition("<!-- end of reasons -->")[0]
        assert section.count("\n| ") >= 2, f"{stage} has no reason in the reference"


def test_a_reason_that_is_not_in_the_reference_is_noticed(tmp_path, capsys):
    page = tmp_path / "verdicts.md"
    text = (REPOSITORY / "docs" / "verdicts.md").read_text()
    row = next(line for line in text.splitlines() if "no frame could be solved" in line)
    page.write_text(text.replace(row + "\n", ""))
    assert main(["verdict-reference", str(page), "--check"]) == 2
    assert main(["verdict-reference", str(page)]) == 0
    assert page.read_text() == text
    page.write_text(text.replace("<!-- reasons: kinematics -->", ""))
    assert main(["verdict-reference", str(page)]) == 2
    assert "kinematics" in capsys.readouterr().err


def test_the_error_that_is_shown_is_the_programs():
    shown = next(block.text for block in blocks("docs/verdicts.md") if block.text.startswith("kineograph: "))
    with pytest.raises(ConfigError) as caught:
        Configuration({"dataset": "data", "scaling": {"trimed": 0.3}}, SCHEMA, "my.yaml")
    assert "\n".join(caught.value.lines()) == shown.rstrip()


def test_paths_of_results_are_those_of_the_layout():
    count = 0
    for name in ("README.md", "docs/own-data.md"):
        for code in inline_code(name):
            if code.startswith(("{session}/", "report/")):
                assert code in PATHS.values(), f"{name}: {code}"
                count += 1
    assert count > 20
