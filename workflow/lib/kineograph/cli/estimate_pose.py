"""Find the keypoints of everybody in one camera's video, or read precomputed ones."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np

from kineograph.catalog.models import read_model_card
from kineograph.cli._common_arguments import RESOURCES, add_result, add_settings, save_report, skeleton_card
from kineograph.errors import ConfigError, InputError, KineographError
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
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument("--threads", type=int, default=1)
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Run the networks, or read the files."""
    settings = from_json(PoseSettings, args.settings)
    skeleton = _skeleton(args.kind, settings)
    if args.kind == "openpose":
        keypoints, stated, device = _imported(args, skeleton)
    else:
        keypoints, stated, device = _estimated(args, skeleton, settings)
    report = judge(keypoints, stated, args.kind, device)
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


def _imported(args: argparse.Namespace, skeleton: Skeleton) -> tuple[Keypoints2D, int, str]:
    if math.isnan(args.fps):
        raise _no_rate(args.camera)
    keypoints = read_openpose(args.source, args.camera, skeleton, args.fps)
    return keypoints, keypoints.n_frames, ""


def _estimated(args: argparse.Namespace, skeleton: Skeleton, settings: PoseSettings) -> tuple[Keypoints2D, int, str]:
    from kineograph.pose import video
    from kineograph.pose.gpu_slot import take_gpu
    from kineograph.pose.load import load_detector, load_pose_estimator
    from kineograph.pose.runner import run as run_networks

    facts = video.video_facts(args.source)
    fps = facts.fps_hz if math.isnan(args.fps) else args.fps
    if math.isnan(fps):
        raise _no_rate(args.camera)
    if args.device != "cpu":
        take_gpu()
    card = read_model_card(settings.model, RESOURCES / "models")
    detector_card = read_model_card(settings.detector or card.detector, RESOURCES / "models")
    detector = load_detector(detector_card, args.detector, args.device, args.threads)
    estimator, device = load_pose_estimator(card, skeleton, args.model, args.device, args.threads)
    keypoints = run_networks(
        video.frames(args.source),
        detector,
        estimator,
        camera=args.camera,
        skeleton=skeleton,
        fps_hz=fps,
        n_frames=facts.n_frames,
        detect_every_frames=settings.detect_every_frames,
        min_mean_confidence=settings.min_mean_confidence,
        max_pose_overlap=settings.max_pose_overlap,
        note=_note,
    )
    return keypoints, facts.n_frames, device


def _note(text: str) -> None:
    """Tell the progress to the log (stderr) and to whoever watches (stdout)."""
    for stream in (sys.stderr, sys.stdout):
        print(text, file=stream, flush=True)


def _no_rate(camera: str) -> InputError:
    return InputError(
        f"the frame rate of camera '{camera}' is not known",
        expected="a rate in the video, in the column 'fps' of the trial sheet, or in inputs.fps_hz",
        found="none (pictures and keypoint files have no frame rate)",
        hint="set inputs.fps_hz in the configuration",
    )
