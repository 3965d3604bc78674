"""A stage that gives up writes files that all stages after it can read: the trial's page is made, with that error on top."""

from __future__ import annotations

import importlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kineograph.cli.__main__ import main, verbs
from kineograph.errors import InputError
from kineograph.io.reports import read_json
from kineograph.layout import Layout
from synthetic.study import FPS_HZ, rig, write_study

CAMERAS = rig().names
TEXT = "this stage was told to give up"
ON_REQUEST = {
    "detect-board": "board",
    "calibrate-intrinsics": "board",
    "calibrate-extrinsics": "board",
    "calibrate-people": "people",
    "refine-calibration": "refined",
    "augment": "augmented",
}
"""Stages that only some configurations have, and the kind of chain that has them; the others are in all chains."""
OF_THE_DATASET = ("calibration-health",)
"""Stages that no trial waits for: the dataset's page says what became of them."""
PASSED_ON = ("refine-calibration", "smooth", "augment", "scale")
"""Stages that pass on what they were given, so that what is drawn after them, which takes long, is as ever."""
DRAWN = ("draw-overlays", "plot-trial")
Step = tuple[str, list[str]]

pytestmark = pytest.mark.needs_demo


def guarded() -> list[str]:
    """The verbs whose errors become verdicts."""
    return [verb for verb in verbs() if hasattr(module_of(verb), "give_up")]


def module_of(verb: str) -> ModuleType:
    return importlib.import_module(f"kineograph.cli.{verb.replace('-', '_')}")


