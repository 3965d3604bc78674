"""The front's parts: reasons in the user's words, progress, estimates, leftovers, and what killed runs leave behind."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kineograph.dataset.records import CalibrationSource, CameraSource, Dataset, Participant, Trial
from kineograph.errors import ConfigError, InputError, Mistakes
from kineograph.front import slurm_jobs
from kineograph.front.aftermath import half_files
from kineograph.front.config_file import configuration_file, read_configuration
from kineograph.front.costs import Costs, read_costs
from kineograph.front.estimate import Estimate
from kineograph.front.full_disks import full_disks
from kineograph.front.head import Head, read_head
from kineograph.front.leftovers import Leftovers, remove
from kineograph.front.outcome import broken_for_all, outcomes, summary
from kineograph.front.processes import RUN_VARIABLE, end, of_run
from kineograph.front.progress import Progress, duration
from kineograph.front.reasons import explain
from kineograph.front.snakemake import Job, read_events
from kineograph.front.state import recent, stage_of
from kineograph.layout import PATHS, Layout

SECTIONS = {"filtering": ["method", "cutoff_hz", "order"], "pose": ["model", "detector", "device"]}
COSTS = Costs(
    {"other": {"fixed": 1.0, "per_frame": 0.0}, "estimate_pose": {"fixed": 0.0, "per_frame": 0.1}},
    {"per_trial": 100.0, "per_camera": 10.0, "per_frame_and_camera": 1.0, "per_frame_and_participant": 2.0},
)


class TestReasons:
    def causes(self, reason: str, outputs=("a", "b")) -> str:
        return "; ".join(explain(Job(1, "smooth", outputs=outputs, reason=reason), SECTIONS))

    def params(self, before: list[str], now: list[str]) -> str:
        old, new = (",".join(map(repr, part)) or "<nothing exclusive>" for part in (before, now))
        said = "Union of exclusive params before and now across all output"
        return f"Params have changed since last execution: {said}: before: {old} now: {new} "

    def test_a_changed_key_is_named_with_both_values(self):
        old = '{"cutoff_hz":6.0,"method":"butterworth","order":4}'
        new = '{"cutoff_hz":8.0,"method":"butterworth","order":4}'
        assert self.causes(self.params([old], [new])) == "config key filtering.cutoff_hz changed from 6.0 to 8.0"

    def test_changed_code_and_content(self):
        assert self.causes(self.params(["0123456789abcdef"], ["fedcba9876543210"])) == "the code of the stage changed"
        old = '{"recording":"0123456789abcdef","skeleton":"00112233445566aa"}'
        new = '{"recording":"fedcba9876543210","skeleton":"00112233445566aa"}'
        assert self.causes(self.params([old], [new])) == "the content of its recording changed"

    def test_several_at_once_with_text_that_looks_like_separators(self):
        old = ['{"device":"now: a; b, \'c\'","model":"x"}', "0123456789abcdef"]
        new = ['{"device":"cpu","model":"x"}', "fedcba9876543210"]
        text = self.causes(self.params(old, new))
        assert "the code of the stage changed" in text
        assert "pose.device" in text or "settings changed" in text

    def test_missing_follows_and_unknown(self):
        assert self.causes("Missing output files: a, b") == "not made yet"
        assert self.causes("Missing output files: b") == "missing: b"
        assert self.causes("Input files updated by another job: x, y") == ""
        assert self.causes("Updated input files: v.mp4") == "changed on the disk: v.mp4"
        assert self.causes("Forced execution") == "forced"
        assert self.causes("A reason that no release has yet") == "A reason that no release has yet"


class TestProgress:
    def events(self):
        yield {"time": 0.0, "event": "run_info", "stats": {"estimate_pose": 2, "all": 1, "total": 3}}
        for number, start in ((1, 0.0), (2, 10.0)):
            yield {
                "time": start, "event": "job_info", "jobid": number, "rule_name": "estimate_pose", "reason": "",
                "output": [f"k{number}"], "log": [], "wildcards": {"session": "S", "trial": "T", "camera": f"c{number}"},
            }  # fmt: skip
            if number == 1:
                yield {"time": 10.0, "event": "job_finished", "job_id": 1}

    def test_jobs_and_the_time_left(self):
        progress = Progress(COSTS, frames=100)
        for event in self.events():
            progress.take(event)
        assert (progress.done, progress.total) == (1, 3)
        assert [job.part for job in progress.at_work()] == ["c2"]
        assert progress.seconds_left() == pytest.approx(
            11.0
        )  # one more of 10 s, and one of another kind, 1 s by the table
        assert "1 of 3 jobs" in progress.line()

    def test_a_job_that_fails_and_then_succeeds_is_no_failure(self):
        progress = Progress(COSTS, frames=100)
        for event in self.events():
            progress.take(event)
        progress.take({"time": 12.0, "event": "job_error", "jobid": 2})
        assert [job.number for job in progress.failed] == [2]
        again = [event for event in self.events() if event.get("jobid") == 2]
        progress.take(again[0])
        assert not progress.failed

    @pytest.mark.parametrize(("seconds", "text"), [(40, "40 s"), (600, "10 min"), (12_000, "3 h 20 min")])
    def test_times_in_words(self, seconds, text):
        assert duration(seconds) == text


FRAMES = {("S", "T", "c1"): 100}
JOB = Job(1, "estimate_pose", {"session": "S", "trial": "T", "camera": "c1"})


class TestEstimate:
    def test_the_table_and_then_the_datasets_own_jobs(self, tmp_path):
        assert Estimate(COSTS, FRAMES, tmp_path).of([JOB]).cpu_s == pytest.approx(10.0)
        record = tmp_path / "estimate_pose" / "S" / "T" / "c1.tsv"
        record.parent.mkdir(parents=True)
        record.write_text("s\th:m:s\tcpu_time\n25.0\t0:00:25\t0\n")
        assert Estimate(COSTS, FRAMES, tmp_path).of([JOB]).cpu_s == pytest.approx(25.0)

    def test_a_gpu_is_not_guessed_at(self, tmp_path):
        job = Job(1, "estimate_pose", {}, gpus=1)
        assert Estimate(COSTS, {}, tmp_path).of([job, job]).unknown == 2

    def test_the_projects_own_table(self, resources):
        costs = read_costs(resources / "costs.toml")
        assert costs.job_cpu_s("estimate_pose", 1000) > costs.job_cpu_s("no_such_rule", 1000) > 0
        assert 1e6 < costs.trial_bytes([100] * 4, 1) < 1e7  # the demo's results take 5.6 MB


def trial(name="T1", cameras=("c1", "c2"), people=("P1",)):
    sources = tuple(CameraSource(camera, "video", Path(camera)) for camera in cameras)
    return Trial("S", name, people, sources, CalibrationSource("session", Path("c")))


class TestLeftovers:
    def write(self, layout, dataset_trials):
        for kind, pattern in PATHS.items():
            for item in dataset_trials:
                for camera in item.cameras:
                    names = {"session": "S", "trial": item.name, "camera": camera.name, "participant": "P1"}
                    names |= {"calibration": "session", "purpose": "extrinsics", "chunk": "0", "tail": "_angles.csv"}
                    path = Path(f"{layout.root}/{pattern.format(**names)}")
                    path = path if path.suffix else path / "in_a_folder.svg"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(kind)
                    for place in ("logs", "benchmarks"):
                        log = Path(layout.root) / place / "rule" / "S" / item.name / f"{camera.name}.log"
                        log.parent.mkdir(parents=True, exist_ok=True)
                        log.write_text("")

    def found(self, layout, *trials):
        dataset = Dataset(tuple(trials), {"P1": Participant("P1")})
        return [str(path.relative_to(layout.root)) for path in Leftovers(dataset, layout).files()]

    def test_a_deleted_trial_and_a_deleted_camera(self, tmp_path):
        layout = Layout(str(tmp_path / "results"))
        self.write(layout, [trial("T1"), trial("T2")])
        (tmp_path / "results" / "S" / "T2" / "notes.txt").write_text("mine")
        assert self.found(layout, trial("T1"), trial("T2")) == []
        gone = self.found(layout, trial("T1"))
        assert gone
        assert all("/T2/" in path for path in gone)
        assert not any("notes" in path for path in gone)
        gone = self.found(layout, trial("T1", ("c1",)), trial("T2"))
        assert gone
        assert all("T1" in path and "c2" in path for path in gone)

    def test_a_variant_that_is_no_longer_asked_for(self, tmp_path):
        layout = Layout(str(tmp_path / "results"))
        session = "S~filtering.cutoff_hz=4"
        result = Path(layout.path("model", session=session, participant="P1"))
        log = Path(layout.root) / "logs" / "smooth" / session / "T1.log"
        for path in (result, log):
            path.parent.mkdir(parents=True)
            path.write_text("")
        varied = Dataset((trial("T1"),), {"P1": Participant("P1")}, varied=(replace(trial("T1"), session=session),))
        assert list(Leftovers(varied, layout).files()) == []
        assert set(Leftovers(replace(varied, varied=()), layout).files()) == {result, log}

    def test_a_trial_whose_videos_can_not_be_found_keeps_everything(self, tmp_path):
        layout = Layout(str(tmp_path / "results"))
        self.write(layout, [trial("T1")])
        assert self.found(layout, trial("T1", cameras=())) == []

    def test_nothing_outside_the_results_is_touched(self, tmp_path):
        root = tmp_path / "results"
        outside = tmp_path / "outside"
        for folder in (root / "S", outside):
            folder.mkdir(parents=True)
        (outside / "verdict.json").write_text("")
        (root / "S" / "T9").symlink_to(outside, target_is_directory=True)
        assert remove([root / "S" / "T9" / "verdict.json", outside / "verdict.json"], root) == 0
        assert (outside / "verdict.json").exists()
        assert self.found(Layout(str(root)), trial("T1")) == []

    def test_folders_that_become_empty_go_too(self, tmp_path):
        file = tmp_path / "results" / "S" / "T2" / "pose" / "c1.npz"
        file.parent.mkdir(parents=True)
        file.write_text("")
        assert remove([file], tmp_path / "results") == 1
        assert list((tmp_path / "results").iterdir()) == []


class TestHead:
    def test_one_at_a_time_and_its_record(self, tmp_path):
        with Head(tmp_path) as head:
            head.begin()
            assert read_head(tmp_path) == head.record
            with pytest.raises(InputError, match="another run is at work"), Head(tmp_path):
                pass
        assert read_head(tmp_path) is None

    def test_a_killed_one_is_found_and_a_living_one_is_refused(self, tmp_path):
        with Head(tmp_path) as head:
            head.begin()
            head.killed = True
        record = json.loads((tmp_path / ".kineograph" / "head.json").read_text())
        with pytest.raises(InputError, match="another run is at work"), Head(tmp_path):
            pass  # that process is alive: this one
        record["born_s"] -= 1000.0
        (tmp_path / ".kineograph" / "head.json").write_text(json.dumps(record))
        with Head(tmp_path) as head:
            assert head.earlier is not None

    def test_one_on_another_computer_is_judged_by_its_signs_of_life(self, tmp_path):
        with Head(tmp_path) as head:
            head.begin()
            head.killed = True
        file = tmp_path / ".kineograph" / "head.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"host": "elsewhere"}))
        with pytest.raises(InputError) as caught, Head(tmp_path):
            pass
        assert "elsewhere" in caught.value.found
        os.utime(file, (0, 0))
        with Head(tmp_path) as head:
            assert head.earlier.host == "elsewhere"

    def test_a_lock_that_nobody_owns_is_not_broken_in_silence(self, tmp_path):
        (tmp_path / ".snakemake" / "locks").mkdir(parents=True)
        (tmp_path / ".snakemake" / "locks" / "0.output.lock").write_text("x")
        with pytest.raises(InputError, match="locked by a run"), Head(tmp_path):
            pass
        with Head(tmp_path, take_over=True) as head:
            assert head.earlier is None


def test_processes_of_a_run_are_found_by_what_they_inherited_and_ended():
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    ours = subprocess.Popen(command, env={**os.environ, RUN_VARIABLE: "this-run"})
    other = subprocess.Popen(command, env={**os.environ, RUN_VARIABLE: "another"})
    try:
        found = []
        while not found:  # until it has its environment
            found = of_run("this-run")
        assert [process.pid for process in found] == [ours.pid]
        assert end(found) == []
        assert ours.wait(5) != 0
        assert other.poll() is None
    finally:
        for process in (ours, other):
            process.kill()
            process.wait()


def test_half_files_are_those_that_are_marked_and_temporary_ones_of_the_results_only(tmp_path):
    results, marks = tmp_path / "results", tmp_path / ".snakemake" / "incomplete"
    marks.mkdir(parents=True)
    long = "results/" + "x" * 230 + "/k.npz"
    names = ["results/S1/half.npz", "outside.npz", long, "results/not_there.npz"]
    for name in names:
        encoded = base64.urlsafe_b64encode(name.encode()).decode()
        parts = [encoded[i : i + 254] for i in range(0, len(encoded), 254)]
        mark = marks.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text("{}")
    for name in (*names[:3], "results/S1/.half.a1b2c3d4.npz", "results/S1/whole.npz", "results/S1/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = {str(path.relative_to(tmp_path)) for path in half_files(tmp_path, results)}
    assert found == {"results/S1/half.npz", long, "results/S1/.half.a1b2c3d4.npz"}


class TestSlurm:
    @pytest.fixture
    def queue(self, tmp_path, monkeypatch):
        """A pretended SLURM: a queue in a file, from which scancel takes jobs."""
        (tmp_path / "queue").write_text("11 run-a\n12 run-b\n13 run-a\n")
        squeue, scancel = tmp_path / "squeue", tmp_path / "scancel"
        squeue.write_text(f"#!/bin/sh\ncat {tmp_path}/queue\n")
        scancel.write_text(f'#!/bin/sh\nfor j in "$@"; do sed -i "/^$j /d" {tmp_path}/queue; done\n')
        for program in (squeue, scancel):
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path / "queue"

    def test_only_that_runs_jobs_are_cancelled(self, queue):
        assert slurm_jobs.cancel({"run-a"}) == ["11", "13"]
        assert queue.read_text() == "12 run-b\n"
        assert slurm_jobs.cancel({"run-a"}) == []

    def test_jobs_that_stay_are_an_error(self, queue, monkeypatch):
        monkeypatch.setattr(slurm_jobs, "GONE_S", 0.0)
        (queue.parent / "scancel").write_text("#!/bin/sh\n")
        with pytest.raises(InputError, match="don't end"):
            slurm_jobs.cancel({"run-b"})

    def test_names_come_from_snakemakes_logs(self, tmp_path):
        logs = tmp_path / ".snakemake" / "log"
        logs.mkdir(parents=True)
        (logs / "a.snakemake.log").write_text("x\nSLURM run ID: run-a\n")
        (logs / "b.snakemake.log").write_text("SLURM run ID: run-b\n")
        os.utime(logs / "a.snakemake.log", (0, 0))
        assert slurm_jobs.run_ids(tmp_path, None) == {"run-a", "run-b"}
        assert slurm_jobs.run_ids(tmp_path, 1000.0) == {"run-b"}


class TestState:
    def test_stages_are_the_folders_of_a_trial(self):
        found = {stage_of(kind) for kind in PATHS}
        assert {"pose", "triangulation", "kinematics", "verdict", ""} <= found
        assert stage_of("model") == ""

    def test_what_a_dead_run_was_doing_does_not_run(self):
        events = list(TestProgress().events()) + [{"time": 9, "event": "job_error", "jobid": 1}]
        assert set(recent(events, alive=True).running) == {"k2"}
        assert set(recent(events, alive=False).running) == set()
        assert set(recent(events, alive=False).failed) == {"k1"}


def test_outcomes_name_the_stage_the_camera_and_where_to_look(tmp_path):
    layout = Layout(str(tmp_path / "results"))
    verdicts = {
        "T1": {"verdict": "pass", "failed": False, "stage": "", "blame": "", "reason": "", "touches": None},
        "T2": {
            "verdict": "error",
            "failed": True,
            "stage": "pose",
            "blame": "camera c2",
            "reason": "too dark",
            "touches": "part",
        },
        "T5": {
            "verdict": "fail",
            "failed": False,
            "stage": "scaling",
            "blame": "P1",
            "reason": "the head is 2 m",
            "touches": "people",
        },
        "T6": {
            "verdict": "warn",
            "failed": False,
            "stage": "inputs",
            "blame": "",
            "reason": "short",
            "touches": "note",
        },
    }
    for name, verdict in verdicts.items():
        path = Path(layout.path("verdict", session="S", trial=name))
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(verdict))
        page = Path(layout.path("trial_page", session="S", trial=name))
        page.parent.mkdir()
        page.write_text("page")
    log = tmp_path / "job.log"
    log.write_text("kineograph: the disk is full\n  expected room; found none\n  to do: free some\n")
    broken = [Job(5, "triangulate", {"session": "S", "trial": "T3"}, logs=(str(log),))]
    found = outcomes([trial(f"T{number}") for number in range(1, 7)], layout, broken)
    assert [(item.trial, item.state) for item in found] == [
        ("S/T2", "error"), ("S/T5", "fail"), ("S/T3", "not finished"), ("S/T4", "not finished"),
        ("S/T6", "warn"), ("S/T1", "pass"),
    ]  # fmt: skip
    assert [item.trial for item in found if item.fails_run] == ["S/T2"]  # as verdicts.fail_at has it
    text = "\n".join(summary(found))
    assert "trials: 1 pass, 1 warn, 2 not finished, 1 fail, 1 error" in text
    assert "pose camera c2: too dark" in text
    assert "triangulate: the disk is full" in text
    assert str(log) in text


class TestFullDisks:
    """A job can't say that there is no room where its log is on that disk."""

    def test_words_that_were_lost_are_found_in_what_snakemake_printed(self, tmp_path):
        layout = Layout(str(tmp_path / "results"))
        log = tmp_path / "job.log"
        log.touch()
        job = Job(5, "synchronize", {"session": "S", "trial": "T1"}, outputs=("r/T1/s.json",), logs=(str(log),))
        printed = "x\nkineograph: r/T2/s.json can't be written\nkineograph: r/T1/s.json can't be written\n"
        assert outcomes([trial("T1")], layout, [job])[0].why == "synchronize: ended without a word"
        assert outcomes([trial("T1")], layout, [job], printed)[0].why == "synchronize: r/T1/s.json can't be written"
        log.write_text("synchronization: pass\n")
        assert "Snakemake's own words say why" in outcomes([trial("T1")], layout, [job], printed)[0].why

    def test_what_was_full_is_named(self, tmp_path):
        where = {"the results": tmp_path / "results", "temporary files": tmp_path}
        assert full_disks(where, "all is well") == []
        lines = full_disks(where, "OSError: [Errno 28] No space left on device")
        assert "a disk was full" in lines[0]
        assert lines[1].endswith("which holds the results and temporary files")
        assert "free some room" in lines[2]

    def test_a_line_that_was_cut_off_is_left_out(self, tmp_path):
        (tmp_path / "events").write_text('{"event": "a"}\n{"event": "jo{"event": "b"}\n{"event": "c"}\n')
        assert [event["event"] for event in read_events(tmp_path / "events")] == ["a", "c"]


