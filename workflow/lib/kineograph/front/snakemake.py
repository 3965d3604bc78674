"""Snakemake as a command: how it is called, and what it says of its jobs."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kineograph.front.processes import RUN_VARIABLE

EVENTS_VARIABLE = "KINEOGRAPH_EVENTS"
LIBRARY = Path(__file__).resolve().parents[2]
SNAKEFILE = LIBRARY.parents[1] / "Snakefile"
"""This installation's: a study may lie in any folder, and the command be given there."""
PROGRAM = (sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE))


@dataclass(frozen=True)
class Job:
    """A job that Snakemake runs or would run.

    Attributes
    ----------
    number : int
        Its number in this run of Snakemake.
    rule : str
        Its rule.
    wildcards : dict of str to str
        What it is about.
    outputs, logs : tuple of str
        Its files.
    reason : str
        Why it runs, in Snakemake's words.
    gpus : int
        GPUs that it asks for.
    """

    number: int
    rule: str
    wildcards: dict[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    reason: str = ""
    gpus: int = 0

    @property
    def trial(self) -> str:
        """``session/trial``, or what else it is about: a session's calibration or participant, the dataset."""
        names = [self.wildcards[key] for key in ("session", "trial") if key in self.wildcards]
        return "/".join(names) if names else "dataset"

    @property
    def part(self) -> str:
        """The camera, participant or calibration that it is about; empty where there is none."""
        keys = ("camera", "chunk", "participant", "calibration", "asset", "model")
        return " ".join(self.wildcards[key] for key in keys if key in self.wildcards)


def command(configfile: Path, profile: Path, *options: str) -> list[str]:
    """The command line of Snakemake with the events written where the environment says."""
    base = [*PROGRAM, "--configfile", str(configfile), "--profile", str(profile)]
    return [*base, "--logger", "kineograph", "--rerun-incomplete", *options]


def environment(events: Path, run: str = "") -> dict[str, str]:
    """The environment for it."""
    variables = dict(os.environ)
    rest = variables.get("PYTHONPATH")
    variables["PYTHONPATH"] = f"{LIBRARY}{os.pathsep}{rest}" if rest else str(LIBRARY)
    variables[EVENTS_VARIABLE] = str(events.absolute())
    if run:
        variables[RUN_VARIABLE] = run
    return variables


def dry_run(
    configfile: Path, profile: Path, events: Path, options: Sequence[str] = ()
) -> tuple[list[Job], subprocess.CompletedProcess[str]]:
    """The jobs that Snakemake would run now, and how its dry run ended."""
    events.parent.mkdir(parents=True, exist_ok=True)
    events.unlink(missing_ok=True)
    done = subprocess.run(
        command(configfile, profile, "--dry-run", "--nolock", *options),
        env=environment(events),
        capture_output=True,
        text=True,
        check=False,
    )
    found = read_events(events)
    events.unlink(missing_ok=True)
    return list(jobs(found)), done


def read_events(file: Path) -> list[dict[str, Any]]:
    """What happened, in its order; a last line that is not whole is left out."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return list(parsed(text.split("\n")[:-1]))


def parsed(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The events of lines; one of which a full disk took only a part is left out."""
    for line in filter(None, lines):
        with contextlib.suppress(ValueError):
            yield json.loads(line)


def jobs(events: Iterable[dict[str, Any]]) -> Iterator[Job]:
    """The jobs that were announced, without targets that only gather."""
    for event in events:
        if event["event"] == "job_info" and event.get("output"):
            yield as_job(event)


def as_job(event: dict[str, Any]) -> Job:
    """The job of an event."""
    resources = event.get("resources")
    gpus = resources.get("gpu", 0) if isinstance(resources, dict) else 0
    return Job(
        int(event["jobid"]),
        event["rule_name"],
        dict(event.get("wildcards") or {}),
        tuple(event.get("output") or ()),
        tuple(event.get("log") or ()),
        event.get("reason") or "",
        int(gpus) if str(gpus).isdigit() else 0,
    )
