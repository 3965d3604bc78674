"""Command line arguments and readings that several verbs share."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kineograph import __version__
from kineograph.calibration_formats import toml
from kineograph.errors import InputError, MachineError
from kineograph.geometry.nominal_pixels import nominal_keypoints, nominal_rig
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_json, write_report
from kineograph.io.skeletons import read_skeleton
from kineograph.model.camera import Rig
from kineograph.model.inputs import CameraInput, TrialInputs
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.report import StageReport
from kineograph.model.skeleton import Skeleton

RESOURCES = Path(__file__).resolve().parents[4] / "resources"
"""The repository's resources folder: cards of models and skeletons, and the catalogue of assets."""


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add --settings, the stage's section of the configuration as JSON, and --code, which is only recorded."""
    parser.add_argument(
        "--settings", default="{}", metavar="JSON", help="the stage's settings; what is left out keeps its default"
    )
    parser.add_argument("--code", default="", metavar="DIGEST", help="digest of the code, to be recorded in the report")


def add_result(parser: argparse.ArgumentParser, *, report: bool = True) -> None:
    """Add --out, and --report where the report is a file of its own."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the result")
    if report:
        parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the stage's report (JSON)")


def with_provenance(args: argparse.Namespace, report: StageReport) -> StageReport:
    """The report with what made its result: the settings and the digest of the code, as given, and the version."""
    made_with = {"settings": json.loads(args.settings), "code": args.code, "kineograph": __version__}
    return dataclasses.replace(report, made_with=made_with)


def save_report(args: argparse.Namespace, report: StageReport) -> None:
    """Write a stage's report, with what made its result, to --report."""
    write_report(args.report, with_provenance(args, report))


def add_views(parser: argparse.ArgumentParser) -> None:
    """Add the files that tell what a trial's cameras saw."""
    parser.add_argument("--inputs", type=Path, required=True, metavar="FILE", help="inputs.json of the trial")
    parser.add_argument("--calibration", type=Path, required=True, metavar="FILE", help="calibration.toml")
    parser.add_argument(
        "--keypoints", type=Path, nargs="*", default=[], metavar="FILE", help="keypoints, a file a camera"
    )


@dataclass(frozen=True)
class Views:
    """What the usable cameras of a trial saw, and their calibration, in the same order.

    `keypoints` and `rig` are in nominal pixels (:mod:`~kineograph.geometry.nominal_pixels`), `filmed` has the keypoints in the
    videos' own.
    """

    inputs: TrialInputs
    keypoints: list[Keypoints2D]
    rig: Rig
    skeleton: Skeleton
    filmed: list[Keypoints2D]


def read_views(args: argparse.Namespace) -> Views:
    """Read what :func:`add_views` names; cameras that can't be used or hold no frame are left out.

    Raises
    ------
    InputError
        Where the cameras' keypoints are of different skeletons, or there are none.
    """
    return views_of(args.inputs, args.calibration, args.keypoints)


def views_of(inputs_file: Path, calibration: Path, keypoint_files: Sequence[Path]) -> Views:
    """What :func:`read_views` reads, from the paths."""
    inputs = read_inputs(inputs_file)
    found = {item.camera: item for item in (read_npz(path, Keypoints2D) for path in keypoint_files)}
    cameras = [camera for camera in inputs.usable if camera.name in found and found[camera.name].n_frames]
    filmed = [found[camera.name] for camera in cameras]
    skeletons = {item.skeleton for item in filmed} or {item.skeleton for item in found.values()}
    if not skeletons:
        raise InputError(
            "the trial has no keypoints",
            expected="the keypoints of two cameras or more",
            found="none",
            hint="see the verdicts of the inputs and of the pose stage",
        )
    if len(skeletons) != 1:
        raise InputError(
            "the cameras of the trial have no common skeleton",
            expected="keypoints of one skeleton in all cameras",
            found=", ".join(f"{item.camera}: {item.skeleton}" for item in found.values()),
            hint="make all cameras' keypoints with one model",
        )
    rig = toml.read(calibration).select([camera.calibrated_as for camera in cameras])
    keypoints = [nominal_keypoints(item, camera) for item, camera in zip(filmed, rig.cameras, strict=True)]
    return Views(inputs, keypoints, nominal_rig(rig), skeleton_card(skeletons.pop()), filmed)


def skeleton_card(name: str) -> Skeleton:
    """The skeleton of that name, or of the card at that path."""
    return read_skeleton(Path(name) if name.endswith(".toml") else RESOURCES / "skeletons" / f"{name}.toml")


def read_inputs(path: Path) -> TrialInputs:
    """Read ``inputs.json``."""
    record = read_json(path)["inputs"]
    cameras = tuple(
        CameraInput(**{**item, "size_px": tuple(item["size_px"]), "fps_hz": _number(item["fps_hz"])})
        for item in record["cameras"]
    )
    return TrialInputs(cameras, _number(record["fps_hz"]))


def require_recording(path: Path) -> None:
    """Raise where a recording that was there when the run was planned has gone: that says nothing of the trial.

    Raises
    ------
    MachineError
        Where it is not there.
    """
    if not path.exists():
        raise MachineError(
            f"the recording {path} has gone since the run was planned",
            expected="a video, or a file or folder of keypoints",
            found="no such file or folder",
            hint="see whether its drive is there, and run it again",
        )


def json_argument(text: str) -> Any:
    """An argument that is JSON, for argparse."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
