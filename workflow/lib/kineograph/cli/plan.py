"""Say what a run would do and why, by stage and trial, with the hours and the room on the disk that it will take."""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from kineograph.cli._findings import count, lines
from kineograph.cli._front_arguments import COSTS, add_configuration, add_options, add_profile, read_given
from kineograph.cli._preflight import preflight
from kineograph.cli._table import table
from kineograph.front.costs import read_costs
from kineograph.front.estimate import Estimate, Expected
from kineograph.front.full_disks import full_disks, places
from kineograph.front.progress import duration
from kineograph.front.reasons import explain
from kineograph.front.snakemake import Job, dry_run

USER_ERROR = 2
NAMED_TRIALS = 4
MOST_ROWS = 40
EVENTS = Path(".kineograph") / "plan.jsonl"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_configuration(parser)
    add_profile(parser)
    add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Ask Snakemake and explain."""
    given = read_given(args)
    plan, findings, frames = preflight(given)
    if count(findings, "stops"):
        for line in lines([finding for finding in findings if finding.severity == "stops"]):
            print(line)
        return USER_ERROR
    found, done = dry_run(given.configfile(), given.profile, EVENTS, args.options)
    if done.returncode:
        print("\n".join([(done.stdout + done.stderr)[-3000:], *full_disks(places(plan.layout))]), file=sys.stderr)
        return USER_ERROR
    if not found:
        print("everything is up to date: nothing would run")
        return 0
    estimate = Estimate(read_costs(COSTS), frames, Path(plan.layout.root) / "benchmarks")
    reasons = {job.number: explain(job, plan.config.keys_of_sections()) for job in found}
    for line in (*by_stage(found, reasons, estimate), "", *by_trial(found, reasons, estimate)):
        print(line)
    total = estimate.of(found)
    known = ", corrected by this dataset's own past jobs" if estimate.own else ""
    print(f"\n{len(found)} jobs: {told(total)} (from resources/costs.toml{known})")
    errors = count(findings, "error")
    if errors:
        print(f"{errors} mistakes in trials: see kineograph check")
    return 0


def by_stage(jobs: Sequence[Job], reasons: dict[int, tuple[str, ...]], estimate: Estimate) -> list[str]:
    """A row a stage, in the order of the jobs."""
    rows = []
    for rule, group in _grouped(jobs, lambda job: job.rule).items():
        expected = estimate.of(group)
        trials = {job.trial for job in group}
        rows.append([rule, str(len(group)), str(len(trials)), *_times(expected), _why(group, reasons)])
    return table(["stage", "jobs", "trials", "CPU time", "GPU time", "why"], rows)


def by_trial(jobs: Sequence[Job], reasons: dict[int, tuple[str, ...]], estimate: Estimate) -> list[str]:
    """A row for trials to which the same happens for the same reason."""
    alike: defaultdict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
    of_trial = _grouped(jobs, lambda job: job.trial)
    for trial, group in sorted(of_trial.items()):
        alike[tuple(job.rule for job in group), _why(group, reasons)].append(trial)
    rows = []
    for (rules, why), trials in alike.items():
        expected = sum((estimate.of(of_trial[trial]) for trial in trials), Expected())
        more = f" and {len(trials) - NAMED_TRIALS} more" if len(trials) > NAMED_TRIALS else ""
        rows.append([", ".join(trials[:NAMED_TRIALS]) + more, str(len(rules) * len(trials)), *_times(expected), why])
    shown = table(["trial", "jobs", "CPU time", "GPU time", "why"], rows[:MOST_ROWS])
    return shown + ([f"and {len(rows) - MOST_ROWS} more rows"] if len(rows) > MOST_ROWS else [])


def told(expected: Expected) -> str:
    """An expectation in words."""
    parts = [f"about {duration(expected.cpu_s)} on a CPU core"]
    parts += [f"{duration(expected.gpu_s)} on a GPU"] if expected.gpu_s else []
    if expected.unknown:
        parts.append(
            f"and the GPU time of {expected.unknown} jobs, which is not known before the first of them has run here"
        )
    return ", ".join(parts)


def _times(expected: Expected) -> tuple[str, str]:
    gpu = "?" if expected.unknown else duration(expected.gpu_s) if expected.gpu_s else "-"
    return duration(expected.cpu_s), gpu


def _why(jobs: Iterable[Job], reasons: dict[int, tuple[str, ...]]) -> str:
    """The causes of a group of jobs, the most frequent first; where there is none, that they follow from others."""
    causes = Counter(cause for job in jobs for cause in reasons[job.number])
    real = [cause for cause, _ in causes.most_common() if cause != "not made yet"] + (
        ["not made yet"] if "not made yet" in causes else []
    )
    more = f"; and {len(real) - 3} more reasons" if len(real) > 3 else ""
    return "; ".join(real[:3]) + more if real else "follows from the stages before"


def _grouped(jobs: Iterable[Job], key: Callable[[Job], str]) -> dict[str, list[Job]]:
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        groups.setdefault(key(job), []).append(job)
    return groups
