"""Running a camera's video through its networks, whole or in chunks, for the verb that estimates keypoints."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kineograph.catalog.models import read_network_cards
from kineograph.cli._common_arguments import RESOURCES
from kineograph.errors import InputError, KineographError
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_report
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.report import StageReport
from kineograph.model.skeleton import Skeleton
from kineograph.stages.detect import STAGE, Losses, PoseSettings, no_rate

if TYPE_CHECKING:
    from kineograph.pose.decoders._interfaces import Detector, PoseEstimator
    from kineograph.pose.images import Image


@dataclass(frozen=True)
class Seen:
    """What the networks saw in a video, or in a chunk of it.

    Attributes
    ----------
    keypoints : Keypoints2D
        The keypoints.
    stated : int
        How many frames the file's header promises.
    device : str
        What the networks ran on.
    losses : Losses
        The frames that can't be decoded.
    """

    keypoints: Keypoints2D
    stated: int
    device: str
    losses: Losses


def estimate(args: argparse.Namespace, skeleton: Skeleton, settings: PoseSettings) -> Seen:
    """Run the networks over the video, or over the chunk of it that was asked for."""
    from kineograph.pose import chunks, images, video
    from kineograph.pose.runner import run as run_networks

    images.use_threads(args.threads)
    facts = video.video_facts(args.source)
    fps = facts.fps_hz if math.isnan(args.fps) else args.fps
    if math.isnan(fps):
        raise no_rate(args.camera)
    detector, estimator, device = _networks(args, skeleton, settings)
    footage = video.Footage(args.source)
    length = settings.detect_every_frames if detector else 1
    start, stop = chunks.span(len(footage), length, *args.chunk) if args.chunk else (0, len(footage))
    counted = _Counted(footage.frames(start, stop, args.threads), start)
    slower = (
        1.0 if math.isnan(facts.fps_hz) else facts.fps_hz / fps
    )  # a rate that the sheet corrects, as of slow motion
    time_s = footage.time_s
    keypoints = run_networks(
        counted,
        detector,
        estimator,
        camera=args.camera,
        skeleton=skeleton,
        fps_hz=fps,
        n_frames=stop - start,
        detect_every_frames=settings.detect_every_frames,
        min_mean_confidence=settings.min_mean_confidence,
        max_pose_overlap=settings.max_pose_overlap,
        note=_note,
        time_s=None if time_s is None else time_s[start:stop] * slower,
        groups=1 if device.startswith("cpu") else chunks.groups_of_a_block(length),
    )
    return Seen(keypoints, facts.n_frames, device, Losses(len(counted.lost), next(iter(counted.lost), None)))


def gather(files: Sequence[Path]) -> Seen:
    """Put the chunks of a video together.

    Raises
    ------
    KineographError
        The error of the first chunk that failed.
    InputError
        Where the chunks' pictures have different sizes.
    """
    from kineograph.pose.chunks import joined

    reports = [read_report(file.with_suffix(".json")) for file in files]
    for report in reports:
        if report.error:
            raise KineographError.from_record(report.error)
    parts = [read_npz(file, Keypoints2D) for file in files]
    sizes = sorted({part.size_px for part in parts if part.n_frames and part.size_px[0]})
    if len(sizes) > 1:
        raise InputError(
            f"the frames of camera '{parts[0].camera}' change size",
            expected=f"{sizes[0][0]}x{sizes[0][1]} px throughout",
            found=", ".join(f"{width}x{height} px" for width, height in sizes),
            hint="export the video again with one size",
        )
    devices = sorted({str(report.came_out["device"]) for report in reports})
    firsts = [report.came_out["first_frame_lost"] for report in reports if report.came_out["frames_lost"]]
    lost = sum(int(report.came_out["frames_lost"]) for report in reports)
    return Seen(
        joined(parts),
        int(reports[0].came_in["frames_stated"]),
        ", ".join(devices),
        Losses(lost, min(firsts, default=None)),
    )


def chunk_report(args: argparse.Namespace, seen: Seen) -> StageReport:
    """The report on a chunk: what the one on the whole video will need. It is not judged by itself."""
    came_in = {"camera": args.camera, "chunk": list(args.chunk), "frames_stated": seen.stated}
    came_out = {
        "frames": seen.keypoints.n_frames,
        "frames_lost": seen.losses.frames,
        "first_frame_lost": seen.losses.first,
        "device": seen.device,
    }
    return StageReport(STAGE, came_in, came_out)


def _networks(
    args: argparse.Namespace, skeleton: Skeleton, settings: PoseSettings
) -> tuple[Detector | None, PoseEstimator, str]:
    """The detector (None for one-stage networks), the pose estimator, and the device they run on."""
    from kineograph.pose.gpu_slot import take_gpu

    card, *others = read_network_cards(settings.model, settings.detector, RESOURCES / "models")
    if args.device != "cpu":
        take_gpu()
    if settings.runner == "rtmlib":
        from kineograph.pose.rtmlib_reference import RtmlibDetector, RtmlibPose

        pose = RtmlibPose(card, args.model, args.device)
        return RtmlibDetector(others[0], args.detector, args.device) if others else None, pose, f"{pose.device}, rtmlib"
    from kineograph.pose.load import load_detector, load_pose_estimator

    options = (args.device, args.threads, settings.precision)
    detector = load_detector(others[0], args.detector, *options) if others else None
    estimator, device = load_pose_estimator(card, skeleton, args.model, *options)
    return detector, estimator, device


class _Counted:
    """Frames, and the numbers of those that can't be decoded."""

    def __init__(self, images: Iterable[Image | None], start: int) -> None:
        self._images = images
        self._start = start
        self.lost: list[int] = []

    def __iter__(self) -> Iterator[Image | None]:
        for number, image in enumerate(self._images, self._start):
            if image is None:
                self.lost.append(number)
            yield image


def _note(text: str) -> None:
    """Tell the progress to the log (stderr) and to whoever watches (stdout)."""
    for stream in (sys.stderr, sys.stdout):
        print(text, file=stream, flush=True)
