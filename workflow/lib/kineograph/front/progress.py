"""How far a run is: jobs by stage and trial, what runs now, and the time left."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from kineograph.front.costs import Costs
from kineograph.front.snakemake import Job, as_job

SHOWN = 3
"""So many of the jobs at work are named."""


class Progress:
    """The state of a run, from Snakemake's events.

    Parameters
    ----------
    costs : Costs
        What jobs cost where none of a rule has run yet.
    frames : float
        Frames of a usual trial.

    Attributes
    ----------
    jobs : dict of int to Job
        The jobs that were started, by their numbers.
    failed : list of Job
        Those that failed, and were not tried again or failed then, too.
    """

    def __init__(self, costs: Costs, frames: float) -> None:
        self._costs, self._frames = costs, frames
        self.jobs: dict[int, Job] = {}
        self._started: dict[int, float] = {}
        self._took: defaultdict[str, list[float]] = defaultdict(list)
        self._to_do: Counter[str] = Counter()
        self._finished: dict[int, bool] = {}
        self._failed: dict[int, Job] = {}
        self.begun: float | None = None
        self.now = 0.0

    @property
    def failed(self) -> list[Job]:
        """The jobs whose last try failed."""
        return list(self._failed.values())

    @property
    def total(self) -> int:
        """The number of jobs of the run."""
        return sum(self._to_do.values())

    @property
    def done(self) -> int:
        """The number of jobs that are finished."""
        return len(self._finished)

    def take(self, event: dict[str, Any]) -> Job | None:
        """Take an event; the job that it finishes, where it does."""
        self.now = event["time"]
        kind = event["event"]
        if kind == "run_info" and not self._to_do and event.get("stats"):
            self._to_do = Counter({rule: n for rule, n in event["stats"].items() if rule != "total"})
            self.begun = event["time"]
        elif kind == "job_info":
            job = as_job(event)
            self.jobs[job.number] = job
            self._started[job.number] = event["time"]
            self._failed.pop(job.number, None)
        elif kind == "job_error" and int(event["jobid"]) in self.jobs:
            number = int(event["jobid"])
            self._failed[number] = self.jobs[number]
            self._started.pop(number, None)
        elif kind == "job_finished" and event.get("job_id") is not None:
            return self._finish(int(event["job_id"]))
        return None

    def _finish(self, number: int) -> Job | None:
        job = self.jobs.get(number)
        if job is None or number in self._finished:
            return None
        self._finished[number] = True
        self._failed.pop(number, None)
        begun = self._started.pop(number, None)
        if begun is not None:
            self._took[job.rule].append(self.now - begun)
        return job

    def at_work(self) -> list[Job]:
        """The jobs that were started and have not ended, the longest first."""
        return [self.jobs[number] for number in sorted(self._started, key=self._started.__getitem__)]

    def seconds_left(self) -> float | None:
        """The time left, s: work that is left by the rate of the work that is done; None before there is a rate."""
        if self.begun is None or not self._finished or not self.total:
            return None
        done = Counter(self.jobs[number].rule for number in self._finished)
        cost = {rule: self._expected_s(rule) for rule in self._to_do}
        work_done = sum(cost.get(rule, 0.0) * n for rule, n in done.items())
        work_left = sum(cost[rule] * max(n - done[rule], 0) for rule, n in self._to_do.items())
        return work_left * (self.now - self.begun) / work_done if work_done else None

    def line(self) -> str:
        """The state in a line."""
        share = self.done / self.total if self.total else 0.0
        left = self.seconds_left()
        now = ", ".join(" ".join(filter(None, [job.rule, job.trial, job.part])) for job in self.at_work()[:SHOWN])
        more = len(self.at_work()) - SHOWN
        parts = [f"{share:4.0%}  {self.done} of {self.total} jobs"]
        parts += [f"{len(self._failed)} failed"] if self._failed else []
        parts += [f"about {duration(left)} left"] if left is not None and self.done < self.total else []
        parts += [f"now {now}" + (f" and {more} more" if more > 0 else "")] if now else []
        return "; ".join(parts)

    def _expected_s(self, rule: str) -> float:
        took = self._took[rule]
        return sum(took) / len(took) if took else self._costs.job_cpu_s(rule, self._frames)


def duration(seconds: float) -> str:
    """A time in words: 40 s, 12 min, 3 h 20 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
