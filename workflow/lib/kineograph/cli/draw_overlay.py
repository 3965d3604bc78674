"""Draw what a camera saw and where the final points project, on a few frames."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kineograph.calibration_formats import toml
from kineograph.cli._common_arguments import add_settings, read_inputs, skeleton_card
from kineograph.errors import KineographError
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_synchronization
from kineograph.model.camera import Camera
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.points import Points3D
from kineograph.model.tracks import PersonTracks
from kineograph.settings.text import from_json
from kineograph.signal.common_clock import camera_frames
from kineograph.stages.quality import SHOWN_CONFIDENCE, ReportSettings

NO_SIZE = (640, 360)
SCALE_HEIGHT_PX = 1080
"""Lines and letters have their nominal size in a picture of this height."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--camera", required=True)
    parser.add_argument("--kind", required=True, choices=["video", "images", "openpose"])
    parser.add_argument("--source", type=Path, required=True, metavar="PATH")
    for name in ("inputs", "calibration", "keypoints", "synchronization", "tracks", "points"):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE")
    add_settings(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the picture (.jpg)")


def run(args: argparse.Namespace) -> None:
    """Draw the frames and write them side by side."""
    from kineograph.pose import overlay

    settings = from_json(ReportSettings, args.settings)
    keypoints = read_npz(args.keypoints, Keypoints2D)
    calibrated = {camera.name: camera.calibrated_as for camera in read_inputs(args.inputs).cameras}[args.camera]
    camera = toml.read(args.calibration)[calibrated] if calibrated else None
    size = keypoints.size_px if keypoints.size_px[0] else camera.size_px if camera else NO_SIZE
    spread = np.linspace(0, max(keypoints.n_frames - 1, 0), settings.overlay_frames + 2)[1:-1].round().astype(int)
    tiles = []
    for frame in spread.tolist():
        image = overlay.empty_picture(size) if args.kind == "openpose" else _picture(args.source, frame, size)
        if keypoints.n_frames:
            _draw(image, frame, keypoints, camera, args)
        else:
            overlay.label(image, f"{args.camera}: no keypoints", image.shape[0] / SCALE_HEIGHT_PX)
        tiles.append(image)
    overlay.write_strip(args.out, tiles)


def _picture(source: Path, frame: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A frame of the video; a dark picture where it has none: what the pose stage says of it is on the trial's page."""
    from kineograph.pose.overlay import empty_picture
    from kineograph.pose.video import frame_at

    try:
        image = frame_at(source, frame)
    except KineographError:
        image = None
    return empty_picture(size) if image is None else image


def _draw(
    image: NDArray[np.uint8], frame: int, keypoints: Keypoints2D, camera: Camera | None, args: argparse.Namespace
) -> None:
    """Draw the detections of a frame, and where the points at its time project."""
    from kineograph.geometry.projection import project
    from kineograph.pose import overlay

    tracks, points = read_npz(args.tracks, PersonTracks), read_npz(args.points, Points3D)
    skeleton = skeleton_card(keypoints.skeleton)
    scale = image.shape[0] / SCALE_HEIGHT_PX
    column = tracks.cameras.index(args.camera) if args.camera in tracks.cameras else None
    moments = [] if column is None else np.flatnonzero(tracks.frame[:, column] == frame).tolist()
    participants = {
        int(tracks.detection[moment, person, column])
        for moment in moments
        for person in range(len(tracks.participants))
    }
    for detection in range(keypoints.position_px.shape[1]):
        position = keypoints.position_px[frame, detection].copy()
        position[keypoints.confidence[frame, detection] < SHOWN_CONFIDENCE] = np.nan
        overlay.draw_person(image, position, skeleton, participant=detection in participants, scale=scale)
    text = f"{args.camera} frame {frame}"
    if moments and camera is not None:
        clock = read_synchronization(args.synchronization)
        own = camera_frames(clock, clock.cameras.index(args.camera))
        nearest = min(moments, key=lambda moment: abs(own[moment] - frame))
        for position in points.position_m[nearest]:
            overlay.draw_projection(image, project(camera, position), scale=scale)
        text += f" ({clock.time_s[nearest]:.2f} s)"
    overlay.label(image, text, scale)
