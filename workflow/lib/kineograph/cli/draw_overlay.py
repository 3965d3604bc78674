"""Draw what a camera saw and where the final points project, on a few frames."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from kineograph.calibration_formats import toml
from kineograph.cli._common_arguments import add_settings, read_inputs, skeleton_card
from kineograph.errors import KineographError
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_synchronization
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.points import Points3D
from kineograph.model.tracks import PersonTracks
from kineograph.settings.text import from_json
from kineograph.stages.quality import SHOWN_CONFIDENCE, ReportSettings


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
    from kineograph.geometry.projection import project
    from kineograph.pose import overlay
    from kineograph.pose.video import Image, frame_at

    settings = from_json(ReportSettings, args.settings)
    keypoints = read_npz(args.keypoints, Keypoints2D)
    tracks, points = read_npz(args.tracks, PersonTracks), read_npz(args.points, Points3D)
    calibrated = {camera.name: camera.calibrated_as for camera in read_inputs(args.inputs).cameras}[args.camera]
    rig = toml.read(args.calibration)
    camera = rig[calibrated] if calibrated else None
    skeleton = skeleton_card(keypoints.skeleton) if keypoints.n_frames else None
    column = tracks.cameras.index(args.camera) if args.camera in tracks.cameras else None
    size = keypoints.size_px if keypoints.size_px[0] else camera.size_px if camera else (640, 360)
    offset_s = read_synchronization(args.synchronization)

    def picture(frame: int) -> Image:
        image = None
        if args.kind != "openpose":
            try:
                image = frame_at(args.source, frame)
            except KineographError:
                image = None
        return overlay.empty_picture(size) if image is None else image

    tiles = []
    for frame in np.linspace(0, max(keypoints.n_frames - 1, 0), settings.overlay_frames + 2)[1:-1].round().astype(int):
        image = picture(int(frame))
        scale = image.shape[0] / 1080
        rows = np.flatnonzero(tracks.frame[:, column] == frame) if column is not None else []
        seen = set(tracks.detection[rows[0], :, column]) if len(rows) else set()
        for detection in range(keypoints.position_px.shape[1] if skeleton else 0):
            position = keypoints.position_px[frame, detection].copy()
            position[keypoints.confidence[frame, detection] < SHOWN_CONFIDENCE] = np.nan
            overlay.draw_person(image, position, skeleton, participant=detection in seen, scale=scale)
        if len(rows) and camera is not None:
            for person in range(points.position_m.shape[1]):
                overlay.draw_projection(image, project(camera, points.position_m[rows[0], person]), scale=scale)
        when = offset_s.time_s[rows[0]] if len(rows) else float("nan")
        overlay.label(image, f"{args.camera} frame {frame}" + (f" ({when:.2f} s)" if len(rows) else ""), scale)
        tiles.append(image)
    overlay.write_strip(args.out, tiles)
