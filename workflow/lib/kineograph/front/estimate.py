"""How long jobs take: by the measured table, corrected by how long this dataset's own jobs took."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kineograph.front.costs import Costs
from kineograph.front.snakemake import Job

SAMPLED = 200
"""So many of a rule's past jobs are looked at."""


@dataclass(frozen=True)
class Expected:
    """What jobs are expected to take.

    Attributes
    ----------
    cpu_s : float
        Processor time of the jobs that ask for no GPU, s.
    gpu_s : float
        Time on GPUs, s.
    unknown : int
        Jobs on GPUs that nothing can be said of: none has run here.
    """

    cpu_s: float = 0.0
    gpu_s: float = 0.0
    unknown: int = 0

    def __add__(self, other: Expected) -> Expected:
        return Expected(self.cpu_s + other.cpu_s, self.gpu_s + other.gpu_s, self.unknown + other.unknown)


class Estimate:
    """The estimate for one dataset.

    Parameters
    ----------
    costs : Costs
        The table.
    frames : dict of (str, str, str) to int
        The number of frames of each camera (session, trial, camera).
    benchmarks : Path
        The folder of what Snakemake measured of this dataset's jobs: a folder a rule.

    Attributes
    ----------
    own : dict of str to float
        By rule, how much longer this dataset's own jobs took than the table says.
    """

    def __init__(self, costs: Costs, frames: Mapping[tuple[str, str, str], int], benchmarks: Path) -> None:
        self._costs = costs
        self._frames = frames
        self._longest: dict[tuple[str, str], int] = {}
        for (session, trial, _), count in frames.items():
            self._longest[session, trial] = max(count, self._longest.get((session, trial), 0))
        self.own = dict(self._corrections(benchmarks))

    def of(self, jobs: Iterable[Job]) -> Expected:
        """What these jobs are expected to take together."""
        total = Expected()
        for job in jobs:
            seconds = self._costs.job_cpu_s(job.rule, self._frames_of(job.wildcards)) * self.own.get(job.rule, 1.0)
            if not job.gpus:
                total += Expected(cpu_s=seconds)
            elif job.rule in self.own:
                total += Expected(gpu_s=seconds)
            else:
                total += Expected(unknown=1)
        return total

    def _frames_of(self, wildcards: Mapping[str, str]) -> float:
        session, trial, camera = (wildcards.get(key, "") for key in ("session", "trial", "camera"))
        own = self._frames.get((session, trial, camera))
        return float(own if own is not None else self._longest.get((session, trial), 0))

    def _corrections(self, benchmarks: Path) -> Iterable[tuple[str, float]]:
        for folder in sorted(path for path in benchmarks.glob("*") if path.is_dir()):
            ratios = []
            for file in list(folder.rglob("*.tsv"))[:SAMPLED]:
                parts = file.relative_to(folder).with_suffix("").parts
                wildcards = dict(zip(("session", "trial", "camera"), parts, strict=False))
                expected = self._costs.job_cpu_s(folder.name, self._frames_of(wildcards))
                took = _seconds(file)
                if took is not None:
                    ratios.append(took / expected)
            if ratios:
                yield folder.name, statistics.median(ratios)


def _seconds(file: Path) -> float | None:
    """How long a job took, s; Snakemake's own figure of processor time is 0 for short jobs."""
    try:
        with file.open(encoding="utf-8") as content:
            row = next(csv.DictReader(content, delimiter="\t"))
        return float(row["s"])
    except (OSError, StopIteration, KeyError, ValueError):
        return None
