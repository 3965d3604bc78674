"""Draw what a trial's cameras saw and where the final points project, on a few frames of each."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kineograph.cli._camera_overlay import CameraOverlay, add_trial_files
from kineograph.cli._common_arguments import add_settings, json_argument
from kineograph.dataset.records import FILMED
from kineograph.errors import KineographError
from kineograph.settings.text import from_json
from kineograph.stages.quality import ReportSettings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--cameras", type=json_argument, required=True, metavar="JSON", help="a list of {name, kind, path}"
    )
    parser.add_argument(
        "--keypoints", type=Path, nargs="*", default=[], metavar="FILE", help="keypoints, in the cameras' order"
    )
    add_trial_files(parser)
    add_settings(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for a picture a camera (.jpg)")


def run(args: argparse.Namespace) -> None:
    """Draw the frames of each camera and write them side by side."""
    from kineograph.pose import overlay

    settings = from_json(ReportSettings, args.settings)
    args.out.mkdir(parents=True, exist_ok=True)
    for camera, keypoints in zip(args.cameras, args.keypoints, strict=True):
        drawing = CameraOverlay(args, camera["name"], keypoints, settings.blur_faces)
        last = max(drawing.keypoints.n_frames - 1, 0)
        spread = np.linspace(0, last, settings.overlay_frames + 2)[1:-1].round().astype(int)
        tiles = []
        for frame in spread.tolist():
            image = _picture(Path(camera["path"]), frame) if camera["kind"] in FILMED else None
            image = overlay.empty_picture(drawing.size_px) if image is None else image
            drawing.draw(image, frame)
            tiles.append(image)
        overlay.write_strip(args.out / f"{camera['name']}.jpg", tiles)


def _picture(source: Path, frame: int) -> NDArray[np.uint8] | None:
    """A frame of the video; None where it has none: what the pose stage says of it is on the trial's page."""
    from kineograph.pose.video import frame_at

    try:
        return frame_at(source, frame)
    except KineographError:
        return None
