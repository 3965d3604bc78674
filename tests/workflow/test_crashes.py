"""Kills at random instants, two heads, a full disk: results are whole and as undisturbed, and no finished job is repeated."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import random
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from synthetic.study import copy_project, write_study

TARGET = "points3d"
TRIALS = ("T1", "T2")
KILLED = {1: ("front", "job"), 2: ("snakemake", "both")}
"""What is killed, one after another, under each seed of the instants."""
LONG_S = 120.0


def heed_interrupts() -> None:
    """Undo that a shell's background jobs, of which these tests may be one, ignore interrupts, and all their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Study:
    """A project in which `kineograph run` is started, killed and started again."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def start(self, *arguments: str, **options) -> subprocess.Popen:
        library = str(self.root / "workflow" / "lib")
        command = [sys.executable, "-m", "kineograph.cli", "run", "--configfile", "config.yaml", *arguments]
        return subprocess.Popen(
            [*command, "--", TARGET],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": library},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=heed_interrupts,  # noqa: PLW1509  # this process has no threads
            **options,
        )

    def front(self, verb: str, *arguments: str) -> tuple[int, str]:
        """Run another verb of the front; the exit code and all that was printed."""
        command = [sys.executable, "-m", "kineograph.cli", verb, "--configfile", "config.yaml", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(self.root / "workflow" / "lib")}
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def run(self, *arguments: str, **options) -> tuple[int, str]:
        process = self.start(*arguments, **options)
        text, _ = process.communicate(timeout=LONG_S)
        return process.returncode, text

    def head(self) -> dict:
        try:
            return json.loads((self.root / ".kineograph" / "head.json").read_text())
        except (OSError, ValueError):
            return {}

    def events(self, run: str, kind: str) -> list[dict]:
        file = self.root / ".kineograph" / "runs" / f"{run}.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return [event for event in map(json.loads, lines) if event["event"] == kind]

    def processes(self, run: str) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("KINEOGRAPH_RUN") == run and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def finished(self) -> set[str]:
        """The results that Snakemake has recorded as finished; a job that failed may leave a record, but no result."""
        records = self.root / ".snakemake" / "metadata"
        marked = {path.relative_to(records.parent / "incomplete") for path in _files(records.parent / "incomplete")}
        recorded = [path.relative_to(records) for path in _files(records)]
        names = {_decoded(path) for path in recorded if path not in marked}
        return {name for name in names if (self.root / name).exists()}

    def results(self) -> dict[str, str]:
        """The digest of each result, those of logs and of how long jobs took left out."""
        folder = self.root / "results"
        files = [path for path in _files(folder) if path.relative_to(folder).parts[0] not in ("logs", "benchmarks")]
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def last_run(self) -> str:
        return max((self.root / ".kineograph" / "runs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime).stem


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _decoded(path: Path) -> str:
    return base64.urlsafe_b64decode(path.as_posix().replace("/", "").replace("@", "")).decode()


def new_study(root: Path, trials: tuple[str, ...] = TRIALS) -> Study:
    copy_project(root)
    write_study(root, trials=trials, cameras=2)
    return Study(root)


@dataclass
class Undisturbed:
    """A run that nobody killed, and what a second head was told meanwhile."""

    study: Study
    results: dict[str, str]
    first_pid: int
    second: tuple[int, str]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Undisturbed:
    study = new_study(tmp_path_factory.mktemp("undisturbed") / "project")
    first = study.start()
    wait_for(study, first, jobs=0)
    second = study.run()
    text, _ = first.communicate(timeout=LONG_S)
    assert "jobs done" in text
    assert first.returncode == 0, text
    return Undisturbed(study, study.results(), first.pid, second)


def wait_for(study: Study, process: subprocess.Popen, jobs: int) -> str:
    """Wait until so many jobs have finished, or all; the run's name."""
    stop = time.monotonic() + LONG_S
    run = ""
    while process.poll() is None and time.monotonic() < stop:
        head = study.head()
        if head.get("pid") == process.pid:
            run = head["run"]
            if len(study.events(run, "job_finished")) >= jobs and study.events(run, "job_info"):
                break
        time.sleep(0.02)
    return run


def at_work(study: Study, run: str) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """The processes of Snakemake and of its jobs."""
    named: dict[str, list[psutil.Process]] = {"snakemake": [], "kineograph.cli": []}
    for item in study.processes(run):
        with contextlib.suppress(psutil.Error):
            for name in set(named) & set(item.cmdline()):
                named[name].append(item)
    return named["snakemake"], named["kineograph.cli"]


