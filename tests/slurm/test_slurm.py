"""The SLURM profile on a real SLURM: GPUs asked for, a cancelled job repeated, a failing trial that leaves the others alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from slurm.cluster import Cluster, unavailable
from synthetic.study import copy_project, write_study

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(unavailable()), reason=f"no SLURM can be started here: {unavailable()}"),
]

GPUS = 2


@dataclass
class Run:
    """A finished run, and what SLURM says of its jobs."""

    root: Path
    code: int
    text: str
    cancelled: list[str]
    jobs: list[dict[str, str]] = field(default_factory=list)

    def of_rule(self, rule: str) -> list[dict[str, str]]:
        return [job for job in self.jobs if rule in job["Comment"]]


@pytest.fixture(scope="module")
def run(tmp_path_factory, opensim_setup):
    """A study of two trials on the cluster: one from videos, whose first keypoint job is cancelled, and a broken one."""
    if reason := unavailable():  # since these tests were collected, another run may have started one
        pytest.skip(f"no SLURM can be started here: {reason}")
    root = tmp_path_factory.mktemp("slurm")
    project = root / "project"
    copy_project(project)
    config = write_study(project, source="mixed", cameras=2)
    settings = yaml.safe_load(config.read_text())
    settings["pose"]["device"] = "auto"  # asks for a GPU, and does without where there is none
    config.write_text(yaml.safe_dump(settings))
    for broken in (project / "data" / "S1" / "T2" / "keypoints" / "cam01_json").glob("*.json"):
        broken.write_text("{")
    cluster = Cluster(root / "cluster", nodes=GPUS, gpus=1)
    try:
        cancelled: list[str] = []
        done = threading.Event()
        canceller = threading.Thread(target=cancel_one, args=(cluster, "estimate_pose", cancelled, done))
        canceller.start()
        command = [sys.executable, "-m", "snakemake", "--profile", "profiles/slurm", "--configfile", "config.yaml"]
        command += ["--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "20"]
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        ended = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=600)
        done.set()
        canceller.join()
        shown = cluster.run("scontrol", "show", "job", "--oneliner")
        jobs = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in shown.splitlines() if line.startswith("JobId")]
        yield Run(project, ended.returncode, ended.stdout + ended.stderr, cancelled, jobs)
    finally:
        cluster.stop()


def cancel_one(cluster: Cluster, rule: str, cancelled: list[str], done: threading.Event) -> None:
    """Cancel the first job of a rule that is seen running."""
    while not done.wait(0.2):
        for line in cluster.run("squeue", "-h", "-t", "RUNNING", "-o", "%i %k").splitlines():
            job, _, comment = line.partition(" ")
            if rule in comment:
                cluster.run("scancel", job)
                cancelled.append(job)
                return


def test_the_trial_comes_out_whole_though_a_job_was_cancelled(run):
    assert len(run.cancelled) == 1, run.text
    states = {job["JobId"]: job["JobState"] for job in run.jobs}
    assert states[run.cancelled[0]] == "CANCELLED"
    assert (run.root / "results" / "S1" / "T1" / "checked.txt").exists(), run.text
    verdict = json.loads((run.root / "results" / "S1" / "T1" / "verdict.json").read_text())
    assert verdict["error"] is None
    assert len(run.of_rule("estimate_pose")) == 2 * 2 + 1


def test_keypoint_jobs_ask_for_a_gpu_and_never_share_one(run):
    asked = [job for job in run.of_rule("estimate_pose") if "gpu" in job.get("TresPerJob", "")]
    repeated = run.cancelled[0] in {job["JobId"] for job in asked}
    assert len(asked) == 2 + repeated  # two cameras of videos; precomputed keypoints ask for none
    for job in asked:
        together = [other for other in asked if other["StartTime"] <= job["StartTime"] < other["EndTime"]]
        assert len(together) <= GPUS


def test_the_broken_trial_fails_by_itself_and_is_named(run):
    assert run.code != 0
    verdict = json.loads((run.root / "results" / "S1" / "T2" / "verdict.json").read_text())
    assert verdict["failed"]
    assert "cam01" in verdict["error"]
    assert not (run.root / "results" / "S1" / "T2" / "checked.txt").exists()
    assert (run.root / "results" / "S1" / "T2" / "report" / "index.html").exists()
    assert (run.root / "results" / "report" / "index.html").exists()


def test_a_trials_small_jobs_share_a_submission(run):
    assert len([job for job in run.jobs if "triangulate" in job["Comment"] or "smooth" in job["Comment"]]) <= 2
    assert len(run.jobs) <= 20
