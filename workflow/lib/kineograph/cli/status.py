"""Say where each stage of each trial stands: done, stale, running, failed (with the end of its log) or missing."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

from kineograph.cli._front_arguments import REPOSITORY, add_configuration, add_profile, read_given
from kineograph.cli._table import table
from kineograph.front.full_disks import full_disks, places
from kineograph.front.head import FOLDER, HeadRecord, is_alive, read_head
from kineograph.front.outcome import last_lines, outcomes, summary
from kineograph.front.snakemake import dry_run, read_events
from kineograph.front.state import Recent, State, recent, states
from kineograph.planning.plan import Plan

USER_ERROR = 2
NAMED_TRIALS = 4
EVENTS = FOLDER / "status.jsonl"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_configuration(parser)
    add_profile(parser)


def run(args: argparse.Namespace) -> int:
    """Look at the files, at what Snakemake would do, and at what the latest run said."""
    given = read_given(args)
    plan = Plan(given.config, REPOSITORY, str(given.path))
    head = read_head(Path.cwd())
    alive = head is not None and is_alive(head, Path.cwd())
    print(_at_work(head, alive=alive))
    to_do, done = dry_run(given.configfile(), given.profile, EVENTS)
    if done.returncode:
        print("\n".join([(done.stdout + done.stderr)[-3000:], *full_disks(places(plan.layout))]), file=sys.stderr)
        return USER_ERROR
    latest = recent(read_events(_latest(head)), alive=alive)
    for line in _table(plan, states(plan, to_do, latest)):
        print(line)
    for line in _failed(latest):
        print(line)
    print()
    for line in summary(outcomes(plan.dataset.trials, plan.layout, list(latest.failed.values())), named=40):
        print(line)
    return 0


def _at_work(head: HeadRecord | None, *, alive: bool) -> str:
    if head is None:
        return "no run is at work here"
    who = f"process {head.pid} of {head.user} on {head.host}, since {head.since}"
    return (
        f"a run is at work: {who}"
        if alive
        else f"a run was killed ({who}): kineograph run clears up after it and goes on"
    )


def _latest(head: HeadRecord | None) -> Path:
    """The events of the run at work, or of the latest."""
    if head is not None:
        return head.events(Path.cwd())
    files = sorted((FOLDER / "runs").glob("*.jsonl"))
    return files[-1] if files else FOLDER / "none"


def _table(plan: Plan, found: dict[tuple[str, str], dict[str, State]]) -> list[str]:
    """A row for trials that stand alike, a column a stage."""
    stages = list(dict.fromkeys(stage for row in found.values() for stage in row))
    alike: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for trial in plan.dataset.trials:
        row = found[trial.key]
        alike[tuple(row.get(stage, "-") for stage in stages)].append(f"{trial.session}/{trial.name}")
    rows = []
    for cells, trials in alike.items():
        more = f" and {len(trials) - NAMED_TRIALS} more" if len(trials) > NAMED_TRIALS else ""
        rows.append([", ".join(trials[:NAMED_TRIALS]) + more, *cells])
    return table(["trial", *stages], rows)


def _failed(latest: Recent) -> list[str]:
    """The jobs that failed, each with the end of its log."""
    rows = []
    for job in {job.number: job for job in latest.failed.values()}.values():
        rows += ["", f"failed: {' '.join(filter(None, [job.rule, job.trial, job.part]))} ({', '.join(job.logs)})"]
        rows += [f"    {line}" for line in last_lines(job.logs)]
    return rows
