"""Find the keypoints of everybody in one camera's video, or read precomputed ones."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np

from kineograph.catalog.models import read_model_card
from kineograph.cli._common_arguments import RESOURCES, add_result, add_settings, save_report, skeleton_card
from kineograph.cli._pose_networks import chunk_report, estimate, gather, no_rate
from kineograph.errors import ConfigError, KineographError
from kineograph.io.npz import write_npz
from kineograph.io.openpose import read_openpose
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.report import StageReport
from kineograph.model.skeleton import Skeleton
from kineograph.settings.text import from_json
from kineograph.stages.detect import STAGE, PoseSettings, judge


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--camera", required=True, help="the camera's name")
    parser.add_argument("--kind", required=True, choices=["video", "images", "openpose"])
    parser.add_argument(
        "--source", type=Path, required=True, metavar="PATH", help="video file, or folder of pictures or JSON files"
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
    skeleton = _skeleton(args.kind, settings)
    if args.kind == "openpose":
        keypoints = _imported(args, skeleton)
        report = judge(keypoints, keypoints.n_frames, args.kind, "")
    else:
        seen = gather(args.gather) if args.gather else estimate(args, skeleton, settings)
        keypoints = seen.keypoints
        report = (
            chunk_report(args, seen)
            if args.chunk
            else judge(keypoints, seen.stated, args.kind, seen.device, seen.losses)
        )
    write_npz(args.out, keypoints)
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a camera without frames."""
    try:
        skeleton = _skeleton(args.kind, from_json(PoseSettings, args.settings))
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


def _skeleton(kind: str, settings: PoseSettings) -> Skeleton:
    if kind != "openpose":
        return skeleton_card(read_model_card(settings.model, RESOURCES / "models").skeleton)
    if settings.keypoint_skeleton is None:
        known = sorted(path.stem for path in (RESOURCES / "skeletons").glob("*.toml"))
        raise ConfigError(
            "the skeleton of the precomputed keypoints is not known",
            expected=f"pose.keypoint_skeleton, one of {', '.join(known)}",
            found="nothing",
            hint="set pose.keypoint_skeleton in the configuration (body25b for OpenPose's BODY_25B)",
        )
    return skeleton_card(settings.keypoint_skeleton)


def _imported(args: argparse.Namespace, skeleton: Skeleton) -> Keypoints2D:
    if math.isnan(args.fps):
        raise no_rate(args.camera)
    return read_openpose(args.source, args.camera, skeleton, args.fps)


def _chunk(text: str) -> tuple[int, int]:
    """An argument such as 0/4, for argparse."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise argparse.ArgumentTypeError(f"not a chunk, such as 0/4: {text}")
    return int(number), int(count)
