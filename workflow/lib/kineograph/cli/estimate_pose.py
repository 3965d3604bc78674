"""Find the keypoints of everybody in one camera's video, or read precomputed ones."""

from __future__ import annotations

import argparse
import importlib
import math
from pathlib import Path

import numpy as np

from kineograph.catalog.models import read_model_card
from kineograph.cli._common_arguments import (
    RESOURCES,
    add_result,
    add_settings,
    require_recording,
    save_report,
    skeleton_card,
)
from kineograph.cli._pose_networks import chunk_report, estimate, gather
from kineograph.dataset.keypoint_files import keypoint_formats
from kineograph.dataset.records import FILMED
from kineograph.errors import KineographError
from kineograph.io.npz import write_npz
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.report import StageReport
from kineograph.model.skeleton import Skeleton
from kineograph.settings.text import from_json
from kineograph.stages.detect import STAGE, PoseSettings, judge

IMPORTER = "kineograph.cli._any_keypoints"
"""Imported by name, so that what reads keypoint files does not count as code of cameras that have videos."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--camera", required=True, help="the camera's name")
    parser.add_argument("--kind", required=True, choices=[*FILMED, *keypoint_formats()])
    parser.add_argument(
        "--source",
        type=Path,
        required=True,
        metavar="PATH",
        help="video file, folder of pictures, or keypoint file or folder",
    )
    parser.add_argument(
        "--fps", type=float, default=math.nan, help="frame rate, where the source states none or another (Hz)"
    )
    parser.add_argument("--model", type=Path, metavar="FILE", help="the pose network (ONNX)")
    parser.add_argument("--detector", type=Path, metavar="FILE", help="the person detector (ONNX)")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "tensorrt"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--chunk", type=_chunk, metavar="I/N", help="only chunk I (from 0) of N of the video")
    parser.add_argument(
        "--gather",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="the chunks of the video (.npz, each with its .json), in order",
    )
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Run the networks, or read the files."""
    settings = from_json(PoseSettings, args.settings)
    require_recording(args.source)
    if args.kind in FILMED:
        seen = gather(args.gather) if args.gather else estimate(args, _network_skeleton(settings), settings)
        keypoints = seen.keypoints
        report = (
            chunk_report(args, seen)
            if args.chunk
            else judge(keypoints, seen.stated, args.kind, seen.device, seen.losses)
        )
    else:
        importer = importlib.import_module(IMPORTER)
        keypoints, known = importer.read_keypoints(
            args.source, args.kind, args.camera, settings.keypoint_skeleton, args.fps
        )
        report = judge(keypoints, keypoints.n_frames, args.kind, "", known=known)
    require_recording(args.source)  # a drive that went in between looks like frames that can't be decoded
    write_npz(args.out, keypoints)
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a camera without frames."""
    try:
        settings = from_json(PoseSettings, args.settings)
        skeleton = (
            _network_skeleton(settings) if args.kind in FILMED else skeleton_card(settings.keypoint_skeleton or "")
        )
    except KineographError:
        skeleton = Skeleton("unknown", (), (), {}, (), None)
    count = len(skeleton.keypoints)
    nothing = Keypoints2D(
        args.camera,
        skeleton.name,
        skeleton.keypoints,
        np.zeros((0, 0, count, 2)),
        np.zeros((0, 0, count)),
        np.zeros((0, 0, 4)),
        args.fps,
        np.zeros(0),
        (0, 0),
    )
    write_npz(args.out, nothing)
    save_report(args, StageReport(STAGE, {"camera": args.camera}, error=error.record()))


def _network_skeleton(settings: PoseSettings) -> Skeleton:
    return skeleton_card(read_model_card(settings.model, RESOURCES / "models").skeleton)


def _chunk(text: str) -> tuple[int, int]:
    """An argument such as 0/4, for argparse."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise argparse.ArgumentTypeError(f"not a chunk, such as 0/4: {text}")
    return int(number), int(count)
