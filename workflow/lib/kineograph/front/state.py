"""Where each stage of each trial stands: done, stale, running, failed or missing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kineograph.dataset.records import Trial
from kineograph.front.snakemake import Job, as_job
from kineograph.layout import PATHS
from kineograph.planning.plan import Plan

State = Literal["failed", "running", "missing", "stale", "done"]
STATES: tuple[State, ...] = ("failed", "running", "missing", "stale", "done")
"""From what a user wants to hear of first."""
TRIAL = "{session}/{trial}/"
KNOWN = {"session", "trial", "calibration", "camera", "participant"}
"""Wildcards whose values the dataset tells."""


def stage_of(kind: str) -> str:
    """The stage that a kind of file is of: its folder under the trial's; empty where it is no trial's."""
    path = PATHS[kind]
    if not path.startswith(TRIAL):
        return ""
    rest = path.removeprefix(TRIAL)
    return rest.partition("/")[0] if "/" in rest else "verdict"


@dataclass
class Recent:
    """What is known of the latest run.

    Attributes
    ----------
    running, failed : dict of str to Job
        The jobs at work and those whose last try failed, by each of their files.
    """

    running: dict[str, Job] = field(default_factory=dict)
    failed: dict[str, Job] = field(default_factory=dict)


def recent(events: Iterable[Mapping[str, Any]], *, alive: bool) -> Recent:
    """What the events of a run say; where it is dead, nothing of it runs."""
    jobs: dict[int, Job] = {}
    found = Recent()
    for event in events:
        kind = event["event"]
        if kind == "job_info":
            job = jobs[int(event["jobid"])] = as_job(dict(event))
            for output in job.outputs:
                found.failed.pop(output, None)
                found.running[output] = job
        elif kind in ("job_finished", "job_error"):
            number = event.get("job_id", event.get("jobid"))
            if number is None or int(number) not in jobs:
                continue
            for output in jobs[int(number)].outputs:
                found.running.pop(output, None)
                if kind == "job_error":
                    found.failed[output] = jobs[int(number)]
    if not alive:
        found.running.clear()
    return found


def states(plan: Plan, to_do: Iterable[Job], latest: Recent) -> dict[tuple[str, str], dict[str, State]]:
    """The state of each stage of each trial (by session and name), from its files and the jobs that are to do."""
    waiting = {output for job in to_do for output in job.outputs}
    found: dict[tuple[str, str], dict[str, State]] = {}
    for trial in plan.dataset.trials:
        by_stage: defaultdict[str, list[State]] = defaultdict(list)
        for kind in PATHS:
            if stage := stage_of(kind):
                for path in paths_of(plan, trial, kind):
                    if state := _state(path, waiting, latest):
                        by_stage[stage].append(state)
        found[trial.key] = {stage: min(each, key=STATES.index) for stage, each in by_stage.items()}
    return found


def paths_of(plan: Plan, trial: Trial, kind: str) -> Sequence[str]:
    """The paths of a kind for a trial; none of kinds that are gone when a run ends, or that only some trials have."""
    wildcards = set(re.findall(r"{(\w+)}", PATHS[kind]))
    return plan.of_trial(trial, kind) if wildcards <= KNOWN else []


def _state(path: str, waiting: set[str], latest: Recent) -> State | None:
    """The state of a file; None where nothing has made it and nothing is to."""
    if path in latest.running:
        return "running"
    there = Path(path).exists()
    if not there and path in latest.failed:
        return "failed"
    if path in waiting:
        return "stale" if there else "missing"
    return "done" if there else None
