"""Looking at the recordings and calibrations of all trials without computing anything: headers and names only."""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

from kineograph.cli._any_calibration import read_calibration
from kineograph.cli._findings import Finding
from kineograph.cli._preflight_clocks import clock_findings
from kineograph.cli.calibrate import CalibrateSettings
from kineograph.dataset.folders import VIDEO_SUFFIXES, unrecognised
from kineograph.dataset.keypoint_files import sample_files
from kineograph.dataset.names import natural_key, same_name_key
from kineograph.dataset.pictures import find_pictures
from kineograph.dataset.records import CameraSource, Trial
from kineograph.errors import InputError, KineographError
from kineograph.geometry.world_up import turned_up
from kineograph.model.camera import Rig
from kineograph.model.report import StageReport
from kineograph.planning.people import PEOPLE
from kineograph.planning.pictures import BOARD, CONVERT, EXTRINSICS, INTRINSICS, PicturePlan
from kineograph.planning.plan import Plan
from kineograph.settings.text import from_json
from kineograph.stages.calibration_check import check_rig
from kineograph.stages.image_edits import edit_images
from kineograph.stages.inspect import MIN_CAMERAS, Examination, InspectSettings, Recording, examine

IMPORTER = "kineograph.cli._any_keypoints"
NAMED_FILES = 4
LARGEST_READ_BYTES = 20_000_000
"""A keypoint file that is larger is not read for a check."""


