"""Run the workflow: check first, clear up after a killed run, show progress, and say at the end how each trial came out.

Exit codes: 0 nothing has a verdict that fails the run (verdicts.fail_at); 1 a trial has one, or a calibration where only a part
of the workflow was asked for, or a job did not end; 2 there is something to correct, and nothing was run; 130 interrupted.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

from kineograph.cli._findings import count, lines
from kineograph.cli._front_arguments import COSTS, add_configuration, add_options, add_profile, read_given
from kineograph.cli._preflight import preflight
from kineograph.front.aftermath import clear_up
from kineograph.front.costs import read_costs
from kineograph.front.full_disks import full_disks, places
from kineograph.front.head import Head
from kineograph.front.outcome import broken_for_all, calibration_outcomes, outcomes, summary
from kineograph.front.progress import Progress
from kineograph.front.snakemake import command
from kineograph.front.watch import run_to_end
from kineograph.planning.plan import Plan

FINE, FAILED, USER_ERROR, INTERRUPTED = 0, 1, 2, 130
TAIL_LINES = 30


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_configuration(parser)
    add_profile(parser)
    parser.add_argument(
        "--take-over",
        action="store_true",
        help="an earlier run, which can't be looked at from here, is dead for certain",
    )
    add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Check, clear up, run, tell."""
    given = read_given(args)
    plan, findings, frames = preflight(given)
    for line in lines([finding for finding in findings if finding.severity in ("stops", "error", "warning")]):
        print(line)
    if count(findings, "stops"):
        print("\nnothing was run: correct the mistakes that stop everything first", file=sys.stderr)
        return USER_ERROR
    configfile = given.configfile()
    with Head(Path.cwd(), take_over=args.take_over) as head:
        told = clear_up(head.workdir, Path(plan.layout.root), head.earlier, configfile, take_over=args.take_over)
        for line in told:
            print(f"clearing up: {line}")
        head.begin()
        progress = Progress(read_costs(COSTS), statistics.median(frames.values()) if frames else 0.0)
        code = run_to_end(head, command(configfile, given.profile, *args.options), progress)
        head.killed = code < 0
        return _tell(plan, head, progress, code)


def _tell(plan: Plan, head: Head, progress: Progress, code: int) -> int:
    """Say how it ended, and return the exit code."""
    output = head.record.output(head.workdir)
    text = output.read_text(errors="replace")
    print(f"{progress.done} of {progress.total} jobs done" if progress.total else "nothing was to be done")
    for line in full_disks(places(plan.layout), text) if code else []:
        print(line)
    for line in broken_for_all(plan.dataset.trials, progress.failed):
        print(line)
    found = outcomes(plan.dataset.trials, plan.layout, progress.failed, text)
    part = [item for item in found if code == 0 and item.state == "not finished"]
    told = [item for item in found if item not in part]
    early = calibration_outcomes(plan) if part else []
    for line in summary(early, what="calibrations") if early else []:
        print(line)
    for line in summary(told) if told else []:
        print(line)
    if part:
        print(f"trials without a verdict yet, since only a part of the workflow was asked for: {len(part)}")
    if plan.layout.exists("dataset_page"):
        print(f"all trials: {plan.layout.path('dataset_page')}")
    if code == 0:
        return FAILED if any(item.fails_run for item in (*found, *early)) else FINE
    if not progress.total or code < 0:
        print("".join(text.splitlines(keepends=True)[-TAIL_LINES:]), file=sys.stderr)
    print(f"Snakemake's own words: {output}", file=sys.stderr)
    if "Cancelling jobs" in text or "Terminating processes on user request" in text:
        return INTERRUPTED
    return USER_ERROR if not progress.total else FAILED
