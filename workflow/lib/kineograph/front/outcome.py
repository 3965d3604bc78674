"""How the trials of a dataset came out: the verdict of each, or not finished, with what is to blame and where to look."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from kineograph.dataset.records import Trial
from kineograph.errors import KineographError
from kineograph.front.snakemake import Job
from kineograph.io.reports import read_report
from kineograph.layout import Layout
from kineograph.model.report import Touches, badness
from kineograph.planning.plan import Plan
from kineograph.stages.verdict import VerdictSettings

State = Literal["pass", "warn", "fail", "error", "not finished"]
STATES: tuple[State, ...] = ("error", "fail", "not finished", "warn", "pass")
"""From the worst to the best."""
LAST_LINES = 6
NO_WORD = "ended without a word"
ENDED_WELL = re.compile(r"[a-z_]+: (pass|warn|fail)")
"""The line in which a stage says how it came out, in its job's log."""


@dataclass(frozen=True)
class Outcome:
    """One trial's, or one calibration's.

    Attributes
    ----------
    trial : str
        ``session/trial``, or ``session/calibration``.
    state : str
        One of :data:`STATES`: the trial's verdict, where it has one.
    why : str
        Stage, what is to blame, and reason; empty for a good trial.
    see : str
        The file that tells more.
    touches : str or None
        What the reason puts in doubt (``Reason.touches``).
    fails_run : bool
        Whether the verdict makes the run fail (``verdicts.fail_at``).
    """

    trial: str
    state: State
    why: str = ""
    see: str = ""
    touches: Touches | None = None
    fails_run: bool = False


def outcomes(trials: Iterable[Trial], layout: Layout, broken: Sequence[Job], printed: str = "") -> list[Outcome]:
    """The outcome of each trial, the worst first.

    Parameters
    ----------
    trials : iterable of Trial
        Those of the dataset.
    layout : Layout
        Where their results are.
    broken : sequence of Job
        Jobs that ended without a result.
    printed : str
        What Snakemake printed: a job whose log is on a full disk says there what was wrong.
    """
    found = [_outcome(trial, layout, broken, printed) for trial in trials]
    return sorted(found, key=_badness)


def calibration_outcomes(plan: Plan) -> list[Outcome]:
    """How the calibrations came out that are there, the worst first; each fails the run where it does so in one of its trials."""
    found: dict[tuple[str, str], Outcome] = {}
    for trial in plan.dataset.trials:
        key = trial.session, trial.calibration.name
        settings = VerdictSettings(**plan.config.section("verdicts", session=trial.session, trial=trial.name))
        if key not in found:
            path = Path(plan.layout.path("calibration_report", session=key[0], calibration=key[1]))
            if not path.exists():
                continue
            found[key] = _calibration(trial.session, trial.calibration.name, path)
        state = found[key].state
        if state != "not finished" and settings.fails(state):
            found[key] = replace(found[key], fails_run=True)
    return sorted(found.values(), key=_badness)


def _badness(item: Outcome) -> tuple[int, int]:
    return STATES.index(item.state), badness("pass", item.touches)[1]


def _calibration(session: str, name: str, path: Path) -> Outcome:
    report = read_report(path)
    reason = next(iter(report.ranked()), None)
    why = f"{reason.text} (to do: {reason.hint})" if reason is not None else ""
    if report.error:
        error = KineographError.from_record(report.error)
        why = f"{error.what} (expected {error.expected}; found {error.found}; to do: {error.hint})"
    pictures = path.parent / "pictures"
    return Outcome(
        f"{session}/{name}",
        report.verdict,
        why,
        str(pictures if pictures.is_dir() else path),
        reason.touches if reason else None,
    )


def _outcome(trial: Trial, layout: Layout, broken: Sequence[Job], printed: str) -> Outcome:
    name = f"{trial.session}/{trial.name}"
    own = {"session": trial.session, "trial": trial.name}
    page = layout.path("trial_page", **own)
    job = next((job for job in broken if job.trial == name), None)
    if job is not None:
        why = f"{job.rule} {job.part}".strip() + f": {last_line(job, printed)}"
        return Outcome(name, "not finished", why, job.logs[0] if job.logs else "")
    try:
        verdict = json.loads(Path(layout.path("verdict", **own)).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Outcome(name, "not finished", "no verdict yet", "")
    blame = " ".join(filter(None, [verdict["stage"], verdict["blame"]]))
    why = f"{blame}: {verdict['reason']}" if blame else ""
    if not verdict["failed"] and not layout.exists("trial_page", **own):
        return Outcome(name, "not finished", "its page is missing", "")
    return Outcome(name, verdict["verdict"], why, page, verdict["touches"], verdict["failed"])


def summary(found: Sequence[Outcome], named: int = 12, what: str = "trials") -> list[str]:
    """What a user reads at the end: the counts, and the trials (or `what` they are) that are not good."""
    counts = {state: sum(item.state == state for item in found) for state in STATES}
    rows = [f"{what}: " + ", ".join(f"{counts[state]} {state}" for state in reversed(STATES) if counts[state])]
    poor = [item for item in found if item.state != "pass"]
    for item in poor[:named]:
        rows.append(f"  {item.state:12} {item.trial}  {item.why}")
        rows += [f"  {'':12} see {item.see}"] if item.see else []
    rows += [f"  and {len(poor) - named} more (kineograph status)"] if len(poor) > named else []
    return rows


def broken_for_all(trials: Iterable[Trial], broken: Sequence[Job]) -> list[str]:
    """The jobs that ended without a result and are of no single trial, such as a calibration, each with the end of its log."""
    named = {f"{trial.session}/{trial.name}" for trial in trials}
    rows = []
    for job in (job for job in broken if job.trial not in named):
        rows.append(" ".join(filter(None, ["failed:", job.rule, job.trial, job.part])))
        rows += [f"  {line}" for line in last_lines(job.logs) or [NO_WORD]]
        rows += [f"  see {job.logs[0]}"] if job.logs else []
    return rows


def last_lines(logs: Iterable[str]) -> list[str]:
    """The last lines of a job's log."""
    for log in logs:
        try:
            lines = Path(log).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        if lines:
            return lines[-LAST_LINES:]
    return []


def last_line(job: Job, printed: str = "") -> str:
    """What a job's log says in a line: its error, where it has one in our three lines."""
    lines = last_lines(job.logs) or [line for line in printed.splitlines() if any(file in line for file in job.outputs)]
    ours = [line for line in lines if line.startswith("kineograph: ")]
    if not ours and any(ENDED_WELL.fullmatch(line) for line in lines):
        return "came to its end, but its result could not be kept: Snakemake's own words say why"
    return (ours or last_lines(job.logs) or [NO_WORD])[-1].removeprefix("kineograph: ")
