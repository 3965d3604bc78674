"""Kineograph: its workflow on a trial up to the filtered points and their judgement, and what came of it."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from comparison import REPOSITORY
from comparison.processes import run
from comparison.result import Result, Trajectories
from comparison.trial_files import SESSION, TRIAL, TrialFiles, write_configuration
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_synchronization
from kineograph.layout import Layout
from kineograph.model.points import Points3D
from kineograph.stages.triangulate import TriangulateSettings

TOOL = "Kineograph"


def variants() -> dict[str, dict[str, dict[str, Any]]]:
    """The configurations to compare: the default, and Pose2Sim's method where that is not the default."""
    chosen = TriangulateSettings().method
    found: dict[str, dict[str, dict[str, Any]]] = {f"{TOOL} ({chosen})": {}}
    if chosen != "dlt":
        found[f"{TOOL} (dlt)"] = {"triangulation": {"method": "dlt"}}
    return found


def folder_of(files: TrialFiles, tool: str = TOOL) -> Path:
    """The folder of a run's configuration and results."""
    return files.root / re.sub(r"\W+", "_", tool.lower()).strip("_")


def run_kineograph(
    files: TrialFiles,
    *,
    tool: str = TOOL,
    changes: dict[str, dict[str, Any]] | None = None,
    kinds: tuple[str, ...] = ("filtered", "quality"),
) -> Result:
    """Run the workflow up to these files of a trial with its default configuration, but for `changes`."""
    folder = folder_of(files, tool)
    shutil.rmtree(folder, ignore_errors=True)
    config = write_configuration(files, folder, changes or {})
    layout = Layout(str(folder / "results"))
    where = {"session": SESSION, "trial": TRIAL, "participant": files.participants[0]}
    targets = [layout.path(kind, **where) for kind in kinds]
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(REPOSITORY / "Snakefile"), "--cores", "1"]
    usage, log = folder / "usage.tsv", folder / "log.txt"
    cost = run(
        [*command, "--quiet", "all", "--configfile", str(config), "--", *targets],
        cwd=folder,
        log=log,
        environment={"KINEOGRAPH_USAGE": str(usage)},
    )
    return _result(tool, files, layout, usage, "" if cost.code == 0 else log.read_text()[-2000:])


def _result(tool: str, files: TrialFiles, layout: Layout, usage: Path, error: str) -> Result:
    cpu_s: dict[str, float] = defaultdict(float)
    memory_mb = 0.0
    for line in usage.read_text().splitlines() if usage.exists() else []:
        verb, cpu, memory = line.split("\t")
        cpu_s[verb] += float(cpu)
        memory_mb = max(memory_mb, float(memory))
    reasons = _reasons(Path(layout.root))
    blamed = {camera for reason in reasons for camera in files.cameras if re.search(rf"\b{camera}\b", reason["blame"])}
    where = {"session": SESSION, "trial": TRIAL}
    return Result(
        tool=tool,
        triangulated=_trajectories(Path(layout.path("points3d", **where))),
        filtered=_trajectories(Path(layout.path("filtered", **where))),
        offset_s=_offsets(Path(layout.path("synchronization", **where)), files),
        cpu_s=dict(cpu_s),
        total_cpu_s=sum(cpu_s.values()),
        memory_mb=memory_mb,
        said=[f"{reason['verdict']}: {reason['text']}" for reason in reasons],
        named=frozenset(blamed),
        error=error,
    )


def _reasons(results: Path) -> list[dict[str, str]]:
    """What speaks against the trial, from the reports of all stages."""
    records = [json.loads(path.read_text()) for path in sorted(results.rglob("*.json"))]
    return [reason for record in records if isinstance(record, dict) for reason in record.get("reasons", [])]


def _trajectories(path: Path) -> list[Trajectories]:
    if not path.exists():
        return []
    points = read_npz(path, Points3D)
    return [
        Trajectories(points.names, points.time_s, points.position_m[:, person])
        for person in range(len(points.participants) if points.n_frames else 0)
    ]


def _offsets(path: Path, files: TrialFiles) -> np.ndarray:
    if not path.exists():
        return np.zeros(len(files.cameras))
    clock = read_synchronization(path)
    known = dict(zip(clock.cameras, clock.offset_s, strict=True))
    return np.array([known.get(camera, np.nan) for camera in files.cameras])