class Chain:
    """The commands of a trial's stages, in their order, as the workflow's rules give them.

    Parameters
    ----------
    data : Path
        A study of one trial, T1.
    results : Path
        Where the results go.
    setup : Path
        OpenSim's models and set-up files.
    kind : str
        How the cameras are calibrated (``file``, ``board``, ``people``), or what is done besides (``refined``, ``augmented``).
    """

    def __init__(self, data: Path, results: Path, setup: Path, kind: str = "file") -> None:
        self.data, self.results, self.setup, self.kind = data, results, setup, kind
        self.layout = Layout(str(results))

    def path(self, kind: str, **more: str) -> str:
        names = {"session": "S1", "trial": "T1", "calibration": "calibration", "participant": "P1"}
        return self.layout.path(kind, **names, **more)

    def each(self, kind: str, **more: str) -> list[str]:
        return [self.path(kind, camera=camera, **more) for camera in CAMERAS]

    def options(self, *kinds: str) -> list[str]:
        """Options that are named after the kind of file that they take."""
        return [word for kind in kinds for word in (f"--{kind.replace('_', '-')}", self.path(kind))]

    def result(self, kind: str, report: str, **more: str) -> list[str]:
        return ["--out", self.path(kind, **more), "--report", self.path(report, **more)]

    def steps(self) -> Iterator[Step]:
        """All commands."""
        yield from self._keypoints()
        yield from self._calibration()
        yield from self._points()
        yield from self._angles()
        yield from self._pages()

    def _keypoints(self) -> Iterator[Step]:
        for camera in CAMERAS:
            source = ["--source", str(self._recording(camera)), "--camera", camera, "--fps", str(FPS_HZ)]
            settings = ["--kind", "openpose", "--settings", '{"keypoint_skeleton":"halpe26"}']
            yield "estimate-pose", [*source, *settings, *self.result("keypoints", "pose_report", camera=camera)]

    def _recording(self, camera: str) -> Path:
        return self.data / "S1" / "T1" / "keypoints" / f"{camera}_json"

    def _calibration(self) -> Iterator[Step]:
        source = ["--source", str(self.data / "S1" / "calibration")]
        whole = self.result("calibration", "calibration_report")
        if self.kind == "board":
            for camera in CAMERAS:
                for purpose in ("intrinsics", "extrinsics"):
                    words = [*source, "--camera", camera, "--purpose", purpose]
                    where = {"purpose": purpose, "camera": camera}
                    yield "detect-board", [*words, *self.result("board_views", "board_report", **where)]
                where = {"purpose": "intrinsics", "camera": camera}
                words = ["--views", self.path("board_views", **where)]
                words += ["--views-report", self.path("board_report", **where)]
                yield "calibrate-intrinsics", [*words, *self.result("lens", "lens_report", camera=camera)]
        lenses = ["--cameras", json.dumps(CAMERAS), "--intrinsics", *self.each("lens")]
        lenses += ["--intrinsics-reports", *self.each("lens_report")]
        if self.kind == "board":
            views = ["--views", *self.each("board_views", purpose="extrinsics")]
            views += ["--views-reports", *self.each("board_report", purpose="extrinsics")]
            yield "calibrate-extrinsics", [*source, *lenses, *views, *whole]
        elif self.kind == "people":
            settings = {"intrinsics": "file", "trials": {"T1": {"cameras": CAMERAS}}}
            words = ["--cameras", json.dumps(CAMERAS), "--results", str(self.results), "--session", "S1"]
            yield "calibrate-people", [*source, *words, "--settings", json.dumps(settings), *whole]
        else:
            yield "calibrate", [*source, *whole]

    def _points(self) -> Iterator[Step]:
        recorded = [{"name": name, "kind": "openpose", "path": str(self._recording(name))} for name in CAMERAS]
        trial = {"cameras": recorded, "problems": [], "fps_hz": FPS_HZ}
        words = ["--trial", json.dumps(trial), *self.options("calibration", "calibration_report")]
        yield "inspect", [*words, "--out", self.path("inputs")]
        views = [*self.options("inputs", "calibration"), "--keypoints", *self.each("keypoints")]
        yield "synchronize", [*views, "--out", self.path("synchronization")]
        words = [*views, *self.options("synchronization", "observations"), "--participants", '["P1"]']
        yield "associate", [*words, *self.result("tracks", "association_report")]
        session = ["--results", str(self.results), "--session", "S1", "--trials", '["T1"]']
        session += self.options("calibration")
        yield "calibration-health", [*session, "--report", self.path("calibration_health")]
        self.calibration = self.path("calibration")
        if self.kind == "refined":
            yield "refine-calibration", [*session, *self.result("refined_calibration", "refinement_report")]
            self.calibration = self.path("refined_calibration")
        self.seen = ["--observations", self.path("observations"), "--calibration", self.calibration]
        yield "triangulate", [*self.seen, *self.result("points3d", "triangulation_report")]
        yield "smooth", ["--points", self.path("points3d"), *self.result("filtered", "filtering_report")]
        self.points = self.path("filtered")
        if self.kind == "augmented":
            words = ["--points", self.points, "--networks", str(self.data), "--settings", '{"method":"opencap_lstm"}']
            yield "augment", [*words, *self.result("augmented", "augmentation_report")]
            self.points = self.path("augmented")

    def _angles(self) -> Iterator[Step]:
        yield "export-trc", ["--points", self.points, "--participant", "P1", "--out", self.path("trc")]
        words = ["--markers", self.path("trc"), "--points", self.points, "--setup", str(self.setup)]
        words += ["--participant", "P1"]
        settings = ["--height", "1.75", "--settings", '{"refine":"none","posture":"default"}']
        yield "scale", [*words, *settings, *self.result("model", "scaling_report")]
        words += ["--settings", '{"filter":"none"}', *self.options("model", "motion", "marker_errors", "bodies")]
        yield "solve-kinematics", [*words, *self.result("coordinates", "kinematics_report")]

    def _pages(self) -> Iterator[Step]:
        filtered = ["--points", self.path("filtered")]
        yield "assess-quality", [*self.seen, *filtered, "--report", self.path("quality")]
        reports = ["calibration_report", "inputs", "synchronization", "association_report", "triangulation_report"]
        reports += ["filtering_report", "scaling_report", "kinematics_report", "quality"]
        reports += {"refined": ["refinement_report"], "augmented": ["augmentation_report"]}.get(self.kind, [])
        files = [self.path(kind) for kind in reports] + self.each("pose_report")
        words = ["--session", "S1", "--trial", "T1", "--participants", '["P1"]', "--reports", *files]
        yield "judge-trial", [*words, "--out", self.path("verdict")]
        recorded = [{"name": name, "kind": "openpose", "path": str(self._recording(name))} for name in CAMERAS]
        words = [*self.options("synchronization"), "--cameras", json.dumps(recorded)]
        yield "player-pictures", [*words, "--out", self.path("player_pictures")]
        yield "bone-shapes", ["--geometry", str(self.data / "none"), "--out", self.path("bone_shapes")]
        words = [*self.options("inputs", "synchronization", "tracks"), "--calibration", self.calibration, *filtered]
        words += ["--keypoints", *self.each("keypoints"), "--cameras", json.dumps(recorded)]
        yield "draw-overlays", [*words, "--out", self.path("overlays")]
        plotted = ["--coordinates", self.path("coordinates"), "--models", self.path("model")]
        plotted += self.options("marker_errors")
        words = ["--quality", self.path("quality"), "--raw", self.path("points3d"), "--filtered", self.path("filtered")]
        yield "plot-trial", [*words, "--participants", '["P1"]', *plotted, "--out", self.path("plots")]
        words = [*self.seen, *filtered, *self.options("verdict", "quality", "bodies"), *plotted]
        words += ["--triangulation", self.path("triangulation_report"), "--pictures", self.path("player_pictures")]
        words += ["--participants", '["P1"]', "--kinematics", self.path("kinematics_report")]
        words += ["--bones", self.path("bone_shapes"), "--cameras", json.dumps(CAMERAS), "--files", "{}"]
        words += ["--dataset-page", self.path("dataset_page")]
        yield "trial-page", [*words, "--thumbnail", self.path("thumbnail"), "--out", self.path("trial_page")]
        words = ["--verdicts", self.path("verdict"), "--health", self.path("calibration_health")]
        yield "dataset-page", [*words, "--table", self.path("summary"), "--out", self.path("dataset_page")]


