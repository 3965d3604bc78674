"""Frames a second of the keypoint stage against rtmlib's own loop, with the same networks on the same video in the same run.

.venv/bin/python benchmarks/pose.py [--device cuda] [--frames 60] [--demo VIDEO] [--rounds 3]

The networks have random weights, and the interface and about the cost of RTMPose-m and of YOLOX-tiny with suppression: what a
network finds does not change what it costs. With --demo, BlazePose heavy runs on that
video as well (rtmlib has no class for it). The detector looks at every fourth frame, and two people are found in each.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / "workflow" / "lib"), str(REPOSITORY / "tests")]
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402
from random_networks import networks  # noqa: E402

from kineograph.catalog.models import ModelCard, read_model_card  # noqa: E402
from kineograph.io.skeletons import read_skeleton  # noqa: E402
from kineograph.pose import video  # noqa: E402
from kineograph.pose.chunks import groups_of_a_block  # noqa: E402
from kineograph.pose.load import load_detector, load_pose_estimator  # noqa: E402
from kineograph.pose.runner import run  # noqa: E402

SKELETON = read_skeleton(REPOSITORY / "resources" / "skeletons" / "halpe26.toml")
EVERY = 4
PEOPLE = 2
SIZE_PX = (1920, 1080)


def cards(folder: Path) -> tuple[ModelCard, ModelCard]:
    """The cards of these networks."""
    pose, detector = (
        read_model_card(name, REPOSITORY / "resources" / "models") for name in ("rtmpose-m_halpe26", "yolox_tiny")
    )
    return dataclasses.replace(pose, asset="", file=str(folder / "pose.onnx")), detector


class Clock:
    """CPU and wall seconds of a block, and the seconds that named functions took in it, by whatever thread."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            start = time.thread_time()
            try:
                return function(*args, **options)
            finally:
                self.parts[part] = self.parts.get(part, 0.0) + time.thread_time() - start

        return wrapped

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        wall, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
        yield
        after = resource.getrusage(resource.RUSAGE_SELF)
        self.wall_s = time.monotonic() - wall
        self.cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def stage(
    source: Path, detector: Any, estimator: Any, device: str, frames: int, skeleton: Any = SKELETON, every: int = EVERY
) -> Clock:
    """The stage as the workflow runs it: decoding in its own thread, detection every so often, batches on a GPU."""
    clock = Clock()
    with contextlib.ExitStack() as stack:
        for owner, name, part in (
            (estimator.session, "run", "pose network"),
            (detector.session, "run", "detector network"),
        ):
            original = getattr(owner, name)
            setattr(owner, name, clock.timed(part, original))
            stack.callback(setattr, owner, name, original)
        images = video.Footage(source).frames(0, frames)
        decode = clock.timed("decoding", next)

        def decoded() -> Iterator[Any]:
            while (image := decode(images, None)) is not None:
                yield image

        modules = [sys.modules[type(tool).__module__] for tool in (detector, estimator)] + [
            sys.modules["kineograph.pose.top_down"]
        ]
        for module in modules:
            if hasattr(module, "as_input"):
                stack.callback(setattr, module, "as_input", module.as_input)
                module.as_input = clock.timed("pre-processing", module.as_input)
        cut = sys.modules["kineograph.pose.top_down"]
        stack.callback(setattr, cut, "_crop", cut._crop)
        cut._crop = clock.timed("pre-processing", cut._crop)
        with clock.running():
            run(
                decoded(), detector, estimator, camera="c", skeleton=skeleton, fps_hz=50.0, n_frames=frames,
                detect_every_frames=every, min_mean_confidence=-1.0, max_pose_overlap=1.0, note=lambda text: None,
                groups=1 if device == "cpu" else groups_of_a_block(every),
            )  # fmt: skip
    clock.parts["the rest (reading outputs, choosing, gathering)"] = clock.cpu_s - sum(clock.parts.values())
    return clock


def rtmlib_loop(source: Path, pose: Path, detector: Path, card: ModelCard, device: str, frames: int) -> Clock:
    """rtmlib's PoseTracker over OpenCV's reader, as its examples show it. Sessions are made as ours, on one CPU thread."""
    import cv2
    import onnxruntime
    import rtmlib

    plain = onnxruntime.InferenceSession

    def one_thread(path_or_bytes: str, **options: Any) -> Any:
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        return plain(path_or_bytes, settings, **options)

    solution = lambda **options: rtmlib.Custom(  # noqa: E731
        det_class="YOLOX", det=str(detector), det_input_size=(416, 416), pose_class="RTMPose", pose=str(pose),
        pose_input_size=card.input_px, backend="onnxruntime", device=device,
    )  # fmt: skip
    onnxruntime.InferenceSession = one_thread
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            tracker = rtmlib.PoseTracker(
                solution, det_frequency=EVERY, tracking=False, backend="onnxruntime", device=device
            )
    finally:
        onnxruntime.InferenceSession = plain
    capture = cv2.VideoCapture(str(source))
    clock = Clock()
    with clock.running():
        for _ in range(frames):
            found, image = capture.read()
            if not found:
                break
            tracker(image)
    return clock


