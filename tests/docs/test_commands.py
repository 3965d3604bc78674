"""Commands of the documentation: what they name is there, and those that are marked run."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex

import pytest
import yaml
from snakemake.cli import get_argument_parser

from docs.pages import NAMES, REPOSITORY, blocks, commands
from kineograph.cli.__main__ import verbs
from kineograph.layout import PATHS
from kineograph.settings.configuration import Configuration
from kineograph.settings.plugins import plugin_literal, plugin_names
from synthetic.study import copy_project, write_study
from workflow.conftest import Project

SCHEMA = REPOSITORY / "workflow" / "schemas" / "config.schema.yaml"
OWN = {"my.yaml"}
"""Names of files that a reader makes."""
RUN = "run: "
ALL = [(name, words) for name in NAMES for words in commands(name)]
FRONT = {"plan", "run"}
"""Verbs that hand words on to Snakemake."""
PLACEHOLDERS = {"...", "VERB", "FILE"}
"""Words that a reader replaces."""


def options(verb: str) -> set[str]:
    parser = argparse.ArgumentParser()
    importlib.import_module(f"kineograph.cli.{verb.replace('-', '_')}").arguments(parser)
    return set(parser._option_string_actions)


def rules() -> set[str]:
    files = [REPOSITORY / "Snakefile", *(REPOSITORY / "workflow" / "rules").glob("*.smk")]
    return {name for file in files for name in re.findall(r"^rule (\w+):", file.read_text(), re.M)}


def is_result(path: str) -> bool:
    """Whether a path below a results folder is one of the layout; of an export, with the ending of a format."""
    if "/exports/" in path:
        endings = [
            ending for name in plugin_names("exports") for ending in plugin_literal("exports", name, "FILES", ())
        ]
        return path.endswith(tuple(endings))
    return any(re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(pattern)), path) for pattern in PATHS.values())


def check_verb(words: list[str]) -> None:
    verb, *rest = words
    if verb in PLACEHOLDERS:
        return
    assert verb in verbs(), verb
    known = options(verb)
    if "--" in rest:  # what follows is Snakemake's
        assert verb in FRONT, f"{verb} hands nothing on"
        place = rest.index("--")
        check_snakemake(rest[place + 1 :])
        rest = rest[:place]
    for word in rest:
        if word.startswith("--"):
            assert word.split("=")[0] in known, f"{verb} has no {word}"


def check_snakemake(words: list[str]) -> None:
    """Options that Snakemake has, files that are there, targets that are rules, keys that the schema has."""
    understood = get_argument_parser().parse_args(words)
    assert len(understood.configfile or ()) <= 1, f"a target after --configfile is taken for a file: {words}"
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--configfile":
            name = rest.pop(0)
            assert name in PLACEHOLDERS | OWN or (REPOSITORY / name).is_file(), name
        elif word == "--profile":
            folder = rest.pop(0)
            assert (REPOSITORY / folder / "config.yaml").is_file(), folder
        elif word == "--config":
            values = {}
            while rest and "=" in rest[0]:
                key, _, value = rest.pop(0).partition("=")
                values[key] = yaml.safe_load(value)
            Configuration({"dataset": "data", **values}, SCHEMA, "the documentation")
        elif word == "--quiet":
            assert rest.pop(0) == "rules"
        elif word.startswith("--"):
            assert word in {"--dry-run", "--unlock", "--lint", "--forceall", "--report"}, word
        elif word.startswith("results/"):
            assert is_result(word.split("/", 2)[2]), f"no result {word}"
        elif word not in PLACEHOLDERS:
            assert word in rules(), f"no target {word}"


def check_make(words: list[str]) -> None:
    text = (REPOSITORY / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", text, re.M)[1].split()
    for word in words:
        if "=" in word:
            assert re.search(rf"\b{word.split('=')[0]}\b", text), word
        else:
            assert word in targets, f"make has no target {word}"


def check_files(words: list[str]) -> None:
    """The scripts that are named, and options that their text has."""
    script = words[0].partition("::")[0]
    path = REPOSITORY / script
    assert path.exists(), script
    source = path.read_text() if path.is_file() else ""
    if script.startswith("benchmarks/"):
        for word in words[1:]:
            assert not word.startswith("--") or f'"{word}"' in source, f"{script} has no {word}"


def test_there_are_commands_to_check():
    programs = {words[0] for _, words in ALL}
    assert {"make", ".venv/bin/snakemake", ".venv/bin/python"} <= programs
    assert len(ALL) > 40


@pytest.mark.parametrize("name", NAMES)
def test_what_commands_name_is_there(name):
    for page, words in ALL:
        if page != name:
            continue
        program, *rest = words
        if program == "make":
            check_make(rest)
        elif program.endswith("snakemake"):
            check_snakemake(rest)
        elif program.endswith("pytest"):
            check_files(rest)
        elif program.endswith("kineograph"):
            check_verb(rest)
        elif rest[:2] == ["-m", "kineograph.cli"]:
            check_verb(rest[2:])
        elif not rest[0].startswith("-"):
            check_files(rest)


@pytest.fixture(scope="module")
def study(tmp_path_factory, opensim_setup) -> Project:
    """The study from keypoints, with the names that the pages use."""
    root = tmp_path_factory.mktemp("docs") / "project"
    copy_project(root)
    config = write_study(root)
    for name in ("my.yaml", "config/config.demo.yaml"):
        (root / name).write_text(config.read_text())
    return Project(root)


MARKED = [(name, block) for name in NAMES for block in blocks(name) if block.comment.startswith(RUN)]


def test_marked_blocks_are_dry_runs():
    assert len(MARKED) >= 3
    for _, block in MARKED:
        for line in block.text.splitlines():
            assert line.startswith(".venv/bin/snakemake") and "--dry-run" in line, line


@pytest.mark.parametrize(("name", "block"), MARKED, ids=[f"{name}-{i}" for i, (name, _) in enumerate(MARKED)])
def test_marked_commands_run(name, block, study):
    """As a reader would paste them, on the small study; what a plan leaves out is held by tests/workflow/test_reruns.py."""
    for line in block.text.splitlines():
        words = shlex.split(line)[1:]
        config = words.pop(words.index("--configfile") + 1)
        words.remove("--configfile")
        if "--quiet" in words:
            place = words.index("--quiet")
            del words[place : place + 2]
        outcome = study.snakemake(*words, config=config)
        assert outcome.code == 0, outcome.text
        assert "rule " in outcome.text
