"""Running the real workflow on a synthetic study."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from synthetic.study import copy_project, write_study
from workflow.planner import SERVER, be_snakemake


@dataclass
class Outcome:
    """What Snakemake did: exit code, output, and the jobs it ran or would run, as rule[wildcards]."""

    code: int
    text: str

    @property
    def jobs(self) -> Counter:
        return Counter(re.findall(r"^    JOB (\S+)$", _marked(self.text), re.M))


def _marked(text: str) -> str:
    """Snakemake's output with each job in a line of its own."""
    blocks = re.split(r"\n(?=(?:local)?rule \w+:)", text)
    lines = []
    for block in blocks:
        name = re.match(r"(?:local)?rule (\w+):", block)
        if name:
            wildcards = re.search(r"^    wildcards: (.*)$", block, re.M)
            values = dict(item.split("=", 1) for item in wildcards[1].split(", ")) if wildcards else {}
            _, _, variant = values.get("session", "").partition("~")
            label = "/".join(
                [variant] * bool(variant)
                + [values[key] for key in ("trial", "camera", "participant", "calibration", "model") if key in values]
            )
            lines.append(f"    JOB {name[1]}" + (f"[{label}]" if label else ""))
    return "\n".join(lines)


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a user, who has not put the library on PYTHONPATH."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | variables


def run_snakemake(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake as a person would."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    env = environment(variables)
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


EVERYTHING = ("all", "report")
"""The targets that no run of the tests leaves out: together they need every kind of job that needs no setting."""


class Project:
    """A copy of the repository with a synthetic study, in which Snakemake runs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def snakemake(self, *arguments: str, config: str = "config.yaml", **variables: str) -> Outcome:
        arguments = ("--configfile", config, "--cores", "2", *arguments)
        if "--dry-run" in arguments:
            return self._planned(arguments, environment(variables))
        done = run_snakemake(self.root, *arguments, **variables)
        return Outcome(done.returncode, done.stdout + done.stderr)

    def _planned(self, arguments: tuple[str, ...], variables: dict[str, str]) -> Outcome:
        shown = self.root.parent / f"{self.root.name}.plan"
        process = SERVER.Process(target=be_snakemake, args=(list(arguments), self.root, variables, shown))
        process.start()
        process.join()
        return Outcome(process.exitcode or 0, shown.read_text())

    def plan(self, *arguments: str, targets: tuple[str, ...] = EVERYTHING) -> Counter:
        """The jobs that a run would do, without the targets that only gather."""
        outcome = self.snakemake(*targets, "--dry-run", *arguments)
        assert outcome.code == 0, outcome.text
        return Counter({job: n for job, n in outcome.jobs.items() if job not in targets})

    def copy(self, target: Path) -> Project:
        """The same project elsewhere, with all times kept: what was up to date still is."""
        shutil.copytree(self.root, target, symlinks=True, copy_function=shutil.copy2)
        return Project(target)


@pytest.fixture(scope="session")
def opensim_ready(opensim_setup, fetched):
    for asset in ("opencap_lstm", "opensim_bones"):
        fetched(asset)  # so that plans need not fetch it
    return opensim_setup


@pytest.fixture(scope="session")
def finished(tmp_path_factory, opensim_ready) -> Project:
    """A study of two trials (one from videos, one from keypoints), run to the end."""
    root = tmp_path_factory.mktemp("finished") / "project"
    copy_project(root)
    write_study(root, source="mixed")
    project = Project(root)
    outcome = project.snakemake(*EVERYTHING)
    assert outcome.code == 0, outcome.text
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished study, to be edited."""
    return finished.copy(tmp_path / "project")