def kill(study: Study, process: subprocess.Popen, run: str, what: str, chance: random.Random) -> None:
    """End the front, Snakemake, both, or one job, without a chance to tidy up; where none is at work just then, the next."""
    heads, jobs = at_work(study, run)
    while what == "job" and not jobs and process.poll() is None:
        heads, jobs = at_work(study, run)
    victims = {"snakemake": heads, "both": heads, "job": [chance.choice(jobs)] if jobs else []}
    if what in ("front", "both"):
        process.kill()
    for victim in victims.get(what, []):
        with contextlib.suppress(psutil.Error):
            victim.kill()


@pytest.mark.parametrize("seed", KILLED)
def test_kills_at_random_instants_change_nothing(tmp_path, undisturbed, seed):
    """Two kills, then a run to the end."""
    chance = random.Random(seed)
    study = new_study(tmp_path / "project")
    for number, what in enumerate(KILLED[seed]):
        before = study.finished()
        process = study.start()
        run = wait_for(study, process, jobs=chance.randrange(4 * number, 4 * number + 5))
        time.sleep(chance.uniform(0, 0.3))
        kill(study, process, run, what, chance)
        process.communicate(timeout=LONG_S)
        again = {output for event in study.events(run, "job_info") for output in event["output"]} if run else set()
        assert not again & before, "a finished job was repeated"
        if what in ("snakemake", "job"):
            assert process.returncode != 0
            assert not study.processes(run)
    before = study.finished()
    assert before
    code, text = study.run()
    assert code == 0, text
    again = {output for event in study.events(study.last_run(), "job_info") for output in event["output"]}
    assert not again & before, "a finished job was repeated"
    assert study.results() == undisturbed.results
    assert not [path for path in _files(study.root / "results") if path.name.startswith(".")]
    assert not study.head()
    assert ("was killed" in text) == (KILLED[seed][-1] == "both")


def test_two_heads_at_once(undisturbed):
    code, text = undisturbed.second
    assert code == 2
    assert "another run is at work in this folder" in text
    assert f"process {undisturbed.first_pid} " in text


def test_an_interrupt_ends_in_order_and_the_next_run_goes_on(tmp_path, undisturbed):
    study = new_study(tmp_path / "project")
    process = study.start()
    run = wait_for(study, process, jobs=3)
    process.send_signal(signal.SIGINT)
    text, _ = process.communicate(timeout=LONG_S)
    assert process.returncode == 130, text
    assert not study.processes(run)
    before = study.finished()
    code, text = study.run()
    assert code == 0, text
    assert "was killed" not in text
    again = {output for event in study.events(study.last_run(), "job_info") for output in event["output"]}
    assert not again & before
    assert study.results() == undisturbed.results


def test_plan_says_what_would_run_and_why(undisturbed):
    study = undisturbed.study
    assert "nothing would run" in study.front("plan", "--", TARGET)[1]
    code, text = study.front("plan", "--set", "triangulation.max_error_px=10", "--", TARGET)
    assert code == 0, text
    assert "config key triangulation.max_error_px changed from 15.0 to 10.0" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["triangulate", "2", "2"] in [row[:3] for row in rows]
    assert not any(row[:1] in (["associate"], ["estimate_pose"]) for row in rows)
    assert any("S1/T1, S1/T2" in line and "max_error_px" in line for line in text.splitlines())
    assert study.results() == undisturbed.results


def test_status_and_clean_after_an_edit(tmp_path, undisturbed):
    study = Study(tmp_path / "project")
    shutil.copytree(undisturbed.study.root, study.root, symlinks=True, copy_function=shutil.copy2)
    victim = sorted((study.root / "data" / "S1" / "T1" / "keypoints" / "cam01_json").iterdir())[3]
    victim.write_text(victim.read_text().replace("1", "2", 1))
    shutil.move(study.root / "data" / "S1" / "T2", tmp_path / "T2")
    code, text = study.front("status")
    assert code == 0, text
    header, row = next(
        (one.split(), other.split()) for one, other in pairwise(text.splitlines()) if other.startswith("S1/T1 ")
    )
    states = dict(zip(header, row, strict=True))
    assert (states["inputs"], states["pose"], states["triangulation"]) == ("stale", "stale", "stale")
    assert states["kinematics"] == "missing"
    assert "S1/T2" not in text
    code, text = study.front("clean")
    assert code == 0
    assert "results/S1/T2/triangulation/points3d.npz" in text
    assert (study.root / "results" / "S1" / "T2").exists()
    assert study.front("clean", "--yes")[0] == 0
    assert set(study.results()) == {name for name in undisturbed.results if "/T2/" not in name}
    shutil.rmtree(study.root / "data")
    code, text = study.front("clean", "--yes")
    assert code == 2  # the whole dataset has gone: a drive, more likely than a wish
    assert set(study.results()) == {name for name in undisturbed.results if "/T2/" not in name}