def run(verb: str, words: list[str]) -> None:
    """Run a command as a rule does; the folders of its results are there, as Snakemake makes them."""
    for option in ("--out", "--report", "--observations", "--motion", "--marker-errors", "--bodies", "--table"):
        if option in words:
            Path(words[words.index(option) + 1]).parent.mkdir(parents=True, exist_ok=True)
    assert main([verb, *words, *(["--errors-as-verdicts"] if verb in guarded() else [])]) == 0, verb


@pytest.fixture(scope="module")
def healthy(tmp_path_factory, opensim_setup):
    """A study, what its stages made, and which results there were before each of them."""
    root = tmp_path_factory.mktemp("healthy")
    write_study(root, trials=("T1",))
    before: dict[str, set[Path]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "dup2", lambda *_: None)  # the tests keep their own output
        for verb, words in Chain(root / "data", root / "results", opensim_setup).steps():
            before.setdefault(verb, files(root / "results"))
            if verb not in DRAWN:
                run(verb, words)
    return root, before


def files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_wrong_where_no_stage_gives_up(healthy):
    record = read_json(healthy[0] / "results" / "S1" / "T1" / "verdict.json")
    assert record["error"] is None
    assert record["verdict"] in ("pass", "warn"), record["reason"]


@pytest.mark.parametrize("verb", guarded())
def test_what_a_stage_that_gives_up_writes_is_read_by_all_after_it(healthy, opensim_setup, tmp_path, monkeypatch, verb):
    root, before = healthy
    chain = Chain(root / "data", tmp_path / "results", opensim_setup, ON_REQUEST.get(verb, "file"))
    steps = list(chain.steps())
    first = [name for name, _ in steps].index(verb)
    known = next(name for name, _ in steps[first:] if name in before)
    if verb in OF_THE_DATASET:
        known = "dataset-page"
    if chain.kind in ("board", "people"):
        first, known = len(CAMERAS), "calibrate"
    for path in before[known]:
        (tmp_path / "results" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / "results" / path, tmp_path / "results" / path)

    def gives_up(_: object) -> None:
        raise InputError(TEXT, expected="a stage", found="none", hint="nothing")

    monkeypatch.setattr(module_of(verb), "run", gives_up)
    monkeypatch.setattr(os, "dup2", lambda *_: None)
    for name, words in steps[first:]:
        if (verb not in OF_THE_DATASET or name in (verb, "dataset-page")) and (
            verb not in PASSED_ON or name not in DRAWN
        ):
            run(name, words)
    if verb in OF_THE_DATASET:
        assert TEXT in Path(chain.path("dataset_page")).read_text()
        return
    assert TEXT in read_json(Path(chain.path("verdict")))["error"]
    page = Path(chain.path("trial_page")).read_text()
    assert TEXT in page[: page.index("<table")]
