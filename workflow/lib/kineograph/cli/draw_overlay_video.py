"""Write a camera's video with what it saw and where the final points project, on every frame."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kineograph.cli._camera_overlay import CameraOverlay, add_trial_files
from kineograph.cli._common_arguments import add_settings
from kineograph.dataset.keypoint_files import keypoint_formats
from kineograph.dataset.records import FILMED
from kineograph.errors import KineographError
from kineograph.settings.text import from_json
from kineograph.stages.quality import OverlayVideoSettings

NO_RATE_HZ = 30.0
"""Of a camera without keypoints, whose rate is not known."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--camera", required=True)
    parser.add_argument("--kind", required=True, choices=[*FILMED, *keypoint_formats()])
    parser.add_argument("--source", type=Path, required=True, metavar="PATH")
    parser.add_argument("--keypoints", type=Path, required=True, metavar="FILE")
    add_trial_files(parser)
    parser.add_argument("--blur-faces", action="store_true", help="blur the heads of everybody who was detected")
    parser.add_argument("--threads", type=int, default=1)
    add_settings(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the video (.mp4)")


def run(args: argparse.Namespace) -> None:
    """Draw every frame."""
    from kineograph.pose.video_writer import write_video

    settings = from_json(OverlayVideoSettings, args.settings)
    drawing = CameraOverlay(args, args.camera, args.keypoints, args.blur_faces)
    rate = drawing.keypoints.fps_hz
    write_video(
        args.out,
        _drawn(args, drawing, settings.overlay_video_height_px),
        rate if np.isfinite(rate) and rate > 0 else NO_RATE_HZ,
        args.threads,
    )


def _drawn(args: argparse.Namespace, drawing: CameraOverlay, height_px: int) -> Iterator[NDArray[np.uint8]]:
    """The frames with all that is drawn on them, reduced to the height where they are larger."""
    from kineograph.pose import overlay

    for frame, picture in enumerate(_pictures(args, drawing)):
        image, scale = overlay.reduced(picture, height_px)
        drawing.draw(image, frame, scale, bones=True)
        yield image


def _pictures(args: argparse.Namespace, drawing: CameraOverlay) -> Iterator[Any]:
    """The frames of the recording; dark ones where it has none, one at least."""
    from kineograph.pose import overlay, video

    count = 0
    if args.kind in FILMED:
        try:
            for picture in video.Footage(args.source).frames():
                yield overlay.empty_picture(drawing.size_px) if picture is None else picture
                count += 1
        except KineographError as error:  # the pose stage's verdict says so too
            print(error, file=sys.stderr)
    for _ in range(count, max(drawing.keypoints.n_frames, 1) if not count else 0):
        yield overlay.empty_picture(drawing.size_px)