@pytest.fixture
def small_disk(tmp_path):
    """A project that is on a disk of its own, or whose results are, and that disk."""
    mounted = []

    def make(part: str) -> tuple[Study, Path]:
        root = tmp_path / "project"
        disk = root / part
        if part:
            new_study(root)
        disk.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(disk)]
        done = subprocess.run(["sh", "-c", shlex.join(command)], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"no small disk can be mounted here ({done.stderr.strip()})")
        mounted.append(disk)
        return Study(root) if part else new_study(root), disk

    yield make
    for disk in mounted:
        subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.parametrize("part", ["results", ""], ids=["of the results", "of all"])
def test_a_disk_that_fills_in_mid_run(small_disk, undisturbed, part):
    """What is wrong is said, nothing half-written stays, nothing finished is lost, and with room the next run ends as any."""
    study, disk = small_disk(part)
    process = study.start()
    wait_for(study, process, jobs=5)
    before = study.finished()
    ballast = disk / "ballast"
    subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=1k"], capture_output=True, check=False)
    text, _ = process.communicate(timeout=LONG_S)
    assert process.returncode == 1, text
    assert "a disk is full" in text
    assert f"left on the disk at {disk}, which holds the results" in text
    assert "free some room there, and run again" in text
    assert "trials: 2 not finished" in text
    if part:  # Snakemake's words are on another disk, and so are the jobs' where their logs can't take them
        assert "can't be written" in text
        assert "Snakemake's own files" not in text
    assert before <= study.finished()
    left = {name: digest for name, digest in study.results().items() if name != ballast.name}
    assert left.items() <= undisturbed.results.items()
    code, text = study.run()
    assert code == 2, text
    assert "the disk for the results is full" in text
    assert "free some room" in text
    ballast.unlink()
    kept = study.finished()
    code, text = study.run()
    assert code == 0, text
    again = {output for event in study.events(study.last_run(), "job_info") for output in event["output"]}
    assert not again & (kept if part else before), "a finished job was repeated"
    assert study.results() == undisturbed.results
    assert not [path for path in _files(study.root / "results") if path.name.startswith(".")]


class TestMachine:
    """What is wrong with the machine is said in three lines and never becomes a verdict on a trial."""

    def job(self, root: Path, **options) -> subprocess.CompletedProcess:
        source = root / "data" / "S1" / "T1" / "keypoints" / "cam01_json"
        command = [sys.executable, "-m", "kineograph.cli", "estimate-pose", "--camera", "cam01", "--kind", "openpose"]
        command += ["--source", str(source), "--fps", "60", "--settings", '{"keypoint_skeleton": "halpe26"}']
        command += [
            "--out",
            str(root / "out" / "k.npz"),
            "--report",
            str(root / "out" / "k.json"),
            "--errors-as-verdicts",
        ]
        library = str(Path(__file__).resolve().parents[2] / "workflow" / "lib")
        environment = {**os.environ, "PYTHONPATH": library}
        options = {"stderr": subprocess.PIPE, **options}
        return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False, **options)

    @pytest.fixture
    def root(self, tmp_path):
        write_study(tmp_path, trials=("T1",), cameras=2)
        return tmp_path

    def test_a_full_disk(self, root):
        done = self.job(root, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
        assert done.returncode == 2
        lines = done.stderr.splitlines()
        assert len(lines) == 3, done.stderr
        assert lines[0] == f"kineograph: {root}/out/k.npz can't be written"
        assert "left on the disk at /" in lines[1]
        assert "run it again" in lines[2]
        assert not list((root / "out").iterdir())  # neither a result nor half of one

    @pytest.mark.parametrize("whole", [True, False])
    def test_a_log_on_a_full_disk(self, root, whole):
        """What a job has to say then goes to stdout; one whose result is whole has not failed for want of a log."""
        limit = (1_000_000 if whole else 1000, resource.RLIM_INFINITY)
        with Path("/dev/full").open("w") as full:
            done = self.job(root, stderr=full, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
        assert done.returncode == (0 if whole else 2)
        assert done.stdout.splitlines()[0] == (
            "pose: pass" if whole else f"kineograph: {root}/out/k.npz can't be written"
        )
        assert (root / "out" / "k.npz").exists() == whole

    def test_a_recording_that_has_gone(self, root):
        (root / "data" / "S1" / "T1" / "keypoints" / "cam01_json").rename(root / "elsewhere")
        done = self.job(root)
        assert done.returncode == 2
        assert "has gone since the run was planned" in done.stderr
        assert not (root / "out").exists()

    def test_results_that_can_not_be_written(self, root):
        (root / "out").write_text("a file in place of the folder")
        done = self.job(root)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert "out" in done.stderr.splitlines()[-3]