def test_a_failed_job_of_no_single_trial_is_told(tmp_path):
    """A network that can't be fetched or a calibration that fails leaves trials unfinished, and no trial's log says why."""
    log = tmp_path / "job.log"
    log.write_text("fetching\nkineograph: it could not be fetched\n  expected it; found none\n  to do: by hand\n")
    jobs = [
        Job(1, "fetch_asset", {"asset": "net"}, logs=(str(log),)),
        Job(2, "synchronize", {"session": "S", "trial": "T1"}, logs=(str(log),)),
        Job(3, "calibrate", {"session": "S", "calibration": "c"}),
    ]
    lines = broken_for_all([trial("T1")], jobs)
    assert lines[0] == "failed: fetch_asset dataset net"
    assert "  kineograph: it could not be fetched" in lines
    assert f"  see {log}" in lines
    assert lines[-2:] == ["failed: calibrate S c", "  ended without a word"]


class TestConfigurationFile:
    def test_values_are_set_and_handed_on(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        path = tmp_path / "c.yaml"
        path.write_text("dataset: data\nfiltering: {method: loess}\n")
        changes = ["filtering.cutoff_hz=8", "pose.device=cpu", "overrides=[]"]
        config = read_configuration(path, changes)
        assert config["filtering"] == {"method": "loess", "cutoff_hz": 8}
        assert read_configuration(configuration_file(path, config, changes)) == config
        assert configuration_file(path, config, []) == path

    @pytest.mark.parametrize("text", ["- a\n", "a: [1\n", "\ta: 1\n", ""])
    def test_a_file_that_is_no_configuration(self, tmp_path, text):
        (tmp_path / "c.yaml").write_text(text)
        with pytest.raises(ConfigError):
            read_configuration(tmp_path / "c.yaml")
        with pytest.raises(ConfigError):
            read_configuration(tmp_path / "none.yaml")

    def test_a_change_that_is_none(self, tmp_path):
        (tmp_path / "c.yaml").write_text("dataset: data\n")
        with pytest.raises(ConfigError, match="--set"):
            read_configuration(tmp_path / "c.yaml", ["filtering"])


def test_mistakes_are_collected_and_raised_together():
    def error(text):
        return InputError(text, expected="a", found="b", hint="c")

    with pytest.raises(InputError) as caught, Mistakes() as mistakes:
        with mistakes.noted():
            raise error("first")
        mistakes.add(error("second"))
        raise error("third")
    assert [item.what for item in (caught.value, *caught.value.others)] == ["first", "second", "third"]
    assert str(caught.value).count("kineograph: ") == 3
    assert caught.value.lines()[2].endswith("(and 2 more mistakes)")
    with Mistakes():
        pass
