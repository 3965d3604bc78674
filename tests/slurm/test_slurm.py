"""The SLURM profile on a real SLURM: GPUs asked for; jobs that are cancelled, lost or too slow are repeated; killed heads."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import yaml

from slurm.cluster import Cluster, unavailable
from synthetic.study import copy_project, write_study

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(unavailable()), reason=f"no SLURM can be started here: {unavailable()}"),
]

GPUS = 2
SOON = ["--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "20"]


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
def cluster(tmp_path_factory):
    """A SLURM of two nodes with a GPU each."""
    if reason := unavailable():  # since these tests were collected, another run may have started one
        pytest.skip(f"no SLURM can be started here: {reason}")
    started = Cluster(tmp_path_factory.mktemp("cluster") / "slurm", nodes=GPUS, gpus=1)
    yield started
    started.stop()


def jobs_in(cluster: Cluster, project: Path) -> list[dict[str, str]]:
    """What SLURM says of the jobs that were submitted in a folder."""
    shown = cluster.run("scontrol", "show", "job", "--oneliner")
    jobs = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in shown.splitlines() if line.startswith("JobId")]
    return [job for job in jobs if job["WorkDir"] == str(project)]


@pytest.fixture(scope="module")
def run(tmp_path_factory, opensim_setup, cluster):
    """A study of two trials on the cluster: one from videos, whose first keypoint job is cancelled, and a broken one."""
    root = tmp_path_factory.mktemp("slurm")
    project = root / "project"
    copy_project(project)
    config = write_study(project, source="mixed", cameras=2)
    settings = yaml.safe_load(config.read_text())
    settings["pose"]["device"] = "auto"  # asks for a GPU, and does without where there is none
    config.write_text(yaml.safe_dump(settings))
    for broken in (project / "data" / "S1" / "T2" / "keypoints" / "cam01_json").glob("*.json"):
        broken.write_text("{")
    cancelled: list[str] = []
    done = threading.Event()
    canceller = threading.Thread(target=cancel_one, args=(cluster, "estimate_pose", cancelled, done))
    canceller.start()
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/slurm", "--configfile", "config.yaml", *SOON]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ended = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=600)
    done.set()
    canceller.join()
    return Run(project, ended.returncode, ended.stdout + ended.stderr, cancelled, jobs_in(cluster, project))


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
    assert (run.root / "results" / "S1" / "T1" / "report" / "index.html").exists(), run.text
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
    assert not (run.root / "results" / "report" / "checked.txt").exists()
    assert not run.of_rule("check_dataset")  # the head itself reads the verdicts
    assert (run.root / "results" / "S1" / "T2" / "report" / "index.html").exists()
    assert (run.root / "results" / "report" / "index.html").exists()


def test_a_trials_small_jobs_share_a_submission(run):
    assert len([job for job in run.jobs if "triangulate" in job["Comment"] or "smooth" in job["Comment"]]) <= 2
    assert len(run.jobs) <= 20


@dataclass
class Killed:
    """A run whose head was killed, and the run after it, in which a node is lost and a job takes too long."""

    root: Path
    before: set[str]
    names: list[str]
    code: int
    text: str
    made_again: set[str]
    lost: list[str]
    too_slow: list[str]
    jobs: list[dict[str, str]]

    def of_run(self, number: int) -> list[dict[str, str]]:
        return [job for job in self.jobs if job["JobName"] == self.names[number]]


@pytest.fixture(scope="module")
def killed(tmp_path_factory, cluster):
    project = tmp_path_factory.mktemp("killed") / "project"
    copy_project(project)
    write_study(project, trials=("T1",), cameras=2)
    first = start(project)
    while first.poll() is None and not (finished(project) and running(cluster)):
        time.sleep(0.1)
    before = finished(project)
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in [psutil.Process(first.pid), *psutil.Process(first.pid).children()]:
            process.kill()
    first.communicate()
    second = start(project)
    lost: list[str] = []
    too_slow: list[str] = []
    while second.poll() is None:
        fault_once(cluster, second.pid, project, lost, too_slow)
        time.sleep(0.1)
    text = second.communicate()[0]
    again = {output for event in events(project)[-1] if event["event"] == "job_info" for output in event["output"]}
    names = [
        name for log in events(project) for event in log for name in re.findall(r"SLURM run ID: (\S+)", event["text"])
    ]
    return Killed(project, before, names, second.returncode, text, again, lost, too_slow, jobs_in(cluster, project))


def start(project: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "kineograph.cli", "run", "--configfile", "config.yaml", "--profile", "slurm"]
    environment = {**os.environ, "PYTHONPATH": str(project / "workflow" / "lib")}
    return subprocess.Popen(
        [*command, "--", *SOON, "points3d"],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def events(project: Path) -> list[list[dict]]:
    """What happened in each run, the first first."""
    files = sorted((project / ".kineograph" / "runs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
    return [[json.loads(line) for line in file.read_text().splitlines()] for file in files]


def finished(project: Path) -> set[str]:
    """The files of the jobs that have ended well in the latest run."""
    latest = events(project)[-1:]
    made = {event["jobid"]: event["output"] for log in latest for event in log if event["event"] == "job_info"}
    ended = [
        event["job_id"] for log in latest for event in log if event["event"] == "job_finished" and "job_id" in event
    ]
    return {output for number in ended for output in made.get(number, [])}


def running(cluster: Cluster) -> list[list[str]]:
    """Number, name and node of the jobs that run."""
    return [line.split() for line in cluster.run("squeue", "-h", "-t", "RUNNING", "-o", "%i %j %N").splitlines()]


def fault_once(cluster: Cluster, head: int, project: Path, lost: list[str], too_slow: list[str]) -> None:
    """Take the node away from one job, and let a later one hang until its time is over."""
    ours = {
        name for event in (events(project) or [[]])[-1] for name in re.findall(r"SLURM run ID: (\S+)", event["text"])
    }
    for job, name, node in running(cluster):
        if name not in ours or len(events(project)) < 2:
            continue
        if not lost:
            cluster.run("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test")
            lost += [job, node]
            with contextlib.suppress(subprocess.CalledProcessError):  # it may have come back by itself
                cluster.run("scontrol", "update", f"NodeName={node}", "State=RESUME")
            return
        if not too_slow and job not in lost:
            for process in psutil.process_iter():
                with contextlib.suppress(psutil.Error):
                    if process.environ().get("SLURM_JOB_ID") == job:
                        process.send_signal(signal.SIGSTOP)
            soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() + 1))
            cluster.run("scontrol", "update", f"JobId={job}", f"EndTime={soon}")
            too_slow += [job, node]


def test_after_a_killed_head_no_file_has_two_writers(killed):
    assert killed.code == 0, killed.text
    assert "was killed" in killed.text
    assert len(set(killed.names)) == 2
    last_of_old = max(job["EndTime"] for job in killed.of_run(0))
    first_of_new = min(job["SubmitTime"] for job in killed.of_run(1))
    assert last_of_old <= first_of_new
    assert "CANCELLED" in {job["JobState"] for job in killed.of_run(0)}


def test_after_a_killed_head_no_finished_job_is_repeated(killed):
    assert killed.before
    assert not killed.before & killed.made_again
    assert (killed.root / "results" / "S1" / "T1" / "triangulation" / "points3d.npz").exists()


def test_a_lost_node_and_a_time_limit_are_tried_again(killed):
    states = {job["JobId"]: job for job in killed.jobs}
    assert states[killed.lost[0]]["JobState"] == "NODE_FAIL"
    assert states[killed.too_slow[0]]["JobState"] == "TIMEOUT"
    for job in (killed.lost[0], killed.too_slow[0]):
        again = [other for other in killed.of_run(1) if other["Comment"] == states[job]["Comment"]]
        assert [other["JobState"] for other in again].count("COMPLETED") == 1