class Recordings:
    """What the recordings of a dataset say of themselves, each looked at once.

    Parameters
    ----------
    plan : Plan
        The plan of the configuration.

    Attributes
    ----------
    frames : dict of (str, str, str) to int
        The number of frames of each camera (session, trial, camera) that could be told.
    rates_hz : dict of (str, str) to float
        Frames a second of each trial (session, trial) that could be told.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._pictures = PicturePlan(plan)
        self._rigs: dict[tuple[str, str], tuple[Rig, KineographError | None]] = {}
        self.frames: dict[tuple[str, str, str], int] = {}
        self.rates_hz: dict[tuple[str, str], float] = {}
        self._listed: set[Path] = set()

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong with calibrations and trials, and what can't be told."""
        yield from self._calibrations()
        for trial in self._plan.dataset.trials:
            yield from self._of_trial(trial)

    # ---- calibrations

    def _calibrations(self) -> Iterator[Finding]:
        for session, name in sorted({(trial.session, trial.calibration.name) for trial in self._plan.dataset.trials}):
            wildcards = SimpleNamespace(session=session, calibration=name)
            method = self._pictures.method(wildcards)
            if method == CONVERT:
                rig, report, error = self._converted(wildcards)
                self._rigs[session, name] = rig, error
                yield from (
                    dataclasses.replace(Finding.of_reason(reason), text=f"calibration of {session}: {reason.text}")
                    for reason in (report.reasons if report else ())
                )
            else:
                self._rigs[session, name] = Rig(()), None
                yield from self._computed(wildcards, method)

    def _converted(self, wildcards: SimpleNamespace) -> tuple[Rig, StageReport | None, KineographError | None]:
        try:
            settings = from_json(CalibrateSettings, self._pictures.settings(wildcards))
            source = Path(self._pictures.source(wildcards))
            rig, used = read_calibration(source, settings.format, settings.parameters)
            rig = edit_images(turned_up(rig, settings.world_up), settings.image_edits)
        except KineographError as error:
            return Rig(()), None, error
        return rig, check_rig(rig, used), None

    def _computed(self, wildcards: SimpleNamespace, method: str) -> Iterator[Finding]:
        given = self._plan.config.section("calibration", session=wildcards.session)
        purposes = [INTRINSICS] if given["intrinsics"] == "computed" else []
        purposes += [EXTRINSICS] if method == BOARD else []
        for purpose in purposes:
            for camera in self._pictures.cameras(wildcards):
                try:
                    find_pictures(Path(self._pictures.source(wildcards)), purpose, camera)
                except InputError as error:
                    yield Finding.of_error(error, "error", wildcards.session)
        source = "the people in its trials" if method == PEOPLE else "pictures"
        yield Finding(
            "undecided",
            f"calibration of {wildcards.session}: computed from {source}; whether the videos fit it shows when it is there",
        )

    # ---- trials

    def _of_trial(self, trial: Trial) -> Iterator[Finding]:
        name = f"{trial.session}/{trial.name}"
        settings = InspectSettings(**self._plan.config.section("inputs", session=trial.session, trial=trial.name))
        yield from self._beside(trial, name)
        recordings, doubts = [], []
        for camera in trial.cameras:
            recording, remarks = self._recording(trial, camera, settings)
            doubts += [dataclasses.replace(item, trial=name) for item in remarks]
            if recording is not None:
                recordings.append(recording)
                self.frames[trial.session, trial.name, camera.name] = recording.n_frames
        rig, error = self._rigs[trial.session, trial.calibration.name]
        computed = not len(rig) and error is None
        known = _unmatched_rig(recordings) if computed else rig
        if len(recordings) < min(len(trial.cameras), MIN_CAMERAS):
            yield from doubts
            return
        found = examine(recordings, known, error, trial.problems, trial.fps_hz, settings)
        if found.inputs.usable and math.isfinite(found.inputs.fps_hz):
            self.rates_hz[trial.key] = found.inputs.fps_hz
        yield from (Finding.of_error(item, "error", name) for item in found.errors)
        yield from (Finding.of_reason(item, name) for item in found.reasons)
        yield from doubts
        yield from _cameras_without_recording(trial, rig, settings, name)
        yield from self._timing(trial, found, name)
        stated = self._plan.config.section("synchronization", session=trial.session, trial=trial.name)
        yield from clock_findings(trial, stated, {camera.name: camera.n_frames for camera in found.inputs.usable}, name)

    def _beside(self, trial: Trial, name: str) -> Iterator[Finding]:
        """Files beside a trial's videos that are none: whose name is no camera's may be a recording that is left out."""
        folders = sorted({camera.path.parent for camera in trial.cameras if camera.filmed} - self._listed)
        self._listed |= set(folders)
        for folder in folders:
            others = unrecognised(folder)
            if others:
                yield Finding(
                    "warning",
                    f"files beside the videos of {folder} are not taken for videos: {', '.join(others[:NAMED_FILES])}",
                    f"expected a video a camera ({', '.join(sorted(VIDEO_SUFFIXES))}); found "
                    + ", ".join(sorted({Path(item).suffix or item for item in others})),
                    "convert those that are recordings (ffmpeg), and move the others away",
                    name,
                )

    def _recording(
        self, trial: Trial, camera: CameraSource, settings: InspectSettings
    ) -> tuple[Recording | None, list[Finding]]:
        """What a camera recorded; None where that would take too long to tell."""
        try:
            if not camera.filmed:
                return self._keypoint_file(trial, camera, settings)
            from kineograph.pose.header import header_facts

            facts, cut_off = header_facts(camera.path)
        except KineographError as error:
            return Recording(camera.name, error=error), []
        except OSError as error:
            return Recording(camera.name, error=_unreadable(camera, error)), []
        findings = [Finding.of_error(cut_off, "error")] if cut_off else []
        return Recording(camera.name, facts.fps_hz, facts.n_frames, facts.size_px), findings

    def _keypoint_file(
        self, trial: Trial, camera: CameraSource, settings: InspectSettings
    ) -> tuple[Recording | None, list[Finding]]:
        """The number of frames, and whether a sample of the file fits the skeleton."""
        importer = importlib.import_module(IMPORTER)
        if camera.path.is_file() and camera.path.stat().st_size > LARGEST_READ_BYTES:
            text = f"{camera.path.name} is too large to be read for a check: frames and keypoints were not counted"
            return None, [Finding("undecided", text)]
        frames, stated_hz = importer.count_frames(camera.path, camera.kind)
        own = {"session": trial.session, "trial": trial.name, "camera": camera.name}
        skeleton = self._plan.config.section("pose", **own)["keypoint_skeleton"]
        rate = trial.fps_hz or settings.fps_hz or stated_hz
        findings = []
        with tempfile.TemporaryDirectory() as place:
            path = camera.path
            if path.is_dir():
                path = Path(place) / path.name
                path.mkdir()
                for file in sample_files(camera.kind, camera.path):
                    (path / file.name).symlink_to(file.absolute())
            try:
                importer.read_keypoints(path, camera.kind, camera.name, skeleton, 1.0 if math.isnan(rate) else rate)
            except KineographError as error:
                told = json.loads(json.dumps(error.record()).replace(f"{place}/", f"{camera.path.parent}/"))
                findings.append(Finding.of_error(KineographError.from_record(told), "error"))
        return Recording(camera.name, settings.fps_hz or stated_hz, frames), findings

    def _timing(self, trial: Trial, found: Examination, name: str) -> Iterator[Finding]:
        """A range of frames that the recordings don't have."""
        longest = max((camera.n_frames for camera in found.inputs.usable), default=0)
        if trial.frames and longest and trial.frames[1] >= longest:
            yield Finding(
                "error" if trial.frames[0] >= longest else "warning",
                f"the range of frames {trial.frames[0]}-{trial.frames[1]} goes beyond the recordings",
                f"expected numbers up to {longest - 1}; found {trial.frames[1]}",
                "correct the column 'frames' of the trial sheet",
                name,
            )


def _unreadable(camera: CameraSource, error: OSError) -> InputError:
    return InputError(
        f"{error.filename or camera.path} can't be read",
        expected="a file or folder that this user may read",
        found=error.strerror or type(error).__name__,
        hint="check its permissions and its drive",
        where=f"camera {camera.name}",
    )


def _unmatched_rig(recordings: list[Recording]) -> Rig:
    """Cameras as the recordings have them, where the calibration is yet to be computed: nothing can be held against it."""
    import numpy as np

    from kineograph.model.camera import Camera

    return Rig(
        tuple(
            Camera(item.name, item.size_px, np.eye(3), np.zeros(4), rotation=np.eye(3), translation_m=np.zeros(3))
            for item in sorted(recordings, key=lambda item: natural_key(item.name))
        )
    )


def _cameras_without_recording(trial: Trial, rig: Rig, settings: InspectSettings, name: str) -> Iterator[Finding]:
    if settings.camera_match != "name" or not trial.cameras:
        return
    there = {same_name_key(camera.name) for camera in trial.cameras}
    missing = [camera for camera in rig.names if same_name_key(camera) not in there]
    if missing and len(missing) < len(rig):
        yield Finding(
            "warning",
            f"calibrated but not recorded: {', '.join(missing)}",
            hint="add the recordings where the cameras did record this trial",
            trial=name,
        )