def pure_inference(estimator: Any, detector: Any, frames: int, device: str) -> Clock:
    """The networks alone on the same batches: what no stage can be faster than."""
    groups = 1 if device == "cpu" else groups_of_a_block(EVERY)
    crops = np.random.default_rng(0).normal(size=(PEOPLE * groups, 3, 256, 192)).astype(np.float32)
    picture = np.zeros((1, 3, 416, 416), np.float32)
    clock = Clock()
    with clock.running():
        for frame in range(frames):
            if frame % EVERY == 0:
                detector.session.run(picture)
            if frame % groups == 0:
                estimator.session.run(crops)
    return clock


def hold_people(estimator: Any) -> None:
    """Random weights send people anywhere: they are looked for where the detector saw them, so that each frame has its crops."""
    estimate = estimator.estimate

    def held(images: Any, found: Any) -> Any:
        return [
            dataclasses.replace(poses, region=where)
            for poses, where in zip(estimate(images, found), found, strict=True)
        ]

    estimator.estimate = held


def write_source(path: Path, frames: int) -> Path:
    """A 1080p video in H.264 of something that moves."""
    from synthetic.videos import moving_texture, write_video

    pictures = np.repeat(np.repeat(moving_texture(30, (SIZE_PX[0] // 8, SIZE_PX[1] // 8)), 8, axis=1), 8, axis=2)
    return write_video(path, (pictures[frame % 30] for frame in range(frames)), codec="libx264")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda", "tensorrt"])
    parser.add_argument("--precision", default="fp32", choices=["fp32", "fp16"])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--demo", type=Path, help="a video for BlazePose heavy")
    args = parser.parse_args()
    lines: dict[str, list[Clock]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source = write_source(folder / "source.mp4", args.frames)
        pose, detector_file = networks(folder, PEOPLE)
        card, detector_card = cards(folder)
        detector = load_detector(detector_card, detector_file, args.device, 1, args.precision)
        estimator = load_pose_estimator(card, SKELETON, pose, args.device, 1, args.precision)[0]
        hold_people(estimator)
        for _ in range(args.rounds):  # in turns, so that a busy machine slows all of them
            for name, work in (
                ("networks alone", lambda: pure_inference(estimator, detector, args.frames, args.device)),
                ("Kineograph's stage", lambda: stage(source, detector, estimator, args.device, args.frames)),
                (
                    "rtmlib's loop",
                    lambda: rtmlib_loop(
                        source, pose, detector_file, card, args.device.replace("tensorrt", "cuda"), args.frames
                    ),
                ),
            ):
                lines.setdefault(name, []).append(work())
        if args.demo:
            lines["BlazePose heavy on the demo, every frame"] = [demo(args.demo, args.device, args.frames)]
    report(lines, args)


def demo(source: Path, device: str, frames: int) -> Clock:
    """BlazePose heavy on a real video; the networks must have been converted by the demo's run."""
    from kineograph.catalog.assets import default_cache

    folder = REPOSITORY / "resources" / "models"
    files = {
        name: next((default_cache() / "models").glob(f"{name}-*.onnx"))
        for name in ("blazepose_heavy", "blazepose_detector")
    }
    detector = load_detector(read_model_card("blazepose_detector", folder), files["blazepose_detector"], device, 1)
    skeleton = read_skeleton(REPOSITORY / "resources" / "skeletons" / "blazepose.toml")
    card = read_model_card("blazepose_heavy", folder)
    estimator = load_pose_estimator(card, skeleton, files["blazepose_heavy"], device, 1)[0]
    return stage(source, detector, estimator, device, frames, skeleton, every=1)


def report(lines: dict[str, list[Clock]], args: argparse.Namespace) -> None:
    """Print the tables; of several rounds the one with the least CPU (or, on a GPU, wall) seconds counts."""
    best = {
        name: min(clocks, key=lambda clock: clock.cpu_s if args.device == "cpu" else clock.wall_s)
        for name, clocks in lines.items()
    }
    what = f"{args.frames} frames of {SIZE_PX[0]}x{SIZE_PX[1]} px, {PEOPLE} people, detection every {EVERY} frames"
    print(f"{what}, {args.device} {args.precision}\n")
    print("| | CPU s | frames a CPU second | frames a second |\n|---|---|---|---|")
    for name, clock in best.items():
        print(f"| {name} | {clock.cpu_s:.2f} | {args.frames / clock.cpu_s:.1f} | {args.frames / clock.wall_s:.1f} |")
    print("\n| CPU seconds of the stage by thread | s | share |\n|---|---|---|")
    for name, clock in best.items():
        for part, seconds in sorted(clock.parts.items(), key=lambda item: -item[1]):
            print(f"| {name}: {part} | {seconds:.2f} | {seconds / clock.cpu_s:.0%} |")
    alone, ours = best["networks alone"], best["Kineograph's stage"]
    figures = {
        "loss_to_networks_alone": 1 - alone.cpu_s / ours.cpu_s,
        "times_rtmlibs_loop": best["rtmlib's loop"].cpu_s / ours.cpu_s,
    }
    if args.device != "cpu":
        figures = {
            "loss_to_networks_alone": 1 - alone.wall_s / ours.wall_s,
            "times_rtmlibs_loop": best["rtmlib's loop"].wall_s / ours.wall_s,
        }
    print("\n" + json.dumps({key: round(value, 3) for key, value in figures.items()}))


if __name__ == "__main__":
    main()
